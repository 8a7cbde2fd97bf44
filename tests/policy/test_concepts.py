"""Each of the 70 legal concepts does something: a question it lets through, and one it stops.

`policy/CONCEPTS.md` says which part of schema, input and Rego carries it; that table is held against all three.
"""

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from policy_samples import REPO

from comity.policy import library
from comity.policy.agreement import load_agreement, unix_day
from comity.policy.bundle import build
from comity.policy.decision import Decision
from comity.policy.embedded import EmbeddedEngine
from comity.policy.scenarios import usual_question

HERE = Path(__file__).parent / "concepts"
CASES = yaml.safe_load((HERE / "cases.yaml").read_text())
NUMBERS = {"min_penalty_months", "listed_min_penalty_months", "max_candidates", "per_day", "officers", "revision"}
ROW = re.compile(r"^\| (\d+) \| (.+?) \| (policy|fact|obligation|human) \| (.+?) \| (.+?) \|$", re.MULTILINE)
TABLE = ROW.findall((REPO / "policy" / "CONCEPTS.md").read_text())


def put(document: dict[str, Any], changes: dict[str, Any]) -> None:
    """Set dotted paths; None takes a part out. An action such as `query.search` is never part of a path here."""
    for path, value in changes.items():
        *parents, last = path.split(".")
        node = document
        for parent in parents:
            node = node[parent]
        if value is None:
            node.pop(last, None)
        else:
            node[last] = copy.deepcopy(value)


def treaty(*changes: dict[str, Any]) -> Any:
    document = yaml.safe_load((HERE / "treaty.yaml").read_text())
    for change in changes:
        for path, value in change.items():
            part = document["terms"][0] if path.startswith("term.") else document
            put(part, {path.removeprefix("term."): value})
    return load_agreement(json.dumps(document, default=str).encode(), "treaty.yaml")


def question(*changes: dict[str, Any]) -> dict[str, Any]:
    document = usual_question()
    put(document, {
        "time": unix_day("2026-11-01"),
        "self.country": "AA",
        "peer.country": "BB",
        "requester": {"country": "BB", "authority": "police", "role": "investigator"},
        "category": "wanted-persons",
        "purpose": "criminal-investigation",
    })  # fmt: skip
    for change in changes:
        put(document, change)
    if not isinstance(document["time"], int):
        document["time"] = unix_day(str(document["time"]))
    return document


def decide(case: dict[str, Any], side: str) -> Decision:
    agreement = treaty(case.get("text", {}), case.get(f"{side}_text", {}))
    law = {"AA": {"iccs": ["0701"], "list": ["fraud"]}}
    engine = EmbeddedEngine(build([agreement], offences=law), machines=1)
    try:
        return engine.decide(question(case.get("facts", {}), case[side]))
    finally:
        engine.close()


def test_every_concept_has_its_cases() -> None:
    assert [case["concept"] for case in CASES] == list(range(1, 71))
    assert {case["code"] for case in CASES} <= {entry["code"] for entry in library.catalogue().values()}


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["concept"]))
def test_a_concept_lets_through_and_stops(case: dict[str, Any]) -> None:
    permitted, refused = decide(case, "permit"), decide(case, "deny")
    assert permitted.outcome == "permitted", permitted.reasons
    for part, value in case.get("gives", {}).items():
        shown = getattr(permitted, part)
        assert shown == value or value in shown, (part, shown)
    assert refused.outcome == "refused"
    assert case["code"] in refused.codes, refused.reasons
    assert all(reason.article and reason.message and reason.remedy for reason in refused.reasons)


def test_the_table_names_every_concept_and_only_what_is_there() -> None:
    assert [int(number) for number, *_ in TABLE] == list(range(1, 71))
    listed = {rule for *_, where, _ in TABLE for rule in re.findall(r"`rules/([a-z_]+)`", where)}
    assert listed == set(library.data()["comity"]["expected"])
    for number, _, how, where, _ in TABLE:
        names = re.findall(r"`([^`]+)`", where)
        assert names, number
        for name in names:
            assert exists(name), (number, name)
        if how == "human":
            assert roles(where), number
        if how == "obligation":
            assert any(name.startswith(("undertaking:", "obligation:")) for name in names), number


def test_the_table_says_the_codes_of_the_cases() -> None:
    for case, (number, *_, codes) in zip(CASES, TABLE, strict=True):
        assert case["code"] in re.findall(r"`([a-z_]+)`", codes), number


def roles(where: str) -> set[str]:
    return set(re.findall(r"`role:([a-z-]+)`", where)) & set(library.vocabulary()["human_rank"])


def exists(name: str) -> bool:
    """Whether a name of the table is a rule folder, a part of the agreement schema, a fact, a word."""
    kind, _, rest = name.partition(":")
    schema = library.schema("agreement")
    words = {"obligation": "obligation", "undertaking": "undertaking", "role": "human", "fact": "fact"}
    if kind in words:
        return rest in schema["$defs"][words[kind]]["enum"]
    known = {
        "input": {".".join(row["path"]) for row in library.vocabulary()["input"]},
        "review": {entry["code"] for entry in library.catalogue().values()},
        "package": {path.name for path in (REPO / "policy" / "comity").iterdir() if path.is_dir()},
    }
    if kind in known:
        return rest in known[kind]
    return name.startswith("rules/") or part_of(schema, name)


def part_of(schema: dict[str, Any], name: str) -> bool:
    node = schema["$defs"]["term"] if name.startswith("term.") else schema
    for key in name.removeprefix("term.").split("."):
        node = node.get("properties", node.get("items", {}).get("properties", {})).get(key)
        if node is None:
            return False
    return True
