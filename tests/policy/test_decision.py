"""A decision is parsed strictly: whatever is not exactly of the known form is no decision."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from policy_samples import question

from comity.errors import Unavailable
from comity.policy import library
from comity.policy.decision import Condition, parse_decision
from comity.policy.embedded import EmbeddedEngine

PERMITTED: dict[str, Any] = {
    "outcome": "permitted",
    "disclosure": "core",
    "fields": ["name"],
    "withheld": [],
    "conditions": [{"attribute": "minor", "operator": "ne", "value": True}],
    "obligations": ["specialty"],
    "handling": ["H0"],
    "retention": "P1D",
    "limits": {"per_day": 1, "max_candidates": 1},
    "human": None,
    "reasons": [],
    "basis": {"agreement": "a", "revision": 1, "term": "t", "article": "Art. 1", "digest": "00"},
    "fault": None,
}
REASON = {"code": "threshold", "article": "Art. 1", "message": "m", "remedy": "r"}
REFUSED = PERMITTED | {"outcome": "refused", "disclosure": "none", "fields": [], "reasons": [REASON]}


def test_well_formed() -> None:
    decision = parse_decision(PERMITTED)
    assert decision.conditions == (Condition("minor", "ne", True),)
    assert decision.basis is not None
    assert decision.basis.term == "t"
    assert parse_decision(REFUSED).codes == ("threshold",)


@pytest.mark.parametrize(
    "change",
    [
        {"outcome": "allowed"},
        {"outcome": True},
        {"outcome": "review"},
        {"disclosure": "everything"},
        {"fields": ["ethnicity"]},
        {"fields": "name"},
        {"obligations": ["be-nice"]},
        {"handling": ["H9"]},
        {"conditions": [{"attribute": "colour", "operator": "eq", "value": "x"}]},
        {"conditions": [{"attribute": "minor", "operator": "like", "value": "x"}]},
        {"conditions": [{"attribute": "minor", "operator": "eq"}]},
        {"conditions": [{"attribute": "minor", "operator": "eq", "value": {"x": 1}}]},
        {"conditions": None},
        {"limits": {"per_day": -1, "max_candidates": 1}},
        {"limits": {"per_day": True, "max_candidates": 1}},
        {"limits": {"per_day": 1}},
        {"human": {"role": "judge", "deadline": "PT1H", "officers": 1}},
        {"human": {"role": "", "deadline": "PT1H", "officers": 1}, "outcome": "review"},
        {"reasons": [REASON]},
        {"basis": None},
        {"basis": {"agreement": "a", "revision": 1, "term": "", "article": "x", "digest": "00"}},
        {"fault": "broken"},
        {"retention": None},
        {"retention": ""},
        {"extra": 1},
    ],
)
def test_odd_permissions_are_none(change: dict[str, Any]) -> None:
    with pytest.raises(Unavailable):
        parse_decision(PERMITTED | change)


@pytest.mark.parametrize(
    "change",
    [
        {"reasons": []},
        {"disclosure": "hit"},
        {"fields": ["name"]},
        {"reasons": [REASON | {"article": ""}]},
        {"reasons": [REASON | {"remedy": ""}]},
        {"reasons": [REASON | {"extra": "x"}]},
    ],
)
def test_odd_refusals_are_none(change: dict[str, Any]) -> None:
    with pytest.raises(Unavailable):
        parse_decision(REFUSED | change)


@pytest.mark.parametrize("raw", [None, True, "true", {}, [], 1, [PERMITTED]])
def test_no_document_is_no_decision(raw: object) -> None:
    with pytest.raises(Unavailable):
        parse_decision(raw)


@pytest.mark.parametrize("key", sorted(PERMITTED))
def test_no_key_may_lack(key: str) -> None:
    raw = copy.deepcopy(PERMITTED)
    del raw[key]
    with pytest.raises(Unavailable):
        parse_decision(raw)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(sorted(PERMITTED)),
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.lists(st.text(max_size=3), max_size=2),
)
def test_parsing_never_raises_anything_else(key: str, value: object) -> None:
    try:
        parse_decision(PERMITTED | {key: value})
    except Unavailable:
        return
    assert PERMITTED[key] == value or key in (
        "fields",
        "conditions",
        "obligations",
        "handling",
        "retention",
        "withheld",
    )


def test_engine_output_is_of_the_schema(embedded: EmbeddedEngine) -> None:
    validator = Draft202012Validator(library.schema("decision"))
    for document in (question(), question(offence__max_penalty_months=6), question(subject__age_band="minor"), {}):
        validator.validate(embedded.decide_raw(document))
