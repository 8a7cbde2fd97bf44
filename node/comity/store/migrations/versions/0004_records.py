"""The tables of `comity.records`."""

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables of this room."""


def downgrade() -> None:
    """Refuse: a node never goes back to a schema that forgets."""
    raise NotImplementedError
