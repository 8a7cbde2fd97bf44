"""Remembered decisions: the same as asked, never an error, never from an engine that is gone."""

from collections.abc import Mapping
from typing import Any

import pytest
from policy_samples import POLICY, question

from comity.errors import Unavailable
from comity.policy.cache import CachedEngine
from comity.policy.embedded import EmbeddedEngine
from comity.policy.engine import BaseEngine

ASK = {"roles": ["investigator"], "method": "/comity.v1.DeskService/Ask"}


class Counting(BaseEngine):
    """The embedded engine, counted, that can be out of reach."""

    def __init__(self, inner: EmbeddedEngine) -> None:
        self.inner = inner
        self.asked = 0
        self.reachable = True

    def _evaluate(self, entrypoint: str, document: Mapping[str, Any]) -> Any:
        self.asked += 1
        if not self.reachable:
            raise Unavailable("out of reach")
        return self.inner._evaluate(entrypoint, document)

    def alive(self) -> bool:
        return self.reachable

    def close(self) -> None:
        pass


@pytest.fixture
def engine(embedded: EmbeddedEngine) -> Counting:
    return Counting(embedded)


def test_equal_questions_are_decided_once(engine: Counting) -> None:
    cached = CachedEngine(engine, POLICY.digest)
    first = cached.decide(question())
    reordered = dict(reversed(question().items()))
    assert cached.decide(reordered) is first
    assert (engine.asked, cached.hits, cached.misses) == (1, 1, 1)
    assert cached.decide(question(offence__max_penalty_months=6)).outcome == "refused"
    assert engine.asked == 2


def test_true_is_not_one(engine: Counting) -> None:
    """Python says True == 1 and 60 == 60.0; the key must not."""
    cached = CachedEngine(engine, POLICY.digest)
    assert cached.decide(question()).outcome == "permitted"
    assert cached.decide(question(nexus=1)).codes == ("incomplete",)


def test_bounded_oldest_go_first(engine: Counting) -> None:
    cached = CachedEngine(engine, POLICY.digest, size=2)
    for months in (60, 61, 60, 62, 60):
        cached.decide(question(offence__max_penalty_months=months))
    assert engine.asked == 3
    cached.decide(question(offence__max_penalty_months=61))
    assert engine.asked == 4


def test_a_dead_engine_refuses_what_was_remembered(engine: Counting) -> None:
    cached = CachedEngine(engine, POLICY.digest)
    cached.decide(question())
    cached.desk(ASK)
    engine.reachable = False
    with pytest.raises(Unavailable):
        cached.decide(question())
    with pytest.raises(Unavailable):
        cached.desk(ASK)
    engine.reachable = True
    assert cached.decide(question()).outcome == "permitted"


def test_errors_and_faults_are_not_remembered(engine: Counting) -> None:
    cached = CachedEngine(engine, POLICY.digest)
    engine.reachable = False
    with pytest.raises(Unavailable):
        cached.decide(question())
    engine.reachable = True
    assert cached.decide(question()).outcome == "permitted"


def test_desk_is_remembered_and_raw_is_not(engine: Counting) -> None:
    cached = CachedEngine(engine, POLICY.digest)
    assert cached.desk(ASK)
    assert cached.desk(dict(ASK))
    assert engine.asked == 1
    cached.decide_raw(question())
    cached.decide_raw(question())
    assert engine.asked == 3
