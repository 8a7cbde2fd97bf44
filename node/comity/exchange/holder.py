"""The policy in force at a running node, kept so while traffic flows.

Before each message one small select tells whether an agreement changed or a bundle was activated, here or in another
process. Then a new set is built beside the old one:

1. Agreements of the book, suspensions included; national modules and offences of the bundle activated last.
2. A new engine loads it, answers, and gives every golden scenario the answer its text states.
3. Row and ledger entry POLICY_ACTIVATED, unless this very set was activated already.
4. One reference is swapped. Whoever decides holds the set it began with; the old engine ends with its last holder.

When any step fails, an ALARM is logged and the old set goes on, but nothing is decided under an agreement that the
book has changed since: a suspension holds whether or not anything can be compiled.
"""

import logging
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock
from typing import Any, Protocol

from sqlalchemy.exc import SQLAlchemyError

from comity.clock import Clock
from comity.errors import ComityError, Conflict, Precondition, Tampered, Unavailable
from comity.exchange.activation import Activation, Activations, Mark
from comity.exchange.policy import PolicyInForce
from comity.policy.bundle import PolicySet, build
from comity.policy.cache import CachedEngine
from comity.policy.embedded import EmbeddedEngine
from comity.policy.engine import Engine
from comity.policy.national import National
from comity.policy.scenarios import run_scenarios
from comity.policy.store import InForce

log = logging.getLogger("comity.policy")  # what `comity doctor` tells the last line of

_WAIT_SECONDS = 20.0
_RETRY_MS = 2_000
_TRIES = 3

Start = Callable[[PolicySet, int], Engine]
"""Starts an engine with a set under a sequence number; raises `Unavailable`."""


class Book(Protocol):
    """Which agreements count."""

    def in_force(self, at: datetime) -> InForce:
        """Return what is in force at a moment."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a set is made of beside the agreements; `offences` None means the table shipped with the library."""

    national: National | None = None
    offences: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class _Held:
    """The set in force, what it was made of, and how long that may be believed without looking again."""

    policy: PolicyInForce
    made_of: PolicySet
    mark: Mark
    until_ms: int | None

    def current(self, mark: Mark, at_ms: int) -> bool:
        return mark == self.mark and (self.until_ms is None or at_ms < self.until_ms)


class PolicyHolder:
    """Calling it returns the policy in force at this moment; thread-safe. One exchange calls it once."""

    def __init__(
        self, book: Book, activations: Activations, start: Start, own_parts: Callable[[], Parts], clock: Clock
    ) -> None:
        """Take the node's `own_parts` until a bundle is activated that carries its own."""
        self._book = book
        self._activations = activations
        self._start = start
        self._own_parts = own_parts
        self._clock = clock
        self._lock = Lock()
        self._held: _Held | None = None
        self._alarmed = ""

    def __call__(self) -> PolicyInForce:
        """Return the policy in force; raises `Unavailable` where there is none that may decide."""
        at, held = self._clock(), self._held
        mark = self._mark()
        if held is not None and held.current(mark, _ms(at)):
            return held.policy
        if not self._lock.acquire(timeout=_WAIT_SECONDS):
            raise Unavailable("a new policy is being activated: ask again later")
        try:
            mark, held = self._mark(), self._held  # another thread may have done it meanwhile
            if held is None or not held.current(mark, _ms(at)):
                held = self._held = self._refreshed(held, mark, at)
            return held.policy
        finally:
            self._lock.release()

    def close(self) -> None:
        """Stop the engine in force. Nothing is decided afterwards."""
        with self._lock:
            if self._held is not None:
                self._held.policy.engine.close()

    def _mark(self) -> Mark:
        try:
            return self._activations.mark()
        except SQLAlchemyError as cause:
            raise Unavailable("the database does not say which policy is in force: nothing was decided") from cause

    def _refreshed(self, held: _Held | None, mark: Mark, at: datetime) -> _Held:
        counted = self._book.in_force(at)
        newest = self._activations.newest()
        try:
            wanted = wanted_set(counted, self._activations, newest, self._own_parts)
        except ComityError as problem:
            return self._fallen_back(held, None, problem, mark, at)
        if held is not None and not held.policy.barred and _is(held, wanted, newest):
            return replace(held, mark=mark, until_ms=counted.changes_at)
        try:
            policy = self._activated(wanted, newest)
        except ComityError as problem:
            return self._fallen_back(held, wanted, problem, mark, at)
        self._alarmed = ""
        return _Held(policy, wanted, (mark[0], policy.sequence), counted.changes_at)  # what came since shows next time

    def _activated(self, wanted: PolicySet, newest: Activation | None) -> PolicyInForce:
        """Try a set out and put it on record; raises `ComityError` and leaves nothing behind when that fails."""
        for _ in range(_TRIES):
            known = newest is not None and newest.digest == wanted.digest
            sequence = newest.sequence + (not known) if newest else 1
            policy = self._tried(wanted, sequence)
            try:
                if not known:
                    self._activations.record(wanted, sequence)
            except Conflict:  # another process took the number: for this very set, or for another
                policy.engine.close()
                newest = self._activations.newest()
                continue
            except BaseException:
                policy.engine.close()
                raise
            return policy
        raise Unavailable("other processes keep activating other policies: compare their agreements and clocks")

    def _tried(self, wanted: PolicySet, sequence: int) -> PolicyInForce:
        return try_out(wanted, sequence, self._start)

    def _fallen_back(
        self, held: _Held | None, wanted: PolicySet | None, problem: ComityError, mark: Mark, at: datetime
    ) -> _Held:
        """Return the old set without what changed; raises the problem where there is no old set."""
        self._alarm(wanted, problem)
        if held is None:
            held = self._last_activated(mark)
        if held is None:
            raise problem
        policy = replace(held.policy, barred=_changed(held.made_of, wanted))
        return _Held(policy, held.made_of, mark, _ms(at) + _RETRY_MS)

    def _last_activated(self, mark: Mark) -> _Held | None:
        """Return the set that was in force before this process started, if it still runs."""
        newest = self._activations.newest()
        if newest is None:
            return None
        try:
            made_of = self._activations.opened(newest).policy
            return _Held(self._tried(made_of, newest.sequence), made_of, mark, None)
        except ComityError:  # the first problem is the one to tell
            return None

    def _alarm(self, wanted: PolicySet | None, problem: ComityError) -> None:
        """Log a set that could not be activated, once."""
        digest = wanted.digest if wanted else "00" * 32
        log.error("policy not activated digest=%s: %s", digest[:16], problem)
        if self._alarmed != digest:
            self._activations.alarm(problem.detail.get("code", "not activated"), bytes.fromhex(digest))
            self._alarmed = digest


