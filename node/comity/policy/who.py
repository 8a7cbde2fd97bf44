"""Who could get a field or a category: under which term, how much, and on which conditions.

Worked out from the tables and the solver of `prove`. Each row (who answers, who asks, term, action) is confirmed by the
engine on a question that it shows.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from comity.errors import Malformed
from comity.policy import library
from comity.policy.bundle import PolicySet
from comity.policy.engine import Engine
from comity.policy.prove.cases import Case
from comity.policy.prove.conditions import All, Any_, Clause, Condition, Not, Pattern, tests
from comity.policy.prove.model import Candidate, Model
from comity.policy.prove.proof import Counterexample, Given, Prover
from comity.policy.prove.trial import try_tables
from comity.policy.prove.verdicts import prover_of
from comity.policy.prove.workbench import tables_of
from comity.policy.schema import nearest

_GIVERS = ("judge", "court", "prosecutor")
_RUNNING = ("given", "verified")


@dataclass(frozen=True)
class Offer:
    """What one term gives for one action, whoever of its parties asks.

    `levels` that can come out, `direct` whether also without a person, `humans` who may have to decide, `orders` whose
    order must be stated (empty: none), `assurances` as kind and when (`always`, or a kind of offence), `needs` further
    facts that must be stated. `pairs` (who answers, who asks) with the question that the engine confirmed.
    """

    agreement: str
    term: str
    article: str
    action: str
    levels: tuple[str, ...]
    direct: bool
    humans: tuple[str, ...]
    orders: tuple[str, ...]
    assurances: tuple[tuple[str, str], ...]
    needs: tuple[str, ...]
    roles: tuple[str, ...]
    purposes: tuple[str, ...]
    pairs: tuple[tuple[str, str, Counterexample], ...]


def who(
    policy: PolicySet,
    engine: Engine,
    word: str,
    *,
    provider: str | None = None,
    requester: str | None = None,
    advance: Callable[[int], None] = lambda _: None,
) -> list[Offer]:
    """Return every offer of a field or category, to or from one country where it is named.

    Raises `Malformed` for a word that is neither, `Unavailable` where policy cannot be followed.
    """
    wanted = _wanted(word)
    base = [wanted, _is("direction", "inbound"), _is("decision.outcome", "permitted", "review")]
    base += [_is("provider", provider)] if provider else []
    base += [_is("requester", requester)] if requester else []
    condition = All(tuple(base))
    with tables_of(policy) as model:
        asked = [*tests(condition), *(test for each in _asked(model) for test in tests(each))]
        prover = prover_of(model, engine, asked)
        try_tables(prover)
        found: list[Offer] = []
        for candidate in model.candidates.values():
            found += _offers(prover, candidate, condition)
            advance(1)
    return found


def _wanted(word: str) -> Condition:
    """Return the condition that a field, or anything of a category, leaves."""
    fields, categories = _words("field"), _words("category")
    if word in categories:
        return All((_is("category", word), Clause("decision.disclosure", "at-least", ("hit",))))
    if word in fields:
        return Clause("decision.fields", "contains", (word,))
    raise Malformed(f"`{word}` is neither a field nor a category{nearest(word, [*categories, *fields])}")


def _offers(prover: Prover, candidate: Candidate, condition: Condition) -> Iterator[Offer]:
    for action in candidate.whole["term"]["actions"]:
        with prover.given(Case("released", candidate), All((condition, _is("action", action)))) as given:
            if not given.may(All(())):
                continue
            pairs = tuple(_pairs(given, candidate))
            if pairs:
                yield _offer(given, candidate, action, pairs)


def _pairs(given: Given, candidate: Candidate) -> Iterator[tuple[str, str, Counterexample]]:
    for provider, requester in candidate.pairs:
        pair = All((_is("provider", provider), _is("requester", requester)))
        found = given.find(pair, readable=False)
        if found is not None:
            yield provider, requester, found


def _offer(given: Given, candidate: Candidate, action: str, pairs: Any) -> Offer:
    term, agreement = candidate.whole["term"], candidate.whole["agreement"]
    levels = library.vocabulary()["levels"]
    return Offer(
        agreement=candidate.name,
        term=candidate.term,
        article=term["article"],
        action=action,
        levels=tuple(level for level in levels if level != "none" and given.may(_is("decision.disclosure", level))),
        direct=given.may(All((_is("decision.outcome", "permitted"), _is("review.state", "none")))),
        humans=tuple(role for role in library.vocabulary()["human_rank"] if given.may(_is("decision.human", role))),
        orders=_orders(given),
        assurances=tuple(_assurances(given, agreement["assurances"])),
        needs=tuple(name for name, without in _needs() if not given.may(without)),
        roles=tuple(role for role in term["roles"] if given.may(_is("requester.role", role))),
        purposes=tuple(purpose for purpose in term["purposes"] if given.may(_is("purpose", purpose))),
        pairs=pairs,
    )


def _orders(given: Given) -> tuple[str, ...]:
    if given.may(_is("authorisation.valid", value=False)):
        return ()
    return tuple(giver for giver in _GIVERS if given.may(_is("authorisation.type", giver)))


def _assurances(given: Given, asked: Sequence[Any]) -> Iterator[tuple[str, str]]:
    """Yield the assurances that must be held: always, or where the offence is of a kind."""
    for each in asked:
        without = Not(_held(each["kind"]))
        if not given.may(without):
            yield each["kind"], "always"
        elif each["when"] in _words("kind"):
            kind = Clause("offence.kinds", "contains", (each["when"],))
            if given.may(kind) and not given.may(All((without, kind))):
                yield each["kind"], each["when"]


def _held(kind: str) -> Clause:
    return Clause("assurances", "contains", (Pattern((kind,), _RUNNING, running=True),))


def _needs() -> list[tuple[str, Condition]]:
    """Return what may have to be stated, each with the condition that it is not."""
    return [
        ("case", _is("case.present", value=False)),
        ("offence", _is("offence.present", value=False)),
        ("nexus", _is("nexus", value=False)),
        ("summary", _is("summary", value=False)),
        ("strict necessity", _is("necessity", "ordinary")),
        ("more than a name", _is("identification", "weak")),
        ("an exact identifier", _is("identification", "weak", "moderate")),
        ("an adult", _is("subject.age_band", "minor")),
        ("no machine", _is("automated", value=True)),
        ("one person", _is("scope", "group", "bulk")),
    ]


def _asked(model: Model) -> Iterator[Condition]:
    """Yield every condition that is asked about, so that its words are told apart."""
    yield Any_(tuple(without for _, without in _needs()))
    yield Any_(tuple(_is("authorisation.type", giver) for giver in _GIVERS))
    yield Any_((_is("authorisation.valid", value=False), _is("review.state", "none")))
    for kind in _words("assurance"):
        yield _held(kind)
    for kind in _words("kind"):
        yield Clause("offence.kinds", "contains", (kind,))
    for candidate in model.candidates.values():
        term = candidate.whole["term"]
        for fact, words in (("requester.role", "roles"), ("purpose", "purposes"), ("action", "actions")):
            yield from (_is(fact, word) for word in term[words])


def _words(definition: str) -> list[str]:
    """Return the words of a definition of the agreement schema."""
    words: list[str] = library.schema("agreement")["$defs"][definition]["enum"]
    return words


def _is(what: str, *words: str, value: bool | None = None) -> Clause:
    return Clause(what, "in", words if value is None else (value,))
