"""Proves the invariants of a file over one policy set."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from comity.errors import Malformed, Violation
from comity.policy import library
from comity.policy.bundle import PolicySet
from comity.policy.engine import Engine
from comity.policy.prove.conditions import COUNTRIES, Clause, tests
from comity.policy.prove.domain import Domain
from comity.policy.prove.facts import PEER, SELF
from comity.policy.prove.invariants import Invariant
from comity.policy.prove.model import Model
from comity.policy.prove.proof import Counterexample, Prover
from comity.policy.prove.trial import try_tables
from comity.policy.prove.workbench import tables_of
from comity.policy.schema import nearest


@dataclass(frozen=True)
class Verdict:
    """What came out for one invariant: proved, or the question that breaks it.

    `classes`: how many classes of questions there are, that policy and invariants together can tell apart; a proof
    covers every one. `seconds`: the solver's time for this invariant.
    """

    invariant: Invariant
    classes: int
    seconds: float
    counterexample: Counterexample | None

    @property
    def proved(self) -> bool:
        """Whether it holds of every question."""
        return self.counterexample is None


def prove(
    policy: PolicySet, engine: Engine, invariants: Sequence[Invariant], advance: Callable[[int], None] = lambda _: None
) -> list[Verdict]:
    """Return a verdict for each invariant. `engine` is over the same policy; it confirms every counterexample.

    Raises `Malformed` for a word that neither library nor agreements know, `Unavailable` where no verdict is exact.
    """
    asked = [test for each in invariants for test in tests(each.broken)]
    check_words(invariants, policy)
    with tables_of(policy, _countries(asked)) as model:
        prover = prover_of(model, engine, asked)
        try_tables(prover)
        advance(1)
        return [_verdict(prover, each, advance) for each in invariants]


def prover_of(model: Model, engine: Engine, asked: Iterable[Clause]) -> Prover:
    """Return a prover for conditions made of these tests."""
    conditions = list(asked)
    for word in {value for test in conditions if test.what == "decision.fields" for value in test.values}:
        for candidate in model.candidates.values():
            model.field(candidate, word)
    return Prover(model, Domain(model, conditions), engine)


def check_words(invariants: Iterable[Invariant], policy: PolicySet) -> None:
    """Raise `Malformed` for words of agreements and open lists that nothing in this policy knows."""
    known = _known(policy)
    found = [
        Violation(
            test.what, f"{each.name}: {test.what}: `{value}` is unknown{nearest(value, sorted(known[test.what]))}"
        )
        for each in invariants
        for test in tests(each.broken)
        for value in test.values
        if test.what in known and value not in known[test.what]
    ]
    if found:
        listed = "; ".join(violation.problem for violation in found)
        raise Malformed(f"{len(found)} violation(s): {listed}", violations=tuple(found))


def _known(policy: PolicySet) -> dict[str, set[str]]:
    vocabulary, agreements = library.vocabulary(), policy.data["comity"]["agreements"]
    ids = set(agreements)
    return {
        "decision.agreement": ids,
        "decision.term": {term["id"] for each in agreements.values() for term in each["terms"]},
        "basis.agreement": {"", *ids},
        "requester.authority": {
            name for each in agreements.values() for names in each["authorities"].values() for name in names
        },
        "offence.list_category": {"", *vocabulary["list_offences"]},
        "review.role": {"", *vocabulary["human_rank"]},
        "authorisation.type": {"none", *(giver for givers in vocabulary["orders"].values() for giver in givers)},
    }


def _countries(asked: Iterable[Clause]) -> Iterator[str]:
    for test in asked:
        if test.what in (SELF, PEER, *COUNTRIES):
            yield from test.values


def _verdict(prover: Prover, invariant: Invariant, advance: Callable[[int], None]) -> Verdict:
    started = time.perf_counter()
    found = prover.find(invariant.broken)
    advance(1)
    return Verdict(invariant, prover.domain.size(), time.perf_counter() - started, found)
