"""OPA is the authority: the embedded engine gives the very decision that a real OPA server gives.

On golden cases, scenarios, generated questions (sound, malformed, hostile), and on data that no checked agreement
can hold. A construct on which they would differ is not used in the library.
"""

import copy
import json
import random
from dataclasses import replace
from typing import Any

import pytest
from policy_samples import AGREEMENTS, ASSURED, AUTHORITY, GOLDEN, POLICY, golden_input, question

from comity.errors import ComityError
from comity.policy import library
from comity.policy.embedded import EmbeddedEngine
from comity.policy.engine import BaseEngine
from comity.policy.opa_server import OpaProcess
from comity.policy.scenarios import scenario_input

ROWS = library.data()["comity"]["vocabulary"]["input"]
TERMS = [term for each in AGREEMENTS for term in each.document["terms"]]
POOL: dict[str, list[Any]] = {
    "action": sorted({word for term in TERMS for word in term["actions"]}),
    "time": [0, 1, 1_772_323_199, 1_772_323_200, 1_930_089_599, 1_930_089_600, 10**12],
    "self.country": [*AUTHORITY, "DK"],
    "peer.country": [*AUTHORITY, "DK"],
    "requester.country": [*AUTHORITY],
    "requester.authority": [*AUTHORITY.values(), "prosecutor", "prokuratura"],
    "requester.role": ["investigator", "prosecutor", "desk-officer"],
    "category": sorted({word for term in TERMS for word in term["categories"]}),
    "purpose": sorted({word for term in TERMS for word in term["purposes"]}),
    "offence.max_penalty_months": [0, 3, 11, 12, 23, 24, 35, 36, 48, 1200],
    "offence.list_category": ["", "fraud", "murder", "laundering"],
    "offence.iccs": ["", "0701", "0502", "1001", "0901"],
    "offence.kinds": [[], ["political"], ["military", "fiscal"], ["capital"]],
    "authorisation.type": ["none", "judge", "prosecutor", "court"],
    "assurances": [[], ASSURED, [{**ASSURED[0], "status": "breached"}], [{**ASSURED[0], "expires": 1}]],
    "language": ["", "en", "fi", "xx"],
    "offence.code": ["", "EE:209", "FI:36-1"],
    "ask.fields": [[], ["name"], ["name", "address"]],
    "ask.max_candidates": [0, 1, 5, 11, 1000],
    "ask.keep_days": [0, 1, 90, 181, 3650],
    "undertakings": [[], ["logging"], library.vocabulary()["undertakings"]],
    "review.role": ["", "desk-officer", "judge", "minister"],
    "review.officers": [0, 1, 2],
    "basis.agreement": ["", *(each.id for each in AGREEMENTS)],
    "basis.digest": ["", *(each.digest for each in AGREEMENTS)],
}
HOSTILE: list[Any] = [
    None, True, False, 0, -1, 1.5, 1e300, -1e300, 2**53 + 1, 10**40, -(10**40), "", "0", "true", "null", "a" * 4000,
    "Ää€😀", "e\u0301", "\u0000", "\u202e", '"}]', "\\", "../..", "{}", "%s", "${x}", [], [[]], ["x"], [None], {},
    {"x": 1}, {"": ""}, {"__proto__": {"x": 1}}, [1, "1", True], "EE\u200b",
]  # fmt: skip


def place(document: dict[str, Any], path: list[str], value: Any) -> None:
    node: Any = document
    for key in path[:-1]:
        node = node.get(key) if isinstance(node, dict) else None
        if not isinstance(node, dict):
            return
    node[path[-1]] = value


def sound(chance: random.Random) -> dict[str, Any]:
    """A question that some term serves, then up to five facts changed."""
    agreement = chance.choice(AGREEMENTS)
    term = chance.choice(agreement.document["terms"])
    answers, asks = chance.sample(agreement.parties, 2)
    ages = ["adult", "adult", "minor", "unknown"]
    authority = chance.choice(agreement.document["authorities"][asks])
    document = question(
        asks,
        answers,
        direction=chance.choice(["inbound", "outbound"]),
        action=chance.choice(term["actions"]),
        category=chance.choice(term["categories"]),
        purpose=chance.choice(term["purposes"]),
        requester={"country": asks, "authority": authority, "role": chance.choice(term["roles"])},
        subject={"category": chance.choice(term["subjects"]["categories"]), "age_band": chance.choice(ages)},
        authorisation={"type": "judge", "valid": True},
    )
    for _ in range(chance.randrange(6)):
        row = chance.choice(ROWS)
        values = POOL.get(".".join(row["path"])) or row.get("of") or [True, False]
        place(document, row["path"], copy.deepcopy(chance.choice(values)))
    return document


