"""Admission: addressing, freshness and the replay guard."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import Conflict, Precondition, Reason
from comity.exchange.admission import DEFAULT_SKEW, MAX_LIFETIME, ReplayGuard, check_addressing, check_freshness
from comity.exchange.ids import new_exchange_id
from comity.exchange.model import Basis, Circumstances, Header, Official, Subject

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
FACTS = Circumstances(
    Official("ee-1", "investigator", "ppa"), "p", "intelligence", "identify", Subject("suspect", "adult")
)
HEADER = Header(
    exchange_id=new_exchange_id(NOW),
    sender="spiffe://a.b/node/x",
    recipient="spiffe://c.d/node/y",
    issued_at=NOW,
    expires_at=NOW + timedelta(seconds=60),
    nonce=b"n" * 32,
    circumstances=FACTS,
    basis=Basis("a", 1, "0" * 64),
)


@given(st.integers(-100_000, 100_000), st.integers(-100_000, 100_000))
def test_fresh_means_about_now_and_not_expired(issued: int, lifetime: int) -> None:
    header = replace(
        HEADER, issued_at=NOW + timedelta(seconds=issued), expires_at=NOW + timedelta(seconds=issued + lifetime)
    )
    fresh = (
        abs(issued) <= DEFAULT_SKEW.total_seconds()
        and issued + lifetime > 0
        and lifetime <= MAX_LIFETIME.total_seconds()
    )
    if fresh:
        check_freshness(header, at=NOW)
        return
    with pytest.raises(Precondition) as stale:
        check_freshness(header, at=NOW)
    assert stale.value.reason is Reason.STALE_REQUEST
    assert stale.value.detail["node_time"] == NOW.isoformat()


def test_addressing() -> None:
    check_addressing(HEADER, sender=HEADER.sender, recipient=HEADER.recipient)
    for sender, recipient in ((HEADER.sender, HEADER.sender), (HEADER.recipient, HEADER.recipient)):
        with pytest.raises(Precondition) as wrong:
            check_addressing(HEADER, sender=sender, recipient=recipient)
        assert wrong.value.reason is Reason.WRONG_AUDIENCE


def test_the_guard_knows_new_retry_and_replay() -> None:
    guard = ReplayGuard()
    assert guard.admit("EE", "x", b"1", NOW) is None
    assert guard.admit("FI", "x", b"2", NOW) is None  # another peer's id is another exchange
    seen = guard.admit("EE", "x", b"1", NOW)
    assert seen is not None
    assert not seen.done.is_set()
    guard.settle("EE", "x")
    assert seen.done.is_set()
    with pytest.raises(Conflict) as replay:
        guard.admit("EE", "x", b"other", NOW)
    assert replay.value.reason is Reason.REPLAY


def test_a_failed_attempt_is_forgotten_and_an_old_one_too() -> None:
    guard = ReplayGuard()
    guard.admit("EE", "x", b"1", NOW)
    guard.release("EE", "x")
    assert guard.admit("EE", "x", b"1", NOW) is None
    later = NOW + DEFAULT_SKEW * 2 + timedelta(seconds=1)
    assert guard.admit("EE", "y", b"1", later) is None
    assert len(guard._seen) == 1


def test_what_came_before_a_restart_is_a_retry() -> None:
    guard = ReplayGuard()
    guard.recall("EE", "x", b"1", NOW)
    seen = guard.admit("EE", "x", b"1", NOW)
    assert seen is not None
    assert seen.done.is_set()


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001  made aware below
def test_exchange_ids_are_uuid7(at: datetime) -> None:
    import uuid

    made = uuid.UUID(new_exchange_id(at.replace(tzinfo=UTC)))
    assert made.version == 7
    assert made.variant == uuid.RFC_4122
    assert made.int >> 80 == int(at.replace(tzinfo=UTC).timestamp() * 1000)
