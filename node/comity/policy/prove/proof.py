"""Decides an invariant over all questions: a proof, or a question that breaks it and that the engine confirms.

Every decision is of one of four cases: nothing is considered; a candidate is released; the nearest is blocked; or a
candidate is released but its release is undefined. Each case is asked of the solver with the invariant's negation.
Which of several candidates is nearest is left open at first. Where the solver then finds a question whose true
decision (the engine's) comes from a nearer candidate, that order is added, exactly, and the solver asked again.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import z3

from comity.errors import Unavailable
from comity.policy.engine import Engine
from comity.policy.prove.axes import FRESH
from comity.policy.prove.conditions import Clause, Condition, holds, level
from comity.policy.prove.domain import Domain
from comity.policy.prove.encode import NO, YES, Encoder, Formula
from comity.policy.prove.facts import DIRECTION, facts, put, usual, value_of
from comity.policy.prove.model import UNDEFINED, Candidate, Model, place

WAYS = ("inbound", "outbound")


@dataclass(frozen=True)
class Counterexample:
    """A question that breaks an invariant, and what the engine decides on it."""

    document: Mapping[str, Any]
    decision: Mapping[str, Any]


class Prover:
    """Asks the solver about one model. Not thread-safe."""

    def __init__(self, model: Model, domain: Domain, engine: Engine) -> None:
        self.model, self.domain, self.engine = model, domain, engine
        self.encoder = Encoder(model, domain)
        self.solver = z3.Solver()
        self.solver.add(self.encoder.constraints)
        self._blocked: dict[tuple[str, int], Formula] = {}
        self._lemmas: dict[tuple[str, str], Formula] = {}

    def find(self, broken: Condition) -> Counterexample | None:
        """Return a question of which a condition holds, None when there is none. Raises `Unavailable`."""
        for case in self.cases():
            found = self._search(case, broken)
            if found is not None:
                return found
        return None

    def cases(self) -> Iterator["Case"]:
        """Yield every case of a decision."""
        yield Case("nothing", None)
        for candidate in self.model.candidates.values():
            for kind in ("released", "blocked", "undefined"):
                yield Case(kind, candidate)

    def _search(self, case: "Case", broken: Condition) -> Counterexample | None:
        goal = self.encoder.condition(broken, lambda test: self._answer(case, test))
        goal = z3.simplify(goal)
        if z3.is_false(goal):
            return None
        self.solver.push()
        try:
            self.solver.add(goal, self._case(case))
            met: set[str] = set()
            while self._sat():
                document = self._document()
                decision = self.engine.decide_raw(document)
                if holds(broken, document, decision):
                    return Counterexample(document, decision)
                self._refine(case, document, decision, met)
            return None
        finally:
            self.solver.pop()

    def _refine(self, case: "Case", document: Any, decision: Mapping[str, Any], met: set[str]) -> None:
        """Add that a nearer candidate is nearer; raises `Unavailable` where that is not why the engine differs."""
        basis = decision["basis"]
        nearer = basis and f"{basis['agreement']}/{basis['term']}"
        if case.candidate is None or not nearer or nearer == case.candidate.key or nearer in met:
            raise Unavailable(
                f"the tables say {case.kind} under {case.candidate and case.candidate.key}, the engine decides "
                f"{decision['outcome']} under {nearer} for {document}: nothing is proved, report this"
            )
        met.add(nearer)
        self.solver.add(z3.Not(self._beats(self.model.candidates[nearer], case.candidate)))

    def _sat(self, *more: Formula) -> bool:
        found = self.solver.check(*more)
        if found == z3.unknown:
            raise Unavailable(f"the solver gave up ({self.solver.reason_unknown()}): nothing is proved")
        return bool(found == z3.sat)

    def _case(self, case: "Case") -> Formula:
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

    def _answer(self, case: "Case", test: Clause) -> Formula:
        """Return what a test of the decision says in a case."""
        candidate, key = case.candidate, test.what.removeprefix("decision.")
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

    def _beats(self, one: Candidate, other: Candidate) -> Formula:
        """Return that a candidate is considered and ranks before another."""
        key = one.key, other.key
        if key not in self._lemmas:
            considered = self.encoder.considered(lambda keys: one.key in keys)
            mine, its = self._ranks(one), self._ranks(other)
            before = self._tail(one, other)
            for left, right in reversed(list(zip(mine, its, strict=True))):
                before = z3.Or(left < right, z3.And(left == right, before))
            self._lemmas[key] = z3.And(considered, before)
        return self._lemmas[key]

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

    def _document(self) -> dict[str, Any]:
        """Return a question that meets all that is asserted, as near to the usual question as it can be."""
        kept: list[Formula] = []
        for wish in self._wishes():
            if self._sat(*kept, wish):
                kept.append(wish)
        self._sat(*kept)
        held = self.solver.model()

        def true(literal: Formula) -> bool:
            return bool(z3.is_true(held.eval(literal, model_completion=True)))

        scalars = {
            fact: next(value for value in values if true(self.encoder.is_(fact, [value])))
            for fact, values in self.domain.scalars.items()
        }
        document = usual()
        place(document, scalars[DIRECTION], (scalars.pop("provider"), scalars.pop("requester")))
        for fact, value in scalars.items():
            put(document, fact, value)
        for fact, members in self.domain.members.items():
            put(document, fact, [each for each in members if true(self.encoder.has(fact, each))])
        document["assurances"] = [
            {"kind": row[0], "status": row[1], "expires": document["time"] + row[2] - 1}
            for row in self.domain.rows
            if true(self.encoder.has("assurances", row))
        ]
        return document

    def _wishes(self) -> Iterator[Formula]:
        """Yield what makes a question easy to read: known countries and words, usual values, short lists."""
        common = usual()
        for fact in ("provider", "requester", "action", "category"):
            yield self.encoder.is_(fact, [value for value in self.domain.scalars[fact] if value not in FRESH])
        for requester in self.domain.scalars["requester"]:
            same = [self.encoder.is_(fact, [requester]) for fact in ("requester", "requester.country")]
            yield z3.Implies(same[0], same[1])
        for fact, values in self.domain.scalars.items():
            if fact in facts() and value_of(common, fact) in values:
                yield self.encoder.is_(fact, [value_of(common, fact)])
        for fact, members in self.domain.members.items():
            yield from (z3.Not(self.encoder.has(fact, member)) for member in members)
        yield from (z3.Not(self.encoder.has("assurances", row)) for row in self.domain.rows)


@dataclass(frozen=True)
class Case:
    """A case of a decision: `nothing` considered, or under a candidate `released`, `blocked`, `undefined`."""

    kind: str
    candidate: Candidate | None


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