def hostile(chance: random.Random) -> dict[str, Any]:
    document = sound(chance)
    for _ in range(chance.randrange(1, 4)):
        path = chance.choice(ROWS)["path"]
        match chance.randrange(4):
            case 0:
                place(document, path[: chance.randrange(1, len(path) + 1)], copy.deepcopy(chance.choice(HOSTILE)))
            case 1:
                place(
                    document,
                    [*path[:-1], chance.choice(["x", "", "Ä", "direction", "__proto__"])],
                    chance.choice(HOSTILE),
                )
            case 2:
                document.pop(path[0], None)
            case _:
                place(document, path, copy.deepcopy(chance.choice(HOSTILE)))
    return document


def result(engine: BaseEngine, document: dict[str, Any]) -> Any:
    """The decision as canonical text, or the class of the error."""
    try:
        return json.dumps(engine.decide_raw(document), sort_keys=True)
    except ComityError as error:
        return type(error).__name__


def check(engines: tuple[BaseEngine, BaseEngine], documents: list[dict[str, Any]]) -> list[Any]:
    found = []
    for document in documents:
        ours, theirs = (result(engine, document) for engine in engines)
        assert ours == theirs, json.dumps(document)
        found.append(ours)
    return found


@pytest.fixture(scope="module")
def engines(embedded: EmbeddedEngine, opa_process: OpaProcess) -> tuple[BaseEngine, BaseEngine]:
    return embedded, opa_process


def test_golden_cases_and_scenarios(engines: tuple[BaseEngine, BaseEngine]) -> None:
    documents = [scenario_input(each, scenario) for each in AGREEMENTS for scenario in each.scenarios]
    check(engines, documents + [golden_input(case) for case in GOLDEN])


def test_sound_questions(engines: tuple[BaseEngine, BaseEngine]) -> None:
    chance = random.Random(20261124)
    found = check(engines, [sound(chance) for _ in range(1200)])
    outcomes = [json.loads(each)["outcome"] for each in found]
    assert min(outcomes.count(word) for word in ("permitted", "refused", "review")) > 20


def test_hostile_questions(engines: tuple[BaseEngine, BaseEngine]) -> None:
    chance = random.Random(42)
    found = check(engines, [hostile(chance) for _ in range(1000)])
    assert sum('"refused"' in each for each in found) > 500


@pytest.mark.parametrize("document", [{}, {"input": {}}, {"": {}}, {"direction": "inbound"}])
def test_strangers(engines: tuple[BaseEngine, BaseEngine], document: dict[str, Any]) -> None:
    check(engines, [document])


def test_desk(engines: tuple[BaseEngine, BaseEngine]) -> None:
    embedded, opa = engines
    methods = ["/comity.v1.DeskService/Ask", "/comity.v1.DeskService/GetStatus", "/x", ""]
    for roles in (
        [],
        ["investigator"],
        ["auditor"],
        ["operator", "prosecutor"],
        ["x"],
        "investigator",
        None,
        [["investigator"]],
    ):
        for method in [*methods, None, 1]:
            document = {"roles": roles, "method": method}
            assert embedded.desk(document) == opa.desk(document), document


def broken_data(chance: random.Random) -> dict[str, Any]:
    """The data document with one part missing or odd somewhere in an agreement or in the library's own tables."""
    data = json.loads(POLICY.data_json())
    node: Any = data["comity"]
    path = [
        chance.choice(["agreements", "agreements", "agreements", "vocabulary", "catalogue", "offences", "expected"])
    ]
    for key in path:
        parent, node = node, node[key]
    while isinstance(node, (dict, list)) and node and chance.random() < 0.85:
        key = chance.choice(list(node) if isinstance(node, dict) else range(len(node)))
        parent, node = node, node[key]
        path.append(key)
    if chance.random() < 0.5:
        del parent[path[-1]]
    else:
        parent[path[-1]] = copy.deepcopy(chance.choice(HOSTILE[:30]))
    return data


@pytest.mark.parametrize("seed", range(20))
def test_broken_data(opa_binary: str, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    monkeypatch.setenv("COMITY_OPA", opa_binary)
    chance = random.Random(seed)
    policy = replace(POLICY, data=broken_data(chance))
    opa = OpaProcess.start(policy)
    embedded = EmbeddedEngine(policy, machines=1)
    try:
        check((embedded, opa), [sound(chance) for _ in range(25)] + [golden_input(case) for case in GOLDEN[:8]])
    finally:
        opa.close()
        embedded.close()
