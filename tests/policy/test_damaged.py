"""Data that went bad never gives more: every part of an agreement and of the law around it, made null or odd."""

import copy
import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from agreement_maker import loaded
from policy_samples import agreement
from question_maker import asked

from comity.errors import Unavailable
from comity.policy.agreement import Agreement
from comity.policy.bundle import PolicySet, build
from comity.policy.decision import Decision
from comity.policy.embedded import EmbeddedEngine
from comity.policy.library import vocabulary

ID = "ee-fi-police-2026"
_RANK = {"refused": 0, "review": 1, "permitted": 2}


def rich() -> Agreement:
    """A text of one term that uses whatever a text can say."""
    text = json.loads(json.dumps(dict(agreement(ID).document)))
    term = text["terms"][0]
    term |= {
        "officers": 2,
        "human": {"query.follow_up": "judge"},
        "review": [{"when": "own-national", "role": "judge"}, {"when": "evidence-use", "role": "prosecutor"}],
        "undertakings": ["logging"],
        "special": "strict",
        "vulnerable": "review",
        "automated": "review",
        "confidentiality": "ask-first",
        "partial": "trim",
        "identification": "moderate",
        "requires": ["case", "offence", "nexus", "judicial-authorisation"],
        "scopes": ["individual", "group"],
        "obligations": ["specialty"],
    }
    term["categories"] = ["wanted-persons", "dna-profiles"]
    term["offences"] |= {"min_gravity": "ordinary", "requires": ["organised"], "carve_outs": ["terrorism"]}
    declared = {"excluded_categories": ["dna-profiles"], "excluded_kinds": ["fiscal"], "min_penalty_months": 24}
    return loaded(
        text
        | {
            "terms": [term],
            "scenarios": text["scenarios"][:1],
            "declarations": [{"party": "FI", "article": "Declaration", "own_nationals": "never", **declared}],
            "undertakings": ["breach-notice"],
            "assurances": [{"kind": "no-death-penalty", "when": "capital", "article": "Art. 7(4)"}],
            "reciprocity": "required",
            "transfer": {"basis": "derogation", "article": "Art. 11"},
        }
    )


TEXT = rich()
SOUND = build([TEXT])


def questions() -> list[dict[str, Any]]:
    """Questions to Finland: some permitted, some for a person, and one for each thing that stands in the way."""
    chance = random.Random(20261124)
    usual = asked(chance, TEXT, TEXT.data["terms"][0], 0) | {
        "self": {"country": "FI"},
        "requester": {"country": "EE", "authority": "ppa", "role": "investigator"},
        "action": "query.search",
        "category": "wanted-persons",
        "scope": "individual",
        "urgency": "urgent",
    }
    usual["peer"] = {**usual["peer"], "country": "EE"}
    usual["subject"] = {**usual["subject"], "nationality": "third"}
    approved = {"state": "approved", "role": "judge", "ground": "", "officers": 1}
    changes: list[dict[str, Any]] = [
        {},
        {"action": "query.follow_up"},
        {"action": "query.follow_up", "review": approved},
        {"action": "query.follow_up", "review": {**approved, "role": "desk-officer", "officers": 2}},
        {"category": "dna-profiles"},
        {"necessity": "ordinary", "category": "dna-profiles"},
        {"intended_use": "evidence"},
        {"automated": True},
        {"confidential": True},
        {"onward": True},
        {"undertakings": []},
        {"assurances": []},
        {"identification": "weak"},
        {"authorisation": {"type": "none", "valid": False}},
        {"assistance": "arrest"},
        {"subject": {"category": "victim"}},
        {"subject": {"age_band": "minor"}},
        {"subject": {"vulnerable": True}},
        {"subject": {"nationality": "provider"}},
        {"offence": {"kinds": ["fiscal"]}},
        {"offence": {"kinds": ["military"]}},
        {"offence": {"kinds": ["capital"]}},
        {"offence": {"max_penalty_months": 18}},
        {"offence": {"gravity": "minor"}},
        {"offence": {"organised": False}},
        {"offence": {"bar": "final-judgment"}},
        {"peer": {"reciprocity": "withheld"}},
        {"privilege": {"kind": "lawyer"}},
    ]
    changes[11] = {"assurances": [], "offence": {"kinds": ["capital"]}}
    return [_merged(usual, change) for change in changes]


def _merged(document: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    made = copy.deepcopy(dict(document))
    for key, value in change.items():
        made[key] = {**made[key], **value} if isinstance(value, dict) else value
    return made


ASKED = questions()


def decided(policy_set: PolicySet) -> list[Decision | None]:
    """What comes of each question; None where nothing does."""
    engine = EmbeddedEngine(policy_set, machines=1)
    try:
        return [_decided(engine, each) for each in ASKED]
    finally:
        engine.close()


def _decided(engine: EmbeddedEngine, document: Mapping[str, Any]) -> Decision | None:
    try:
        return engine.decide(document)
    except Unavailable:
        return None


def gives_more(now: Decision | None, before: Decision | None) -> bool:
    if now is None or now.outcome == "refused":
        return False
    if before is None or _RANK[now.outcome] > _RANK[before.outcome]:
        return True
    levels = vocabulary()["levels"]
    return (
        levels[now.disclosure] > levels[before.disclosure]
        or not set(now.fields) <= set(before.fields)
        or not set(now.conditions) >= set(before.conditions)
        or not set(now.obligations) >= set(before.obligations)
        or bool(now.human and before.human and now.human.officers < before.human.officers)
        or now.max_candidates > before.max_candidates
    )


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in inner:
        yield (*path, key)
        yield from places(value, (*path, key))


def damaged(path: tuple[Any, ...], odd: Any) -> PolicySet:
    data = copy.deepcopy(json.loads(SOUND.data_json()))
    node = data["comity"]
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = odd
    return replace(SOUND, data=data)


BEFORE = decided(SOUND)
TEXT_PARTS = [("agreements", ID, *path) for path in places(TEXT.data)]
LAW_PARTS = [
    ("vocabulary", name, *path)
    for name in ("bars", "facts", "gravity", "human_rank", "identification", "levels", "orders", "onward")
    for path in ((), *places(vocabulary()[name]))
] + [
    ("vocabulary", name)
    for name in ("excluded_assistance", "handling", "input", "levels_with_fields", "protected_subjects")
]


def test_the_questions_meet_every_outcome() -> None:
    assert {each.outcome for each in BEFORE if each} == {"permitted", "review", "refused"}
    assert len({code for each in BEFORE if each for code in each.codes}) >= 12


@pytest.mark.parametrize("odd", [None, {"odd": []}], ids=["null", "odd"])
@pytest.mark.parametrize("parts", [TEXT_PARTS, LAW_PARTS], ids=["the text", "the law"])
def test_a_damaged_part_never_gives_more(parts: list[tuple[Any, ...]], odd: Any) -> None:
    assert len(parts) > 40
    found = {
        path
        for path in parts
        for before, after in zip(BEFORE, decided(damaged(path, odd)), strict=True)
        if gives_more(after, before)
    }
    assert found == set()
