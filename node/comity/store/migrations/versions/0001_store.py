"""The store's own table."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create `node_state`."""
    op.create_table(
        "node_state",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_node_state"),
    )


def downgrade() -> None:
    """Refuse: a node never goes back to a schema that forgets."""
    raise NotImplementedError
