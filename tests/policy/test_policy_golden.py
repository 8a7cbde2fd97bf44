"""Golden cases over the sandbox agreements, and the scenarios that travel with them."""

from typing import Any

import pytest
from policy_samples import AGREEMENTS, GOLDEN, golden_input

from comity.policy.embedded import EmbeddedEngine
from comity.policy.scenarios import differences, run_scenarios, scenario_input


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case["name"])
def test_golden(embedded: EmbeddedEngine, case: dict[str, Any]) -> None:
    decision = embedded.decide(golden_input(case))
    expect = dict(case["expect"])
    articles, named = expect.pop("articles", None), expect.pop("agreement", None)
    assert list(differences(expect, decision)) == []
    if articles is not None:
        assert [reason.article for reason in decision.reasons] == articles
    if named is not None:
        assert decision.basis is not None
        assert decision.basis.agreement == named


@pytest.mark.parametrize("agreement", AGREEMENTS, ids=lambda each: each.id)
def test_scenarios_pass(embedded: EmbeddedEngine, agreement: Any) -> None:
    results = run_scenarios([agreement], embedded)
    assert [result.name for result in results if not result.passed] == []
    outcomes = {result.decision.outcome for result in results}
    assert {"permitted", "refused"} <= outcomes
    assert len(results) >= 3


def test_every_term_answers_some_scenario_or_golden_case(embedded: EmbeddedEngine) -> None:
    documents = [scenario_input(each, scenario) for each in AGREEMENTS for scenario in each.scenarios]
    documents += [golden_input(case) for case in GOLDEN]
    used = {(d.basis.agreement, d.basis.term) for d in map(embedded.decide, documents) if d.basis and not d.reasons}
    terms = {(each.id, term["id"]) for each in AGREEMENTS for term in each.document["terms"]}
    assert terms - used == {
        ("fi-se-nordic-2026", "missing-persons"),
        ("fi-se-nordic-2026", "registers"),
        ("baltic-nordic-2026", "missing-persons"),
    }


def test_a_wrong_expectation_is_told(embedded: EmbeddedEngine) -> None:
    decision = embedded.decide(golden_input(GOLDEN[0]))
    found = list(differences({"outcome": "refused", "reasons": ["threshold"], "term": "other"}, decision))
    assert len(found) == 3
    assert "reasons: expected threshold, got nothing" in found
