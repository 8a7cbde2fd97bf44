"""Where is it kept? The engine, the unit of work and the migrations; each room keeps its own tables."""

from comity.store.engine import Row, Store, Tx
from comity.store.tables import metadata

__all__ = ["Row", "Store", "Tx", "metadata"]
