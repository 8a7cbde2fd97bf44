"""The tables of `comity.identity`."""

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables of this room."""


def downgrade() -> None:
    """Refuse: a node never goes back to a schema that forgets."""
    raise NotImplementedError
