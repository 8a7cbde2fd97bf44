"""Tables held against the engine before anything is proved: questions at random, decided by both."""

import random
from collections.abc import Iterator
from typing import Any

from comity.errors import Unavailable
from comity.policy.prove.cases import Case
from comity.policy.prove.conditions import All
from comity.policy.prove.facts import put
from comity.policy.prove.proof import Prover
from comity.policy.prove.reckon import of_decision, reckon

_EACH = 6
_SKIPPED = ("provider", "requester", "direction")


def try_tables(prover: Prover) -> int:
    """Decide questions near what each term releases by tables and engine; return how many.

    Raises `Unavailable` where they differ: then the policy is not what the tables say, and nothing is proved.
    """
    count = 0
    for document in _questions(prover):
        said, decided = reckon(prover.model, document), of_decision(prover.engine.decide_raw(document))
        count += 1
        if said != decided:
            raise Unavailable(
                f"tables and engine differ: {said}, {decided} for {document}: nothing is proved, report this"
            )
    return count


def _questions(prover: Prover) -> Iterator[dict[str, Any]]:
    chance = random.Random(len(prover.model.candidates))  # noqa: S311  a fixed sample, no secret
    for candidate in prover.model.candidates.values():
        with prover.given(Case("released", candidate), All(())) as given:
            found = [prover.document([], readable=False) for _ in range(_EACH) if given.may(All(()))]
        for document in found:
            for _ in range(chance.randint(0, 3)):
                _change(document, prover, chance)
            yield document


def _change(document: dict[str, Any], prover: Prover, chance: random.Random) -> None:
    """Give one fact another value of its domain."""
    domain = prover.domain
    scalars = sorted(fact for fact in domain.scalars if fact not in _SKIPPED)
    fact = chance.choice([*scalars, *sorted(domain.members)])
    if fact in domain.members:
        members = domain.members[fact]
        put(document, fact, chance.sample(members, chance.randint(0, len(members))))
    else:
        put(document, fact, chance.choice(domain.scalars[fact]))
