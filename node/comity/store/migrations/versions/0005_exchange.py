"""The tables of `comity.exchange`."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the three exchange tables and the quota's."""
    op.create_table(
        "exchange_inbound",
        sa.Column("peer", sa.String(2), nullable=False),
        sa.Column("exchange_id", sa.String(36), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("request_digest", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.String(64), nullable=False),
        sa.Column("category", sa.String(64), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("disclosure", sa.String(16), nullable=False),
        sa.Column("agreement", sa.String(128), nullable=False),
        sa.Column("term", sa.String(128), nullable=False),
        sa.PrimaryKeyConstraint("peer", "exchange_id", name="pk_exchange_inbound"),
    )
    op.create_index("ix_exchange_inbound_received_at", "exchange_inbound", ["received_at"])
    op.create_table(
        "exchange_outbound",
        sa.Column("exchange_id", sa.String(36), nullable=False),
        sa.Column("peer", sa.String(2), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("official", sa.String(64), nullable=False),
        sa.Column("purpose", sa.String(64), nullable=False),
        sa.Column("category", sa.String(64), nullable=False),
        sa.Column("agreement", sa.String(128), nullable=False),
        sa.Column("sent", sa.String(3), nullable=False),
        sa.PrimaryKeyConstraint("exchange_id", "peer", name="pk_exchange_outbound"),
    )
    op.create_index("ix_exchange_outbound_asked_at", "exchange_outbound", ["asked_at"])
    op.create_table(
        "exchange_answer",
        sa.Column("exchange_id", sa.String(36), nullable=False),
        sa.Column("peer", sa.String(2), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("disclosure", sa.String(16), nullable=False),
        sa.Column("receipt_state", sa.String(16), nullable=False),
        sa.Column("receipt", sa.LargeBinary(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.Column("took_ms", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("exchange_id", "peer", name="pk_exchange_answer"),
    )
    op.create_table(
        "exchange_quota",
        sa.Column("key", sa.String(320), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", "day", name="pk_exchange_quota"),
    )


def downgrade() -> None:
    """Refuse: a node never goes back to a schema that forgets."""
    raise NotImplementedError
