"""The shared table registry, and the one table that belongs to no other room."""

from sqlalchemy import Column, Integer, MetaData, String, Table

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""Every room registers its tables here, so that one test can hold the migrations against them."""

node_state = Table(
    "node_state",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("value", Integer, nullable=False),
)
"""Counters that tell a running node that something it keeps in memory changed (`peers`, `policy`)."""
