"""The table of policy activations, and how they are found in the ledger."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table and the partial index."""
    op.create_table(
        "policy_activation",
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("key_id", sa.String(64), nullable=False),
        sa.Column("activated_at", sa.BigInteger(), nullable=False),
        sa.Column("bundle", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_policy_activation"),
    )
    activated = sa.text("kind = 10")
    op.create_index(
        "ix_ledger_entry_activated", "ledger_entry", ["idx"], sqlite_where=activated, postgresql_where=activated
    )
