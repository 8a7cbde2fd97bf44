"""The sandbox agreements, and a question between any two of their parties."""

import copy
import json
import random
from pathlib import Path
from typing import Any

from comity.policy.agreement import Agreement, load_agreement
from comity.policy.bundle import build
from comity.policy.scenarios import usual_question

REPO = Path(__file__).resolve().parents[2]
FOLDER = REPO / "policy" / "agreements"
FILES = sorted(FOLDER.glob("*.yaml"))
AGREEMENTS = [load_agreement(path.read_bytes(), path.name) for path in FILES]
POLICY = build(AGREEMENTS)
GOLDEN = [
    case for path in sorted((Path(__file__).parent / "golden").glob("*.json")) for case in json.loads(path.read_text())
]
AUTHORITY = {
    "DE": "bka", "EE": "ppa", "FI": "nbi", "LT": "policija", "LV": "vp", "PL": "kgp", "SE": "polisen", "US": "doj",
}  # fmt: skip
TIME = 1_793_491_200  # 2026-11-01, all sandbox agreements are in force


def agreement(name: str) -> Agreement:
    return next(each for each in AGREEMENTS if each.id == name)


def question(asks: str = "EE", answers: str = "FI", *, direction: str = "inbound", **changed: Any) -> dict[str, Any]:
    """A usual question; `changed` replaces facts, `offence__max_penalty_months=6` inside objects."""
    own, other = (answers, asks) if direction == "inbound" else (asks, answers)
    document: dict[str, Any] = usual_question()
    document |= {
        "direction": direction,
        "time": TIME,
        "self": {"country": own},
        "requester": {"country": asks, "authority": AUTHORITY.get(asks, "police"), "role": "investigator"},
        "category": "wanted-persons",
        "purpose": "criminal-investigation",
    }
    document["peer"]["country"] = other
    document["offence"]["iccs"] = "0701"
    for path, value in changed.items():
        *parents, last = path.split("__")
        node = document
        for parent in parents:
            node = node[parent]
        held = node.get(last)
        node[last] = {**held, **value} if isinstance(held, dict) and isinstance(value, dict) else value
    return document


ASSURED = [{"kind": "no-death-penalty", "status": "given", "expires": 10**12}]


def served(chance: random.Random, agreement: Agreement) -> dict[str, Any]:
    """A question that some term of an agreement serves, whatever the term asks for."""
    term = chance.choice(agreement.data["terms"])
    answers = chance.choice(term["providers"])
    asks = chance.choice([each for each in agreement.parties if each != answers])
    return question(
        asks,
        answers,
        requester={
            "country": asks,
            "authority": chance.choice(agreement.data["authorities"][asks]),
            "role": chance.choice(term["roles"]),
        },
        subject={
            "category": chance.choice(term["subjects"]["categories"]),
            "nationality": chance.choice(sorted({"third", "requester"} & {*term["nationalities"]})),
        },
        offence={
            "max_penalty_months": max(60, term["offences"]["min_penalty_months"]),
            "gravity": "serious",
            **dict.fromkeys(term["offences"]["requires"], True),
        },
        case__proceeding=chance.choice([each for each in term["proceedings"] if each != "none"]),
        authorisation={"type": "judge", "valid": True},
        assurances=[{**ASSURED[0], "kind": each["kind"]} for each in agreement.data["assurances"]],
        necessity="strict",
        urgency="urgent" if "urgent" in term["urgencies"] else "normal",
        **{
            fact: chance.choice(term[key])
            for fact, key in (
                ("action", "actions"), ("category", "categories"), ("purpose", "purposes"), ("channel", "channels"),
                ("assistance", "assistance"), ("aim", "aims"), ("scope", "scopes"),
            )
        },
    )  # fmt: skip


def without(document: dict[str, Any], path: str) -> dict[str, Any]:
    """The document without the fact at a dotted path."""
    changed = copy.deepcopy(document)
    *parents, last = path.split(".")
    node = changed
    for parent in parents:
        node = node[parent]
    del node[last]
    return changed


def golden_input(case: dict[str, Any]) -> dict[str, Any]:
    basis = {"agreement": case.get("basis", ""), "digest": ""}
    document = question(case["asks"], case["answers"], direction=case.get("direction", "inbound"), basis=basis)
    for path, value in case["input"].items():
        *parents, last = path.split("__")
        node = document
        for parent in parents:
            node = node[parent]
        node[last] = value
    return document
