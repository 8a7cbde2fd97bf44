"""What a node holds of its peers beyond trust: the policy officer's word on reciprocity."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column to the peers."""
    op.add_column("peer", sa.Column("reciprocity", sa.String(16), nullable=False, server_default="given"))


def downgrade() -> None:
    """Refuse: a node never goes back to a schema that forgets."""
    raise NotImplementedError
