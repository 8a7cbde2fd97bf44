"""The cases of a decision as formulas: when each stands, and what a decision says in it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import z3

from comity.policy.prove.conditions import Clause, Condition, level
from comity.policy.prove.encode import NO, YES, Encoder, Formula
from comity.policy.prove.facts import DIRECTION
from comity.policy.prove.model import UNDEFINED, Candidate, Model

WAYS = ("inbound", "outbound")


@dataclass(frozen=True)
class Case:
    """A case of a decision: `nothing` considered, or under a candidate `released`, `blocked`, `undefined`."""

    kind: str
    candidate: Candidate | None


class Cases:
    """Formulas of every case, each made once."""

    def __init__(self, model: Model, encoder: Encoder) -> None:
        self.model, self.encoder = model, encoder
        self._held: dict[tuple[str, str], Formula] = {}
        self._before: dict[tuple[str, str], Formula] = {}

    def __iter__(self) -> Iterator[Case]:
        yield Case("nothing", None)
        for candidate in self.model.candidates.values():
            for kind in ("released", "blocked", "undefined"):
                yield Case(kind, candidate)

    def stands(self, case: Case) -> Formula:
        """Return when a case stands, but for which of several candidates is nearest."""
        key = case.kind, case.candidate.key if case.candidate else ""
        if key not in self._held:
            self._held[key] = self._case(case)
        return self._held[key]

    def says(self, case: Case, condition: Condition) -> Formula:
        """Return when a condition holds of a question and of its decision in a case."""
        return self.encoder.condition(condition, lambda test: self._answer(case, test))

    def _case(self, case: Case) -> Formula:
        encoder, candidate = self.encoder, case.candidate
        if candidate is None:
            return encoder.considered(lambda keys: not keys)
        considered = encoder.considered(lambda keys: candidate.key in keys)
        blocked = self._is_blocked(candidate)
        if case.kind == "blocked":
            return z3.And(considered, blocked)
        undefined = z3.Or([encoder.spread(candidate, tables, _undefined) for tables in _keys(candidate).values()])
        return z3.And(considered, z3.Not(blocked), undefined if case.kind == "undefined" else z3.Not(undefined))

    def _is_blocked(self, candidate: Candidate) -> Formula:
        """Return that a ground stops the exchange."""
        found = []
        for part, tables in _parts(candidate).items():
            rule = _rule(part)
            for way in WAYS:

                def stops(answer: Any, rule: str = rule, way: str = way) -> bool:
                    return any(self.model.weights[rule, ground, way][1] for ground, _ in answer)

                formula = self.encoder.spread(candidate, tables, stops)
                if formula is not NO:
                    found.append(z3.And(self.encoder.is_(DIRECTION, [way]), formula))
        return z3.Or(found)

    def _answer(self, case: Case, test: Clause) -> Formula:
        """Return what a test of the decision says in a case."""
        candidate, key = case.candidate, test.what.removeprefix("decision.")
        if key == "fault":
            return YES if (case.kind == "undefined") in test.values else NO
        if key in ("agreement", "term"):
            based = candidate is not None and case.kind != "undefined"
            value = (
                None if not based or candidate is None else {"agreement": candidate.name, "term": candidate.term}[key]
            )
            return YES if value in test.values else NO
        if case.kind != "released" or candidate is None:
            refusal = {"outcome": "refused", "disclosure": "none", "human": None, "fields": (), "obligations": ()}
            return YES if _wanted(test, refusal[key]) else NO
        if key == "fields":
            tables = [self.model.field(candidate, word) for word in test.values]
            parts = [self.encoder.spread(candidate, each, lambda answer: answer is True) for each in tables]
            return z3.Or(parts) if test.how == "contains-any" else z3.And(parts)
        return self.encoder.spread(candidate, _keys(candidate)[key], lambda answer: _wanted(test, answer))

    def beats(self, one: Candidate, other: Candidate) -> Formula:
        """Return that a candidate is considered and ranks before another."""
        key = one.key, other.key
        if key not in self._before:
            considered = self.encoder.considered(lambda keys: one.key in keys)
            mine, its = self._ranks(one), self._ranks(other)
            before = self._tail(one, other)
            for left, right in reversed(list(zip(mine, its, strict=True))):
                before = z3.Or(left < right, z3.And(left == right, before))
            self._before[key] = z3.And(considered, before)
        return self._before[key]

    def _ranks(self, candidate: Candidate) -> list[Formula]:
        """Return the first three ranks: what the grounds against a candidate add up to."""
        sums: list[list[Formula]] = [[], [], []]
        for part, tables in _parts(candidate).items():
            rule = _rule(part)
            answers = {answer for table in tables.values() for answer in table.values() if answer}
            for answer, way in product(answers, WAYS):
                formula = self.encoder.spread(candidate, tables, _is(answer))
                stands = z3.And(self.encoder.is_(DIRECTION, [way]), formula)
                for at in range(3):
                    weight = sum(self.model.weights[rule, ground, way][at] * count for ground, count in answer)
                    if weight:
                        sums[at].append(z3.If(stands, weight, 0))
        return [z3.Sum(each) if each else z3.IntVal(0) for each in sums]

    def _tail(self, one: Candidate, other: Candidate) -> Formula:
        """Return that a candidate comes first in what is left of the order where the first three ranks are equal."""

        def values(candidate: Candidate) -> set[Any]:
            return {answer for table in candidate.rank.values() for answer in table.values()}

        return z3.Or(
            [
                z3.And(
                    self.encoder.spread(one, one.rank, _is(mine)),
                    self.encoder.spread(other, other.rank, _is(its)),
                )
                for mine, its in product(values(one), values(other))
                if mine < its
            ]
        )


def _keys(candidate: Candidate) -> dict[str, dict[Any, Any]]:
    """Return the tables of each key of the decision by pair."""
    first = next(iter(candidate.release.values()))
    return {key: {pair: tables[key] for pair, tables in candidate.release.items()} for key in first}


def _parts(candidate: Candidate) -> dict[str, dict[Any, Any]]:
    """Return the tables of each part that gives grounds, by pair."""
    first = next(iter(candidate.grounds.values()))
    return {part: {pair: tables[part] for pair, tables in candidate.grounds.items()} for part in first}


def _rule(part: str) -> str:
    return part.split(".")[1] if part.startswith("rules.") else "national"


def _is(wanted: Any) -> Callable[[Any], bool]:
    return lambda answer: bool(answer == wanted)


def _undefined(answer: Any) -> bool:
    return bool(answer == UNDEFINED)


def _wanted(test: Clause, answer: Any) -> bool:
    if answer == UNDEFINED:
        return False
    match test.how:
        case "contains":
            return all(each in answer for each in test.values)
        case "contains-any":
            return any(each in answer for each in test.values)
        case "at-least":
            return level(answer) >= level(test.values[0])
        case "at-most":
            return level(answer) <= level(test.values[0])
    return answer in test.values
