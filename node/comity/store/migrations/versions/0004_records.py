"""The tables of `comity.records`."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the records, their search keys, and the row that gives them numbers."""
    op.create_table(
        "record",
        sa.Column("no", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("id", sa.String(280), nullable=False),
        sa.Column("source_id", sa.String(200), nullable=False),
        sa.Column("category", sa.String(64), nullable=False),
        sa.Column("schema", sa.String(32), nullable=False),
        sa.Column("properties", sa.Text(), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("subject_category", sa.String(32), nullable=False),
        sa.Column("adult_on", sa.Integer(), nullable=False),
        sa.Column("handling", sa.String(8), nullable=False),
        sa.Column("restricted", sa.Boolean(), nullable=False),
        sa.Column("retain_until", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(255), nullable=False),
        sa.Column("imported_at", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("no", name="pk_record"),
        sa.UniqueConstraint("id", name="uq_record_id"),
    )
    op.create_table(
        "record_key",
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("record_no", _NUMBER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("key", "record_no", name="pk_record_key"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_record_key_record_no", "record_key", ["record_no"])
    head = op.create_table(
        "record_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last_no", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_record_head"),
    )
    op.bulk_insert(head, [{"id": 1, "last_no": 0}])


def downgrade() -> None:
    """Refuse: a node never goes back to a schema that forgets."""
    raise NotImplementedError
