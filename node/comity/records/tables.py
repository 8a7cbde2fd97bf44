"""The tables of `comity.records`.

A record has a number of our own (`no`) beside its id, so that its keys cost eight bytes each and not a text.
"""

import sqlalchemy as sa

from comity.store import metadata

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

record = sa.Table(
    "record",
    metadata,
    sa.Column("no", _NUMBER, primary_key=True, autoincrement=False),
    sa.Column("id", sa.String(280), nullable=False, unique=True),
    sa.Column("source_id", sa.String(200), nullable=False),
    sa.Column("category", sa.String(64), nullable=False),
    sa.Column("schema", sa.String(32), nullable=False),
    sa.Column("properties", sa.Text, nullable=False),
    sa.Column("profile", sa.Text, nullable=False),
    sa.Column("subject_category", sa.String(32), nullable=False),
    sa.Column("adult_on", sa.Integer, nullable=False),
    sa.Column("handling", sa.String(8), nullable=False),
    sa.Column("restricted", sa.Boolean, nullable=False),
    sa.Column("retain_until", sa.Integer, nullable=False),
    sa.Column("source", sa.String(255), nullable=False),
    sa.Column("imported_at", sa.BigInteger, nullable=False),
    sa.Column("digest", sa.LargeBinary, nullable=False),
)
"""One record. `adult_on`, `retain_until`: days as yyyymmdd, 0 when unknown or without end; `imported_at`: ms."""

record_key = sa.Table(
    "record_key",
    metadata,
    sa.Column("key", sa.String(128), primary_key=True),
    sa.Column("record_no", _NUMBER, primary_key=True, autoincrement=False),
    sa.Index("ix_record_key_record_no", "record_no"),
    sqlite_with_rowid=False,  # the key is the table: half the size, one look-up less
)
"""Search keys of records: candidates are found by equality here and nowhere else."""

record_head = sa.Table(
    "record_head",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("last_no", sa.BigInteger, nullable=False),
)
"""One row: the last number given. Whoever imports locks it, so that two importers queue."""
