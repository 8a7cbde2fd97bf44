"""Daily quotas of terms, counted durably before anything is released.

A process reserves a few units at a time with one commit and spends them from memory: a crash loses at most the
unspent part, so the count errs towards refusing, never towards permitting (scenarios.md T3: survives restart).
"""

from datetime import datetime
from threading import Lock

from sqlalchemy import Column, Integer, String, Table, insert, select, update
from sqlalchemy.exc import IntegrityError

from comity.store import Store, metadata

quota = Table(
    "exchange_quota",
    metadata,
    Column("key", String(320), primary_key=True),
    Column("day", Integer, primary_key=True),
    Column("used", Integer, nullable=False),
)
"""`key` is peer/agreement/term, `day` days since the epoch, `used` units reserved."""

_SHARE = 100  # a reservation takes at most a hundredth of the day's quota


class Quotas:
    """The quotas of one process; thread-safe."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = Lock()
        self._held: dict[tuple[str, int], int] = {}

    def take(self, peer: str, agreement: str, term: str, per_day: int, at: datetime) -> bool:
        """Take one unit of a term's daily quota; False when none is left."""
        slot = (f"{peer}/{agreement}/{term}", int(at.timestamp()) // 86400)
        with self._lock:
            if self._held.get(slot, 0) == 0:
                self._held = {key: left for key, left in self._held.items() if key[1] >= slot[1]}
                self._held[slot] = self._reserve(slot, per_day)
            if self._held[slot] == 0:
                return False
            self._held[slot] -= 1
            return True

    def _reserve(self, slot: tuple[str, int], per_day: int) -> int:
        key, day = slot
        want = max(1, per_day // _SHARE)
        row = (quota.c.key == key) & (quota.c.day == day)
        try:
            with self._store.write() as tx:
                used = tx.execute(select(quota.c.used).where(row).with_for_update()).scalar()
                got = max(0, min(want, per_day - (used or 0)))
                if used is None:
                    tx.execute(insert(quota).values(key=key, day=day, used=got))
                elif got:
                    tx.execute(update(quota).where(row).values(used=used + got))
        except IntegrityError:  # another process made the day's row first
            return self._reserve(slot, per_day)
        return got
