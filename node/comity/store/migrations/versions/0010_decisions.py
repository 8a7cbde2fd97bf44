"""The table of recorded decisions."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create `exchange_decision`."""
    op.create_table(
        "exchange_decision",
        sa.Column("direction", sa.String(8), nullable=False),
        sa.Column("exchange_id", sa.String(36), nullable=False),
        sa.Column("peer", sa.String(2), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.Column("policy_digest", sa.String(64), nullable=False),
        sa.Column("agreement", sa.String(128), nullable=False),
        sa.Column("agreement_digest", sa.String(64), nullable=False),
        sa.Column("term", sa.String(128), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("disclosure", sa.String(16), nullable=False),
        sa.Column("codes", sa.Text(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("direction", "exchange_id", "peer", "decided_at", name="pk_exchange_decision"),
    )
    op.create_index("ix_exchange_decision_decided_at", "exchange_decision", ["decided_at"])


def downgrade() -> None:
    """Refuse: a node never goes back to a schema that forgets."""
    raise NotImplementedError
