"""The tables of `comity.identity`."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create `peer` and `staff`."""
    op.create_table(
        "peer",
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("trust_domain", sa.String(253), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("envelope", sa.LargeBinary(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("country", name="pk_peer"),
        sa.UniqueConstraint("trust_domain", name="uq_peer_trust_domain"),
    )
    op.create_table(
        "staff",
        sa.Column("name", sa.String(63), nullable=False),
        sa.Column("role", sa.String(64), nullable=False),
        sa.Column("authority", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_staff"),
    )


def downgrade() -> None:
    """Refuse: a node never goes back to a schema that forgets."""
    raise NotImplementedError
