"""What a draft would have done: past decisions decided again under it, without any data of a subject. Pure.

A past question is asked again under the draft as if the draft had been in force then: the days of the draft are set
aside, and a question that named an older text of an agreement names the newer one. Equal questions are decided once.
"""

import json
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from comity.policy import library
from comity.policy.agreement import Agreement
from comity.policy.decision import Decision
from comity.policy.document import encode

_ALWAYS = {"from": 0, "until": 10**12}
_FAVOUR = {"refused": 0, "review": 1, "permitted": 2}

Answer = tuple[str, str, str, tuple[str, ...]]
"""Outcome, disclosure, term, refusal codes sorted."""

DecideAll = Callable[[Iterable[bytes]], Iterator[Decision]]
"""Gives the decision of each canonical policy input, in order."""


@dataclass(frozen=True, slots=True)
class Past:
    """One past decision: the policy input, and what was said."""

    document: Mapping[str, Any]
    outcome: str
    disclosure: str
    term: str
    codes: tuple[str, ...]

    @property
    def peer(self) -> str:
        """The other country."""
        return str(self.document["peer"]["country"])

    @property
    def answer(self) -> Answer:
        """What was said, to compare."""
        return self.outcome, self.disclosure, self.term, self.codes


@dataclass(frozen=True, slots=True, order=True)
class Flip:
    """Past decisions that the draft would have decided otherwise in the same way."""

    direction: str
    peer: str
    action: str
    category: str
    before: Answer
    after: Answer
    articles: tuple[str, ...]

    @property
    def effect(self) -> str:
        """`widens`, `narrows`, or `reasons` where only term or grounds differ."""
        levels = library.vocabulary()["levels"]
        old, new = ((_FAVOUR[outcome], levels[level]) for outcome, level, *_ in (self.before, self.after))
        return "widens" if new > old else "narrows" if new < old else "reasons"


@dataclass(frozen=True, slots=True)
class Impact:
    """How many past decisions were replayed, how many different questions that were, and which flip how often."""

    decisions: int
    distinct: int
    flips: Mapping[Flip, int]

    @property
    def flipped(self) -> int:
        """How many past decisions the draft would have decided otherwise."""
        return sum(self.flips.values())


def with_draft(agreements: Iterable[Agreement], draft: Agreement) -> list[Agreement]:
    """Return the agreements with the draft in the place of its older text, in force at any time."""
    timeless = replace(draft, data={**draft.data, **_ALWAYS})
    return [*(each for each in agreements if each.id != draft.id), timeless]


def asked_again(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a past question as it would be put now: under the agreement it named, whatever its text is by then."""
    return {**document, "basis": {**document["basis"], "digest": ""}}


def boundaries(agreements: Iterable[Agreement]) -> tuple[int, ...]:
    """Return the moments at which these agreements begin or end: between two of them time changes no decision.

    The library compares time with nothing else but the end of assurances; national modules may, so with them no
    time is cut.
    """
    return tuple(sorted({0, *(moment for each in agreements for moment in (each.data["from"], each.data["until"]))}))


def impact(pasts: Iterable[Past], decide_all: DecideAll, moments: Sequence[int] = ()) -> Impact:
    """Decide every past question again and count what flips.

    `decide_all` gives the decision of each canonical input, in order; it may work in several processes. With the
    `moments` of `boundaries`, questions that differ in time alone are decided once.
    """
    told: Counter[tuple[bytes, Answer]] = Counter()
    for past in pasts:
        told[encode(_cut(asked_again(past.document), moments)), past.answer] += 1
    questions = list(dict.fromkeys(question for question, _ in told))
    decided = dict(zip(questions, decide_all(questions), strict=True))
    flips: Counter[Flip] = Counter()
    for (question, before), count in told.items():
        decision = decided[question]
        after = _answer(decision)
        if after != before:
            flips[_flip(json.loads(question), before, after, decision)] += count
    return Impact(told.total(), len(questions), flips)


def recast(pasts: Iterable[Past], decide_all: DecideAll, moments: Sequence[int] = ()) -> list[Past]:
    """Return the same questions with the answers of another policy, to compare a draft with that."""
    asked = [(past, encode(_cut(asked_again(past.document), moments))) for past in pasts]
    questions = list(dict.fromkeys(question for _, question in asked))
    decided = dict(zip(questions, decide_all(questions), strict=True))
    return [_with(past, _answer(decided[question])) for past, question in asked]


def _cut(document: dict[str, Any], moments: Sequence[int]) -> dict[str, Any]:
    """Return the question as put at the last of the moments before it; an assurance's end is a moment of its own."""
    if not moments or document["assurances"]:
        return document
    return {**document, "time": moments[bisect_right(moments, document["time"]) - 1]}


def _with(past: Past, answer: Answer) -> Past:
    outcome, disclosure, term, codes = answer
    return replace(past, outcome=outcome, disclosure=disclosure, term=term, codes=codes)


def _answer(decision: Decision) -> Answer:
    term = decision.basis.term if decision.basis else ""
    return decision.outcome, decision.disclosure, term, tuple(sorted(set(decision.codes)))


def _flip(document: Mapping[str, Any], before: Answer, after: Answer, decision: Decision) -> Flip:
    articles = {reason.article for reason in decision.reasons} or {decision.basis.article if decision.basis else ""}
    return Flip(
        direction=document["direction"],
        peer=document["peer"]["country"],
        action=document["action"],
        category=document["category"],
        before=before,
        after=after,
        articles=tuple(sorted(articles)),
    )
