"""Decisions remembered: equal questions under the same policy are decided once."""

from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock
from typing import Any

from comity.policy.decision import Decision
from comity.policy.document import encode
from comity.policy.engine import Engine


class CachedEngine:
    """Wraps an engine with a bounded memory of its newest decisions, keyed by policy digest and canonical input.

    The input holds no search subject and its time is cut to the hour, so officers of one role with one purpose
    share decisions. Errors are never remembered, and nothing is while the engine is out of reach: a dead engine
    must refuse, not live on in its memory. Thread-safe.
    """

    def __init__(self, engine: Engine, digest: str, size: int = 4096) -> None:
        self._engine = engine
        self._digest = digest.encode()
        self._size = size
        self._lock = Lock()
        self._held: OrderedDict[bytes, Decision] = OrderedDict()
        self._desk: dict[bytes, bool] = {}
        self.hits = 0
        self.misses = 0

    def decide(self, document: Mapping[str, Any]) -> Decision:
        """Return the remembered decision, or the engine's."""
        key = self._digest + encode(document)
        with self._lock:
            held = self._held.get(key)
            if held is not None and self._engine.alive():
                self._held.move_to_end(key)
                self.hits += 1
                return held
        decision = self._engine.decide(document)
        with self._lock:
            self.misses += 1
            if decision.fault is None:  # a fault is mended by the operator, not by waiting
                self._held[key] = decision
                if len(self._held) > self._size:
                    self._held.popitem(last=False)
        return decision

    def decide_raw(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Ask the engine: for people and tests, never remembered."""
        return self._engine.decide_raw(document)

    def trace(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Ask the engine: for people, never remembered."""
        return self._engine.trace(document)

    def desk(self, document: Mapping[str, Any]) -> bool:
        """Return the remembered answer of the desk table, or the engine's."""
        key = encode(document)
        held = self._desk.get(key)
        if held is None or not self._engine.alive():
            held = self._engine.desk(document)
            if len(self._desk) < self._size:
                self._desk[key] = held
        return held

    def health(self) -> None:
        """Ask the engine itself."""
        self._engine.health()

    def describe(self) -> str:
        """Ask the engine itself."""
        return self._engine.describe()

    def alive(self) -> bool:
        """Ask the engine itself."""
        return self._engine.alive()

    def close(self) -> None:
        """Forget everything and close the engine."""
        with self._lock:
            self._held.clear()
        self._desk.clear()
        self._engine.close()
