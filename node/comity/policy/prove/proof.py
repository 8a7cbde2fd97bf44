"""Decides an invariant over all questions: a proof, or a question that breaks it and that the engine confirms.

Every decision is of one of four cases: nothing is considered; a candidate is released; the nearest is blocked; or a
candidate is released but its release is undefined. Each case is asked of the solver with the invariant's negation.
Which of several candidates is nearest is left open at first. Where the solver then finds a question whose true
decision (the engine's) comes from a nearer candidate, that order is added, exactly, and the solver asked again.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import z3

from comity.errors import Unavailable
from comity.policy.engine import Engine
from comity.policy.prove.axes import FRESH
from comity.policy.prove.cases import Case, Cases
from comity.policy.prove.conditions import All, Condition, holds
from comity.policy.prove.domain import Domain
from comity.policy.prove.encode import Encoder, Formula
from comity.policy.prove.facts import DIRECTION, facts, put, usual, value_of
from comity.policy.prove.model import Model, place


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
        self.cases = Cases(model, self.encoder)
        if not self.sat():
            raise Unavailable("the tables contradict each other: nothing is proved, report this")

    def find(self, broken: Condition) -> Counterexample | None:
        """Return a question of which a condition holds, None when there is none. Raises `Unavailable`."""
        for case in self.cases:
            with self.given(case, broken) as given:
                found = given.find()
            if found is not None:
                return found
        return None

    @contextmanager
    def given(self, case: Case, condition: Condition) -> Iterator["Given"]:
        """Suppose a case and a condition."""
        self.solver.push()
        try:
            goal = z3.simplify(self.cases.says(case, condition))
            self.solver.add(goal)
            if not z3.is_false(goal):
                self.solver.add(self.cases.stands(case))
            yield Given(self, case, condition)
        finally:
            self.solver.pop()

    def sat(self, *more: Formula) -> bool:
        """Return whether something meets all that is supposed; raises `Unavailable` when the solver gives up."""
        found = self.solver.check(*more)
        if found == z3.unknown:
            raise Unavailable(f"the solver gave up ({self.solver.reason_unknown()}): nothing is proved")
        return bool(found == z3.sat)

    def document(self, kept: list[Formula], *, readable: bool) -> dict[str, Any]:
        """Return a question that meets all that is supposed; a readable one is as near to the usual as it can be."""
        kept = list(kept)
        for wish in self._wishes() if readable else ():
            if self.sat(*kept, wish):
                kept.append(wish)
        self.sat(*kept)
        return self._read()

    def _read(self) -> dict[str, Any]:
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


class Given:
    """A case and a condition that are supposed: what can be so besides, and a question that shows it."""

    def __init__(self, prover: Prover, case: Case, condition: Condition) -> None:
        self._prover, self._case, self._condition = prover, case, condition
        self._nearer: set[str] = set()

    def may(self, condition: Condition) -> bool:
        """Whether a condition can hold besides. Exact but for which of several candidates is nearest."""
        return self._prover.sat(self._prover.cases.says(self._case, condition))

    def find(self, besides: Condition | None = None, *, readable: bool = True) -> Counterexample | None:
        """Return a question of which all holds, as the engine confirms, or None when there is none."""
        wanted = self._condition if besides is None else All((self._condition, besides))
        more = [] if besides is None else [self._prover.cases.says(self._case, besides)]
        while self._prover.sat(*more):
            document = self._prover.document(more, readable=readable)
            decision = self._prover.engine.decide_raw(document)
            if holds(wanted, document, decision):
                return Counterexample(document, decision)
            self._refine(document, decision)
        return None

    def _refine(self, document: Any, decision: Mapping[str, Any]) -> None:
        """Add that a nearer candidate is nearer; raises `Unavailable` where that is not why the engine differs."""
        case, basis = self._case, decision["basis"]
        nearer = basis and f"{basis['agreement']}/{basis['term']}"
        if case.candidate is None or not nearer or nearer == case.candidate.key or nearer in self._nearer:
            raise Unavailable(
                f"the tables say {case.kind} under {case.candidate and case.candidate.key}, the engine decides "
                f"{decision['outcome']} under {nearer} for {document}: nothing is proved, report this"
            )
        self._nearer.add(nearer)
        before = self._prover.cases.beats(self._prover.model.candidates[nearer], case.candidate)
        self._prover.solver.add(z3.Not(before))
