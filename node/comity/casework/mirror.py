"""Do both countries read their agreement alike? The same questions, decided on both sides, answer by answer.

A question is read in two ways: as the country that answers it would decide (its national law included), and as the
text alone says. Each side gives the first for questions to itself and the second for the others, so a difference
shows where somebody's law or library gives the text another meaning. Questions are made from the text's own words and
from its scenarios; no subject and no exchange is in them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from comity.casework.agreement_messages import Reading
from comity.errors import Malformed, Violation
from comity.policy.agreement import Agreement
from comity.policy.document import decode, encode
from comity.policy.engine import Engine
from comity.policy.scenarios import scenario_input, shown
from comity.policy.witness import bases, variations

MAX_QUESTIONS = 200
"""Questions in one message."""

Readers = Callable[[Agreement], AbstractContextManager[tuple[Engine, Engine]]]
"""Makes two engines over one agreement alone: as this country answers, and as the text alone reads."""


@dataclass(frozen=True, slots=True)
class Question:
    """One shared question: its name for people, and the policy input."""

    name: str
    document: Mapping[str, Any]

    @property
    def provider(self) -> str:
        """The country that answers."""
        return str(self.document["self"]["country"])


@dataclass(frozen=True, slots=True)
class Difference:
    """A question that the two sides read differently: the parts that differ, ours and theirs."""

    question: Question
    ours: Mapping[str, Any]
    theirs: Mapping[str, Any]


def shared_questions(agreement: Agreement, pair: tuple[str, str]) -> list[Question]:
    """Return the scenarios, then each term's own questions with every fact changed in turn, between two countries."""
    found = [Question(each.name, scenario_input(agreement, each)) for each in agreement.scenarios]
    for term in agreement.data["terms"]:
        for base in bases(agreement, term, pair):
            found += [Question(f"term {term['id']}", each) for each in variations(agreement, term, base)]
    return [each for each in found if _between(each.document, pair)]


def read(own: str, engines: tuple[Engine, Engine], documents: Iterable[Mapping[str, Any]]) -> list[Reading]:
    """Read questions on this side; raises `Unavailable` as the engines do."""
    as_we_answer, as_it_reads = engines
    return [
        reading_of((as_we_answer if document["self"]["country"] == own else as_it_reads), document)
        for document in documents
    ]


def reading_of(engine: Engine, document: Mapping[str, Any]) -> Reading:
    """Return what one engine makes of one question."""
    said = shown(engine.decide(document))
    parts: dict[str, Any] = {part: tuple(value) if isinstance(value, list) else value for part, value in said.items()}
    return Reading(**parts)


def differences(
    questions: Iterable[Question], ours: Iterable[Reading], theirs: Iterable[Reading]
) -> Iterator[Difference]:
    """Yield the questions that the two sides read differently."""
    for question, mine, other in zip(questions, ours, theirs, strict=True):
        parts = [part for part in Reading.__dataclass_fields__ if getattr(mine, part) != getattr(other, part)]
        if parts:
            yield Difference(
                question,
                {part: getattr(mine, part) for part in parts},
                {part: getattr(other, part) for part in parts},
            )


def encoded(questions: Iterable[Question]) -> tuple[bytes, ...]:
    """Return the policy inputs as they travel."""
    return tuple(encode(each.document) for each in questions)


def decoded(raw: Iterable[bytes], agreement: Agreement, pair: tuple[str, str]) -> list[dict[str, Any]]:
    """Return the policy inputs that a peer sent; raises `Malformed` for one that does not concern both countries."""
    found = []
    for index, each in enumerate(raw):
        document = decode(each)
        if not _between(document, pair) or _named(document) != agreement.id:
            problem = f"is not a question between {' and '.join(pair)} under {agreement.id}"
            raise Malformed(f"questions[{index}] {problem}", violations=(Violation(f"questions[{index}]", problem),))
        found.append(document)
    return found


def _between(document: Mapping[str, Any], pair: tuple[str, str]) -> bool:
    return {_part(document, "self", "country"), _part(document, "peer", "country")} == set(pair)


def _named(document: Mapping[str, Any]) -> Any:
    return _part(document, "basis", "agreement")


def _part(document: Mapping[str, Any], *path: str) -> Any:
    node: Any = document
    for key in path:
        node = node.get(key) if isinstance(node, Mapping) else None
    return node if isinstance(node, str) else None
