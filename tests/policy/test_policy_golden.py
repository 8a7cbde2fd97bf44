"""Golden cases over the sandbox agreements, and the scenarios that travel with them."""

from typing import Any

import pytest
from policy_samples import AGREEMENTS, AUTHORITY, GOLDEN, golden_input

from comity.policy.embedded import EmbeddedEngine
from comity.policy.scenarios import differences, run_scenarios


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


def test_every_term_permits_one_scenario_and_refuses_another(embedded: EmbeddedEngine) -> None:
    outcomes: dict[tuple[str, str], set[str]] = {
        (each.id, term["id"]): set() for each in AGREEMENTS for term in each.document["terms"]
    }
    for result in run_scenarios(AGREEMENTS, embedded):
        if basis := result.decision.basis:
            outcomes[basis.agreement, basis.term].add(result.decision.outcome)
    assert {term for term, found in outcomes.items() if "refused" not in found or len(found) < 2} == set()


def test_the_set_has_every_kind_of_agreement() -> None:
    documents = {each.id: each.document for each in AGREEMENTS}
    assert {country for each in AGREEMENTS for country in each.parties} == set(AUTHORITY)
    bases = {each["transfer"]["basis"] for each in documents.values() if "transfer" in each}
    assert bases == {"intra-union", "safeguards", "derogation"}
    assert [name for name, each in documents.items() if each["instrument"]["provisional"]] == ["ee-lv-police-2026"]
    assert sum(each.multilateral for each in AGREEMENTS) == 3
    for each in documents.values():
        assert each["title"].endswith("(sandbox text)")


def test_a_wrong_expectation_is_told(embedded: EmbeddedEngine) -> None:
    decision = embedded.decide(golden_input(GOLDEN[0]))
    found = list(differences({"outcome": "refused", "reasons": ["threshold"], "term": "other"}, decision))
    assert len(found) == 3
    assert "reasons: expected threshold, got nothing" in found
