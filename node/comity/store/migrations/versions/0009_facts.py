"""What a node holds of its peers: reciprocity, assurances and what became of them, terms whose quota is used."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a column to the peers and to their answers, and the two tables of assurances."""
    op.add_column("peer", sa.Column("reciprocity", sa.String(16), nullable=False, server_default="given"))
    op.add_column("exchange_answer", sa.Column("term", sa.String(128), nullable=False, server_default=""))
    op.create_table(
        "assurance",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("giver", sa.String(2), nullable=False),
        sa.Column("recipient", sa.String(2), nullable=False),
        sa.Column("agreement", sa.String(128), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_assurance"),
    )
    op.create_index("ix_assurance_giver_recipient", "assurance", ["giver", "recipient"])
    op.create_table(
        "assurance_event",
        sa.Column("assurance_id", sa.String(36), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("official", sa.String(64), nullable=False),
        sa.Column("role", sa.String(64), nullable=False),
        sa.Column("proof", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("assurance_id", "status", name="pk_assurance_event"),
    )


def downgrade() -> None:
    """Refuse: a node never goes back to a schema that forgets."""
    raise NotImplementedError
