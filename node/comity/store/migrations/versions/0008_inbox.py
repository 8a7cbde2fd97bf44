"""Questions that wait for a person, what officers did, and the replies after the first."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the two tables of the inbox and that of later replies."""
    op.create_table(
        "inbox_item",
        sa.Column("peer", sa.String(2), nullable=False),
        sa.Column("exchange_id", sa.String(36), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("category", sa.String(64), nullable=False),
        sa.Column("purpose", sa.String(64), nullable=False),
        sa.Column("urgency", sa.String(16), nullable=False),
        sa.Column("asked_by", sa.String(64), nullable=False),
        sa.Column("role", sa.String(64), nullable=False),
        sa.Column("officers", sa.Integer(), nullable=False),
        sa.Column("agreement", sa.String(128), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("term", sa.String(128), nullable=False),
        sa.Column("article", sa.Text(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("peer", "exchange_id", name="pk_inbox_item"),
    )
    op.create_index("ix_inbox_item_due_at", "inbox_item", ["due_at"])
    op.create_table(
        "inbox_step",
        sa.Column("peer", sa.String(2), nullable=False),
        sa.Column("exchange_id", sa.String(36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(16), nullable=False),
        sa.Column("official", sa.String(64), nullable=False),
        sa.Column("role", sa.String(64), nullable=False),
        sa.Column("ground", sa.String(64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("peer", "exchange_id", "number", name="pk_inbox_step"),
    )
    op.create_table(
        "exchange_later",
        sa.Column("exchange_id", sa.String(36), nullable=False),
        sa.Column("peer", sa.String(2), nullable=False),
        sa.Column("part", sa.String(16), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("disclosure", sa.String(16), nullable=False),
        sa.Column("receipt_state", sa.String(16), nullable=False),
        sa.Column("receipt", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("exchange_id", "peer", "part", name="pk_exchange_later"),
    )
