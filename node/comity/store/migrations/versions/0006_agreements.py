"""The tables of `comity.policy`: texts of agreements, and what happened to them."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the four agreement tables."""
    op.create_table(
        "agreement_text",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("agreement", sa.String(128), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("stored_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_agreement_text"),
    )
    op.create_table(
        "agreement_event",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("agreement", sa.String(128), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("step", sa.String(16), nullable=False),
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("official", sa.String(64), nullable=False),
        sa.Column("role", sa.String(64), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("effective_at", sa.BigInteger(), nullable=False),
        sa.Column("envelope", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.String(512), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_agreement_event"),
    )
    op.create_index("ix_agreement_event_agreement", "agreement_event", ["agreement"])
    op.create_table(
        "agreement_delivery",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("peer", sa.String(2), nullable=False),
        sa.Column("delivered_at", sa.BigInteger(), nullable=False),
        sa.Column("refusal", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("seq", "peer", name="pk_agreement_delivery"),
    )
    op.create_index("ix_agreement_delivery_delivered_at", "agreement_delivery", ["delivered_at"])
    op.create_table(
        "agreement_message",
        sa.Column("peer", sa.String(2), nullable=False),
        sa.Column("message_id", sa.String(36), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("peer", "message_id", name="pk_agreement_message"),
    )


def downgrade() -> None:
    """Refuse: a node never goes back to a schema that forgets."""
    raise NotImplementedError
