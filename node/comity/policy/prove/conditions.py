"""Conditions over a question and its decision: what invariants are made of. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from comity.policy import library
from comity.policy.prove.facts import facts, value_of

COUNTRIES = ("provider", "requester")


@dataclass(frozen=True)
class Clause:
    """One test of a fact, a country or a part of the decision.

    `how`: `in` (any of the values), `at-least`, `at-most` (numbers and disclosure levels), `contains` (every value is
    a member; for assurances every row pattern fits one row), `contains-any`.
    """

    what: str
    how: str
    values: tuple[Any, ...]


@dataclass(frozen=True)
class All:
    """Every part holds."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True)
class Any_:  # noqa: N801  `Any` is taken
    """At least one part holds."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True)
class Not:
    """The part does not hold."""

    part: "Condition"


Condition = Clause | All | Any_ | Not


@dataclass(frozen=True)
class Pattern:
    """A row of assurances as a condition names it: words for kind and status, and whether it must still run."""

    kind: tuple[str, ...] | None
    status: tuple[str, ...] | None
    running: bool

    def fits(self, row: Mapping[str, Any], time: float) -> bool:
        """Whether a row is meant."""
        return (
            (self.kind is None or row["kind"] in self.kind)
            and (self.status is None or row["status"] in self.status)
            and (not self.running or row["expires"] > time)
        )


def tests(condition: Condition) -> Iterator[Clause]:
    """Yield every test in a condition."""
    match condition:
        case Clause():
            yield condition
        case All(parts) | Any_(parts):
            for part in parts:
                yield from tests(part)
        case Not(part):
            yield from tests(part)


def holds(condition: Condition, document: Mapping[str, Any], decision: Mapping[str, Any]) -> bool:
    """Whether a condition holds of a question and the decision that an engine gave."""
    return judge(condition, lambda test: _one(test, document, decision))


def judge(condition: Condition, of: Callable[[Clause], bool]) -> bool:
    """Return the truth of a condition from that of its tests."""
    match condition:
        case All(parts):
            return all(judge(part, of) for part in parts)
        case Any_(parts):
            return any(judge(part, of) for part in parts)
        case Not(part):
            return not judge(part, of)
        case Clause():
            return of(condition)


def _one(test: Clause, document: Mapping[str, Any], decision: Mapping[str, Any]) -> bool:
    if test.what == "assurances":
        rows, time = document["assurances"], document["time"]
        fitting = [any(pattern.fits(row, time) for row in rows) for pattern in test.values]
        return any(fitting) if test.how == "contains-any" else all(fitting)
    value = _value(test.what, document, decision)
    match test.how:
        case "contains":
            return all(each in value for each in test.values)
        case "contains-any":
            return any(each in value for each in test.values)
        case "in":
            return any(value == each and type(value) is type(each) for each in test.values)
    bound, least = test.values[0], test.how == "at-least"
    if test.what == "decision.disclosure":
        value, bound = level(value), level(bound)
    return bool(value >= bound if least else value <= bound)


def level(name: str) -> int:
    """Return how much a disclosure level lets out, none being 0."""
    return int(library.data()["comity"]["vocabulary"]["levels"][name])


def _value(what: str, document: Mapping[str, Any], decision: Mapping[str, Any]) -> Any:
    if what in facts():
        return value_of(document, what)
    if what in COUNTRIES:
        inbound = document["direction"] == "inbound"
        return document["self" if inbound == (what == "provider") else "peer"]["country"]
    key = what.removeprefix("decision.")
    if key == "fault":
        return decision["fault"] is not None
    if key in ("agreement", "term"):
        return decision["basis"] and decision["basis"][key]
    if key == "human":
        return decision["human"] and decision["human"]["role"]
    return decision[key]
