"""Generated questions: near what the terms serve, malformed, hostile."""

import copy
import random
from typing import Any

from policy_samples import AGREEMENTS, ASSURED, AUTHORITY, served

from comity.policy import library

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
    {"x": 1}, {"": ""}, {"__proto__": {"x": 1}}, [1, "1", True], "EE\u200b", 2**53, -(2**63), 0.1, 5e-324, "é" * 9000,
    ["x"] * 3000, {str(n): n for n in range(500)}, "a" * 70_000, float("nan"), float("inf"), "\ud800",
    "\U0010ffff", "\u2028",
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
    document = served(chance, chance.choice(AGREEMENTS))
    document["direction"] = chance.choice(["inbound", "outbound"])
    if document["direction"] == "outbound":
        asks, answers = document["peer"]["country"], document["self"]["country"]
        document["self"]["country"], document["peer"]["country"] = asks, answers
    document["subject"]["age_band"] = chance.choice(["adult", "adult", "minor", "unknown"])
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


def nested(depth: int) -> Any:
    """A value so deep that a reader of JSON may run out of stack."""
    value: Any = "x"
    for _ in range(depth):
        value = [value] if depth % 2 else {"x": value}
    return value
