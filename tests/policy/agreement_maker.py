"""Agreements made at random from the JSON Schema, then made coherent; and small changes to them."""

import copy
import json
import random
from collections.abc import Callable
from typing import Any

from comity.policy import library
from comity.policy.agreement import Agreement, load_agreement

SCHEMA = library.schema("agreement")
PARTIES = ["EE", "FI", "LV", "SE", "NO"]
AUTHORITIES = ["police", "prosecutor", "court", "customs"]
LANGUAGES = ["en", "et", "fi", "sv", "fr", "de"]
DURATIONS = ["PT8H", "PT48H", "P1D", "P2W", "P30D", "P6M", "P1Y", "P3Y"]
DAYS = ["2025-01-01", "2026-01-15", "2026-03-01", "2031-03-01", "2036-01-01"]
ARTICLES = ["Art. 1", "Art. 2(1)", "Art. 3(b)", "Annex"]
BY_NAME: dict[str, list[str]] = {
    "country": PARTIES,
    "code": AUTHORITIES,
    "language": LANGUAGES,
    "duration": DURATIONS,
    "date": DAYS,
    "article": ARTICLES,
}


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema without its reference."""
    if "$ref" not in schema:
        return schema
    name = schema["$ref"].removeprefix("#/$defs/")
    return {**SCHEMA["$defs"][name], **({"enum": BY_NAME[name]} if name in BY_NAME else {})}


def value(chance: random.Random, schema: dict[str, Any]) -> Any:
    """Any value that a schema allows."""
    schema = resolved(schema)
    if "anyOf" in schema:
        return value(chance, chance.choice(schema["anyOf"]))
    return chance.choice(schema["enum"]) if "enum" in schema else _MAKERS[schema["type"]](chance, schema)


def number(chance: random.Random, schema: dict[str, Any]) -> int:
    least, most = schema["minimum"], schema["maximum"]
    return chance.choice([least, most, chance.randint(least, min(most, 60))])


def entries(chance: random.Random, schema: dict[str, Any]) -> dict[str, Any]:
    required = schema.get("required", [])
    return {
        key: value(chance, inner)
        for key, inner in schema.get("properties", {}).items()
        if key in required or chance.random() < 0.6
    }


def members(chance: random.Random, schema: dict[str, Any]) -> list[Any]:
    inner = resolved(schema["items"])
    least = schema.get("minItems", 0)
    if "enum" in inner:
        return chance.sample(inner["enum"], chance.randint(least, len(inner["enum"])))
    made = [value(chance, inner) for _ in range(chance.randint(least, 2))]
    return [each for index, each in enumerate(made) if each not in made[:index]]


_MAKERS: dict[str, Callable[[random.Random, dict[str, Any]], Any]] = {
    "integer": number,
    "boolean": lambda chance, _schema: chance.random() < 0.5,
    "string": lambda chance, _schema: chance.choice(["one", "two", "three and more", "d'État, (1) «quoted»"]),
    "array": members,
    "object": entries,
}


def document(chance: random.Random, name: str = "made") -> dict[str, Any]:
    """A whole agreement that fits together."""
    made = value(chance, SCHEMA)
    made["agreement"] = name
    made["parties"] = chance.sample(PARTIES, chance.choice([2, 2, 3]))
    signed, in_force, until = sorted(chance.sample(DAYS, 3))
    made["instrument"] |= {"signed": signed, "in_force": in_force, "until": until}
    made["authorities"] = {party: some(chance, AUTHORITIES) for party in made["parties"]}
    made["languages"] = {party: some(chance, LANGUAGES) for party in made["parties"]}
    made["scenarios"] = [scenario(chance, index) for index in range(chance.randint(1, 2))]
    grounds = {each if isinstance(each, str) else each["ground"]: each for each in made["refusals"]}
    made["refusals"] = list(grounds.values())
    made["declarations"] = [{**each, "party": chance.choice(made["parties"])} for each in made.get("declarations", [])]
    for index, term in enumerate(made["terms"]):
        term["id"] = f"term-{index}"
        term["providers"] = some(chance, made["parties"])
        per_action(chance, term)
        fit(term)
    return made


def per_action(chance: random.Random, term: dict[str, Any]) -> None:
    """Say anew what leaves at each action and who confirms."""
    term["disclosure"] = {action: value(chance, {"$ref": "#/$defs/level"}) for action in term["actions"]}
    confirmed = [action for action in term["actions"] if chance.random() < 0.3]
    term["human"] = {action: value(chance, {"$ref": "#/$defs/human"}) for action in confirmed}


def fit(term: dict[str, Any]) -> None:
    """Make the parts of a term fit together, without touching what fits already."""
    term["disclosure"] = {action: term["disclosure"].get(action, "hit") for action in term["actions"]}
    term["human"] = {action: role for action, role in term.get("human", {}).items() if action in term["actions"]}
    term["fields"] = term["fields"] or ["name"]
    term.setdefault("deadline", {"urgent": "PT8H", "normal": "P7D"})
    if term["offences"]["dual_criminality"] == "unless-listed":
        term["offences"].setdefault("listed_min_penalty_months", 36)
    else:
        term["offences"].pop("listed_min_penalty_months", None)


def scenario(chance: random.Random, index: int) -> dict[str, Any]:
    expect = value(chance, SCHEMA["properties"]["scenarios"]["items"]["properties"]["expect"])
    facts = chance.choice([{}, {"category": "wanted-persons"}, {"offence": {"max_penalty_months": 6}, "nexus": False}])
    return {"name": f"case {index}", "input": facts, "expect": expect}


def some(chance: random.Random, choices: list[str]) -> list[str]:
    return chance.sample(choices, chance.randint(1, len(choices)))


def loaded(made: dict[str, Any]) -> Agreement:
    """The agreement of a document, through the same door as a file (JSON is YAML)."""
    return load_agreement(json.dumps(made, ensure_ascii=False).encode(), "made.yaml")


def changed(chance: random.Random, made: dict[str, Any], times: int = 1) -> dict[str, Any]:
    """A copy with a few parts made anew."""
    other = copy.deepcopy(made)
    for _ in range(times):
        change(chance, other)
    for term in other["terms"]:
        fit(term)
    return other


def change(chance: random.Random, other: dict[str, Any]) -> None:
    where = chance.random()
    if where < 0.7:
        term = chance.choice(other["terms"])
        schema = SCHEMA["$defs"]["term"]["properties"]
        key = chance.choice([key for key in schema if key not in ("id", "providers", "disclosure", "human")])
        if key in ("subjects", "offences", "limits") and chance.random() < 0.8:
            inner = chance.choice(sorted(schema[key]["properties"]))
            term[key][inner] = value(chance, schema[key]["properties"][inner])
        else:
            term[key] = value(chance, schema[key])
    elif where < 0.8:
        term = chance.choice(other["terms"])
        term["providers"] = some(chance, other["parties"])
        per_action(chance, term)
    elif where < 0.9:
        keys = ("undertakings", "assurances", "reciprocity", "transfer", "onward_transfer", "survival", "declarations")
        key = chance.choice(keys)
        other[key] = value(chance, SCHEMA["properties"][key])
        other["declarations"] = [
            {**each, "party": chance.choice(other["parties"])} for each in other.get("declarations", [])
        ]
    else:
        rest(chance, other)


def rest(chance: random.Random, other: dict[str, Any]) -> None:
    party = chance.choice(other["parties"])
    chance.choice(
        [
            lambda: other["authorities"].update({party: some(chance, AUTHORITIES)}),
            lambda: other["languages"].update({party: some(chance, LANGUAGES)}),
            lambda: other["instrument"].update(provisional=not other["instrument"]["provisional"]),
            lambda: other["instrument"].update(name="another name"),
            lambda: other.update(title="another title"),
            lambda: other.update(refusals=other["refusals"][1:]),
            lambda: other["scenarios"].append({"name": "new", "input": {}, "expect": {"outcome": "refused"}}),
            lambda: other.update(terms=other["terms"][1:] or other["terms"]),
        ]
    )()
