"""Mutants, the score, and the scenarios that would raise it."""

from dataclasses import replace

import pytest
from policy_samples import AGREEMENTS, agreement

from comity.errors import Malformed
from comity.policy.agreement import Agreement, Scenario
from comity.policy.bundle import build
from comity.policy.coverage import count_changes, cover, suggest
from comity.policy.embedded import EmbeddedEngine
from comity.policy.mutants import mutants
from comity.policy.witness import bases, unusual, variations


def over(held: Agreement) -> EmbeddedEngine:
    return EmbeddedEngine(build([held]), machines=1)


def with_suggestions(held: Agreement) -> Agreement:
    (found,) = cover([held], over)
    more = [Scenario(each["name"], each["input"], each["expect"]) for each in suggest(found, held, over)]
    return replace(held, scenarios=(*held.scenarios, *more))


@pytest.mark.parametrize("held", AGREEMENTS, ids=lambda each: each.id)
def test_every_mutant_is_another_text(held: Agreement) -> None:
    seen = [mutant.agreement.data for mutant in mutants(held)]
    assert all(data != held.data for data in seen)
    assert len(seen) == count_changes([held]) > 50


@pytest.mark.parametrize("held", AGREEMENTS, ids=lambda each: each.id)
def test_every_term_serves_its_own_questions(held: Agreement) -> None:
    engine = over(held)
    for term in held.data["terms"]:
        for base in bases(held, term):
            decision = engine.decide(base)
            assert decision.outcome in ("permitted", "review"), (term["id"], decision.reasons)
            assert decision.basis
            assert decision.basis.term == term["id"]
            assert len(list(variations(held, term, base))) > 100
    engine.close()


def test_suggested_scenarios_notice_what_was_not() -> None:
    held = agreement("ee-se-police-2026")
    (before,) = cover([held], over)
    (after,) = cover([with_suggestions(held)], over)
    assert after.changes == before.changes
    assert after.score > max(before.score, 0.85)
    assert {(m.path, m.change) for m in after.unnoticed} <= {(m.path, m.change) for m in before.unnoticed}


def test_scenarios_that_expect_nothing_notice_nothing() -> None:
    held = agreement("ee-se-police-2026")
    idle = replace(held, scenarios=(Scenario("idle", {}, {}),))
    (found,) = cover([idle], over)
    assert found.score == 0


def test_a_text_whose_scenarios_fail_is_not_measured() -> None:
    held = agreement("ee-se-police-2026")
    wrong = replace(held, scenarios=(Scenario("wrong", {}, {"outcome": "permitted"}),))
    with pytest.raises(Malformed, match="scenarios fail as it stands"):
        cover([wrong], over)


def test_only_unusual_facts_are_said() -> None:
    held = agreement("ee-fi-police-2026")
    base = next(bases(held, held.data["terms"][0]))
    assert "scope" not in unusual(base)
    assert unusual(base)["category"] == "wanted-persons"
