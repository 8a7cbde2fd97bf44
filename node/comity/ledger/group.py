"""Group commit: whoever comes first commits for all who wait. No thread of its own.

Callers queue what they want committed. The first becomes leader, takes everything queued, commits it as one batch,
wakes the others with their outcomes, and hands the lead to whoever queued meanwhile. A waiter never waits for a batch
after its own.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from comity.errors import ComityError, Reason, Unavailable

Unit = TypeVar("Unit")
Outcome = TypeVar("Outcome")


class GroupCommit(Generic[Unit, Outcome]):
    """Batches units that several threads submit. `commit` gets the batch and returns one outcome or error for each."""

    def __init__(
        self,
        commit: Callable[[list[Unit]], Sequence[Outcome | ComityError]],
        *,
        max_waiting: int,
        max_batch: int,
    ) -> None:
        self._commit = commit
        self._max_waiting = max_waiting
        self._max_batch = max_batch
        self._mutex = threading.Lock()
        self._queue: deque[_Slot[Unit, Outcome]] = deque()
        self._led = False

    def submit(self, unit: Unit) -> Outcome:
        """Return the outcome once the unit's batch is committed; raises the unit's error.

        Raises `Unavailable` (LEDGER_UNAVAILABLE) at once when too many wait already.
        """
        slot: _Slot[Unit, Outcome] = _Slot(unit)
        with self._mutex:
            if len(self._queue) >= self._max_waiting:
                raise Unavailable("the ledger is overloaded: ask again in a moment", reason=Reason.LEDGER_UNAVAILABLE)
            self._queue.append(slot)
            leads, self._led = not self._led, True
        if leads or self._wait(slot):
            self._lead(slot)
        if isinstance(slot.outcome, ComityError):
            raise slot.outcome
        if slot.outcome is None:
            raise RuntimeError("a unit was woken without an outcome")
        return slot.outcome

    def _lead(self, own: "_Slot[Unit, Outcome]") -> None:
        with self._mutex:
            batch = [self._queue.popleft() for _ in range(min(len(self._queue), self._max_batch))]
        try:
            outcomes = self._commit([slot.unit for slot in batch])
            for slot, outcome in zip(batch, outcomes, strict=True):
                slot.outcome = outcome
        except BaseException as cause:  # whatever happens to the leader, nobody may wait for ever
            for slot in batch:
                slot.outcome = unavailable(cause)
            if not isinstance(cause, Exception):
                raise
        finally:
            self._hand_over()
            for slot in batch:
                if slot is not own:
                    slot.gate.release()

    def _hand_over(self) -> None:
        with self._mutex:
            heir = self._queue[0] if self._queue else None
            self._led = heir is not None
            if heir is not None:
                heir.leads = True
                heir.gate.release()

    def _wait(self, slot: "_Slot[Unit, Outcome]") -> bool:
        """Block until woken; return whether to take the lead."""
        try:
            slot.gate.acquire()
        except BaseException:  # Ctrl-C: the lead must not be lost with this thread
            with self._mutex:
                waiting = slot in self._queue
                if waiting:
                    self._queue.remove(slot)
            if waiting and slot.leads:
                self._hand_over()
            raise
        return slot.leads


def unavailable(cause: BaseException) -> Unavailable:
    """Return a fresh error, so that each waiting thread raises its own."""
    error = Unavailable(
        "the ledger cannot record now, so nothing was released: try again; the operator finds the cause in the log",
        reason=Reason.LEDGER_UNAVAILABLE,
    )
    error.__cause__ = cause
    return error


class _Slot(Generic[Unit, Outcome]):
    """A unit that waits. The lock is an event that costs less than one."""

    __slots__ = ("gate", "leads", "outcome", "unit")

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self.outcome: Outcome | ComityError | None = None
        self.leads = False
        self.gate = threading.Lock()
        self.gate.acquire()