def wanted_set(
    counted: InForce, activations: Activations, newest: Activation | None, own_parts: Callable[[], Parts]
) -> PolicySet:
    """Return the set of what counts now; it may or may not be the one activated last."""
    return make_set(counted, parts_in_force(activations, newest, own_parts))


def make_set(counted: InForce, parts: Parts) -> PolicySet:
    """Return the set of these agreements and parts."""
    return build(counted.agreements, offences=parts.offences, suspended=counted.suspended, national=parts.national)


def parts_in_force(activations: Activations, newest: Activation | None, own_parts: Callable[[], Parts]) -> Parts:
    """Return what the newest bundle carries; after an update of the program, the same modules compiled anew."""
    if newest is None:
        return own_parts()
    try:
        last = activations.opened(newest).policy
    except Tampered as cause:
        if cause.detail.get("code") != "library":
            raise
        own = own_parts()
        if activations.national_sources(newest) != (dict(own.national.sources) if own.national else {}):
            raise Precondition(
                "the national modules in force were compiled for the library of before the update: bring them into "
                "national/ of the node's home, unchanged, or activate a new bundle",
                detail={"code": "library"},
            ) from cause
        return own
    return Parts(last.national, last.data["comity"]["offences"])


def try_out(wanted: PolicySet, sequence: int, start: Start) -> PolicyInForce:
    """Return a set that an engine has loaded and whose golden scenarios all hold.

    Scenarios say what both parties read in the text, so national law, which may refuse more, is left out of them.
    The engine is closed when nobody holds it any more. Raises `Unavailable`, or `Precondition` naming the scenario.
    """
    engine = start(wanted, sequence)
    try:
        engine.health()
        counted = [each for each in wanted.agreements if each.id not in wanted.suspended and not each.narrowed]
        with _text_alone(wanted, engine) as judge:
            failed = [result for result in run_scenarios(counted, judge) if not result.passed]
    except BaseException:
        engine.close()
        raise
    if failed:
        engine.close()
        first = failed[0]
        raise Precondition(
            f"not activated: scenario {first.name!r} of {first.agreement} fails: {'; '.join(first.problems)}: "
            "`comity policy test` shows all",
            detail={"code": "scenario"},
        )
    cached = CachedEngine(engine, wanted.digest)
    weakref.finalize(cached, engine.close)
    return PolicyInForce(cached, {each.id: each for each in wanted.agreements}, wanted.digest, sequence)


@contextmanager
def _text_alone(wanted: PolicySet, engine: Engine) -> Iterator[Engine]:
    """Yield an engine without the national modules of a set; the set's own where it has none."""
    if wanted.national is None:
        yield engine
        return
    data = {"comity": {**wanted.data["comity"], "expected_national": []}}
    judge = EmbeddedEngine(replace(wanted, data=data, national=None), machines=1)
    try:
        yield judge
    finally:
        judge.close()


def _is(held: _Held, wanted: PolicySet, newest: Activation | None) -> bool:
    """Whether what is held is what is wanted, under the number it was activated with."""
    return newest is not None and (newest.digest, newest.sequence) == (wanted.digest, held.policy.sequence)


def _changed(old: PolicySet, new: PolicySet | None) -> frozenset[str]:
    """Return the agreements of the old set that do not stand so in the new one: all, where law around them changed."""
    held = old.data["comity"]["agreements"]
    if new is None or new.national != old.national or new.data["comity"]["offences"] != old.data["comity"]["offences"]:
        return frozenset(held)
    return frozenset(name for name, entry in held.items() if new.data["comity"]["agreements"].get(name) != entry)


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
