"""Admission: whether a message is for us, now, and for the first time.

`check_addressing` and `check_freshness` are pure. The replay guard keeps, for as long as a message can be fresh,
which exchange ids were seen with which digest; older ones are stale anyway, so memory is bounded by the traffic of
one window. The table's primary key is the last word between processes.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event, Lock
from typing import Protocol

from comity.errors import Conflict, Exhausted, Precondition, Reason

DEFAULT_SKEW = timedelta(seconds=120)
MAX_LIFETIME = timedelta(minutes=10)
_MAX_IN_WINDOW = 500_000  # about 2 000 exchanges a second for a whole window


class Addressed(Protocol):
    """What every header says: which node speaks to which, when, and until when it counts."""

    @property
    def sender(self) -> str: ...  # noqa: D102

    @property
    def recipient(self) -> str: ...  # noqa: D102

    @property
    def issued_at(self) -> datetime: ...  # noqa: D102

    @property
    def expires_at(self) -> datetime: ...  # noqa: D102


def check_addressing(header: Addressed, *, sender: str, recipient: str) -> None:
    """Refuse a message that another node sent or that is for another node (WRONG_AUDIENCE)."""
    if header.recipient != recipient:
        raise Precondition(
            "header.to names another node: ask that node, or check the peer's descriptor", reason=Reason.WRONG_AUDIENCE
        )
    if header.sender != sender:
        raise Precondition("header.from is not the node that sent the message", reason=Reason.WRONG_AUDIENCE)


def check_freshness(header: Addressed, *, at: datetime, skew: timedelta = DEFAULT_SKEW) -> None:
    """Refuse what was not issued about now or has expired (STALE_REQUEST); the detail holds this node's time."""
    problem = ""
    if abs(header.issued_at - at) > skew:
        problem = f"header.issued_at is more than {int(skew.total_seconds())} seconds from this node's clock"
    elif header.expires_at <= at:
        problem = "header.expires_at is past"
    elif header.expires_at - header.issued_at > MAX_LIFETIME:
        problem = f"header.expires_at is more than {int(MAX_LIFETIME.total_seconds())} seconds after issued_at"
    if problem:
        detail = {"node_time": at.isoformat()}
        raise Precondition(f"{problem}: check the clocks and send again", reason=Reason.STALE_REQUEST, detail=detail)


@dataclass(slots=True)
class Seen:
    """What the guard knows of one exchange id: its digest, and whether its reply is stored (`done`)."""

    digest: bytes
    done: Event
    expires: datetime


class ReplayGuard:
    """Exchange ids of the window; thread-safe."""

    def __init__(self, window: timedelta = DEFAULT_SKEW * 2) -> None:
        self._window = window
        self._seen: OrderedDict[tuple[str, str], Seen] = OrderedDict()
        self._lock = Lock()

    def admit(self, peer: str, exchange_id: str, digest: bytes, at: datetime) -> Seen | None:
        """Return None for a new exchange, its `Seen` for a retry; raises `Conflict` (REPLAY) for other content."""
        key = (peer, exchange_id)
        with self._lock:
            self._forget(at)
            found = self._seen.get(key)
            if found is None:
                if len(self._seen) >= _MAX_IN_WINDOW:
                    raise Exhausted("too many exchanges in the replay window", reason=Reason.TOO_MANY_CONCURRENT)
                self._seen[key] = Seen(digest, Event(), at + self._window)
                return None
        if found.digest != digest:
            raise replayed()
        return found

    def settle(self, peer: str, exchange_id: str) -> None:
        """Mark the reply of an exchange as stored: retries that wait may read it."""
        with self._lock:
            found = self._seen.get((peer, exchange_id))
        if found:
            found.done.set()

    def release(self, peer: str, exchange_id: str) -> None:
        """Forget an exchange that failed before anything was stored: a retry starts afresh."""
        with self._lock:
            found = self._seen.pop((peer, exchange_id), None)
        if found:
            found.done.set()

    def recall(self, peer: str, exchange_id: str, digest: bytes, at: datetime) -> None:
        """Take up an exchange of before the restart."""
        done = Event()
        done.set()
        with self._lock:
            self._seen[peer, exchange_id] = Seen(digest, done, at + self._window)

    def _forget(self, at: datetime) -> None:
        while self._seen and next(iter(self._seen.values())).expires < at:
            self._seen.popitem(last=False)


def replayed() -> Conflict:
    """Return the error for an exchange id that came again with other content."""
    return Conflict(
        "exchange_id was used before with other content: make a new one for a new question", reason=Reason.REPLAY
    )
