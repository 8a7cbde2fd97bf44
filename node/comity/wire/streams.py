"""Streams that stay open: bounded in number, on threads of their own, so that they never keep a question waiting.

gRPC's sync server holds one thread for each open stream. Handlers with a pool of their own leave the server's threads
to the questions; a few spare threads tell those who come too many that they are.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Lock
from time import monotonic

import grpc

from comity.errors import Exhausted, Reason, Unavailable

TICK_SECONDS = 0.25
LONGEST = timedelta(minutes=15)
_SPARE = 4


class Streams:
    """The open streams of one port. Thread-safe."""

    def __init__(self, total: int, per_caller: int) -> None:
        self.pool = ThreadPoolExecutor(total + _SPARE, "stream")
        self._total = total
        self._per_caller = per_caller
        self._lock = Lock()
        self._open: Counter[str] = Counter()
        self._wakers: set[Event] = set()
        self._closed = False

    @contextmanager
    def opened(self, caller: str, context: grpc.ServicerContext) -> Iterator[Callable[[], bool]]:
        """Count a stream while it is open; yields what pauses between two looks and says whether to look again.

        It says no once the caller has gone, the node closes, or the stream has been open for `LONGEST`. Raises
        `Exhausted` (TOO_MANY_CONCURRENT) beyond either limit, `Unavailable` (DRAINING) when the node closes.
        """
        waker = Event()
        self._enter(caller, waker)
        until = monotonic() + LONGEST.total_seconds()

        def wait() -> bool:
            return not waker.wait(TICK_SECONDS) and monotonic() < until

        try:
            if not context.add_callback(waker.set):
                waker.set()  # the caller has gone already
            yield wait
        finally:
            self._leave(caller, waker)

    def close(self) -> None:
        """End all streams and take no more."""
        with self._lock:
            self._closed = True
            wakers = list(self._wakers)
        for waker in wakers:
            waker.set()

    def _enter(self, caller: str, waker: Event) -> None:
        with self._lock:
            if self._closed:
                raise Unavailable("this node is about to stop: try again later", reason=Reason.DRAINING)
            if self._open.total() >= self._total or self._open[caller] >= self._per_caller:
                raise Exhausted(
                    "too many streams are open: close one, or fetch the answer without a stream",
                    reason=Reason.TOO_MANY_CONCURRENT,
                )
            self._open[caller] += 1
            self._wakers.add(waker)

    def _leave(self, caller: str, waker: Event) -> None:
        with self._lock:
            self._open[caller] -= 1
            if not self._open[caller]:
                del self._open[caller]
            self._wakers.discard(waker)
