"""What a part of the policy reads is found in OPA's syntax tree, and what cannot be followed is named."""

from functools import cache
from typing import Any

import pytest

from comity.policy import library
from comity.policy.opa_tool import parse_modules
from comity.policy.prove.dependencies import dependencies
from comity.policy.prove.facts import named
from comity.policy.prove.places import Place
from comity.policy.prove.sources import loads

NOWHERE = Place({}, "", "", library.data())


def part(opa: str, body: str, more: str = "") -> dict[str, Any]:
    """What a national module with one denial reads."""
    text = f"""package comity.national.ours

import data.comity.candidates
import data.comity.release

deny contains {{"code": "threshold", "article": "x", "detail": "y"}} if {{
{body}
}}
{more}
"""
    ours = parse_modules(opa, {"comity/national/ours/ours.rego": text})
    return dependencies([*shipped(opa), *ours], library.data())["national.ours.x"]


@cache
def shipped(opa: str) -> list[dict[str, Any]]:
    return parse_modules(opa, library.rego_under("comity"))


def read(found: dict[str, Any]) -> set[str]:
    return {name for form in found["reads"] for name in named(loads(form), NOWHERE)}


@pytest.mark.parametrize(
    ("body", "more", "facts"),
    [
        ("input.nexus", "", {"nexus"}),
        ("not input.nexus\n input.time > 3", "", {"nexus", "time"}),
        ("x := input.offence\n x.gravity == y\n y := input.scope", "", {"offence.gravity", "scope"}),
        ("_far(input.case)", '_far(case) if case.proceeding == "trial"', {"case.proceeding"}),
        ("_far", '_far if "fiscal" in input.offence.kinds\n_far := true if input.onward', {"offence.kinds", "onward"}),
        ("_far.x", '_far := {"x": input.summary, "y": input.onward}', {"summary", "onward"}),
        ("some kind in input.offence.kinds\n kind in {k | some k in input.undertakings}", "",
         {"offence.kinds", "undertakings"}),
        ("every row in input.assurances { row.expires > input.time }", "",
         {"assurances", "assurances.expires", "time"}),
        ("object.get(input, data.comity.vocabulary.facts.case, false)", "", {"case.present"}),
        ("some key, held in candidates.considered\n input.category in held.term.categories", "", {"category"}),
        ("candidates.provider == input.requester.country", "", {"requester.country"}),
        ("some key, held in candidates.considered\n release.level(held.term) > 2", "", {"action"}),
        ("role := input.channel\n role == input.urgency", "role := input.nexus", {"channel", "urgency"}),
        ("x := 1 if input.nexus\n x == 1", "", None),
    ],
)  # fmt: skip
def test_every_fact_is_found(opa_binary: str, body: str, more: str, facts: set[str] | None) -> None:
    if facts is None:
        with pytest.raises(Exception, match="cannot be read"):
            part(opa_binary, body, more)
        return
    found = part(opa_binary, body, more)
    assert read(found) == facts
    assert found["problems"] == []


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("count(input.offence.kinds) > 1", "counts members"),
        ("count([1 | some kind in input.offence.kinds]) == 2", "counts members"),
        ('concat("-", [input.category, "x"]) == "a-x"', "puts together"),
        ('input.category < "m"', "by size what is no number"),
        ("input.time + 1 > 5", "puts together"),
        ('input.ask.fields[0] == "name"', "place of a member"),
        ('some at\n input.ask.fields[at] == "name"\n at == 1', "place of a member"),
        ('contains(input.category, "dna")', "`contains` of facts"),
        ('sort(input.ask.fields)[0] == "a"', "place of a member"),
        ('array.slice(input.ask.fields, 0, 1) == ["a"]', "`array.slice` of facts"),
        ("max({input.time, 4}) > 5", "`max` of facts"),
        ("input.nexus with input as {}", "`with` changes"),
        ("count(candidates.considered) > 1\n input.nexus", "several candidates"),
        (
            "some a, x in candidates.considered\n some b, y in candidates.considered\n a != b\n x.term == y.term",
            "several",
        ),
        ("walk(input, [path, true])\n count(path) > 3", "cannot be followed"),
    ],
)
def test_what_cannot_be_followed_is_named(opa_binary: str, body: str, problem: str) -> None:
    found = part(opa_binary, body)
    assert any(problem in each for each in found["problems"]), found["problems"]


def test_every_part_of_the_library_can_be_followed() -> None:
    parts = library.dependencies()
    assert {name: part["problems"] for name, part in parts.items() if part["problems"]} == {}
    rules = {name.split(".")[1] for name in parts if name.startswith("rules.")}
    assert rules == set(library.data()["comity"]["expected"])
    assert {name.partition(".")[0] for name in parts} == {
        "rules",
        "fired",
        "roles",
        "release",
        "rank",
        "all",
        "considered",
    }
