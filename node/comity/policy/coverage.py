"""Do the golden cases of an agreement notice when its text changes? A mutation score, and what nobody would notice.

A change counts as noticed when at least one scenario that travels with the text gets another answer than it expects.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from comity.errors import Malformed
from comity.policy.agreement import Agreement
from comity.policy.engine import Engine
from comity.policy.mutants import Mutant, mutants
from comity.policy.scenarios import each_scenario, shown, usual_question
from comity.policy.witness import bases, unusual, variations

OpenEngine = Callable[[Agreement], Engine]
"""Returns an engine over one agreement alone; whoever calls closes it."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many changes of one agreement its scenarios notice; `unnoticed` are the others."""

    agreement: str
    changes: int
    unnoticed: tuple[Mutant, ...]

    @property
    def score(self) -> float:
        """Share of changes that are noticed, 0 to 1."""
        return 1 - len(self.unnoticed) / self.changes


def cover(
    agreements: Iterable[Agreement], open_engine: OpenEngine, advance: Callable[[int], None] = lambda _count: None
) -> list[Coverage]:
    """Change every part of every agreement and run its scenarios; raises `Malformed` where one fails unchanged."""
    return [_cover(agreement, open_engine, advance) for agreement in agreements]


def count_changes(agreements: Iterable[Agreement]) -> int:
    """Return how many changes `cover` will try."""
    return sum(1 for agreement in agreements for _ in mutants(agreement))


def _cover(agreement: Agreement, open_engine: OpenEngine, advance: Callable[[int], None]) -> Coverage:
    if not _passes(agreement, open_engine):
        raise Malformed(f"{agreement.id}: its scenarios fail as it stands: `comity policy test` shows which")
    unnoticed, tried = [], 0
    for mutant in mutants(agreement):
        tried += 1
        if _passes(mutant.agreement, open_engine):
            unnoticed.append(mutant)
        advance(1)
    return Coverage(agreement.id, tried, tuple(unnoticed))


def _passes(agreement: Agreement, open_engine: OpenEngine) -> bool:
    engine = open_engine(agreement)
    try:
        return all(result.passed for result in each_scenario([agreement], engine))  # the first that fails suffices
    finally:
        engine.close()


def suggest(coverage: Coverage, agreement: Agreement, open_engine: OpenEngine) -> Iterator[dict[str, Any]]:
    """Yield scenarios that notice what nobody noticed, each with the text's own answer.

    Each is a question that text and changed text answer differently, cut down to the facts it needs. A change that no
    question shows has no effect and yields nothing. The officer reads each before it enters the text: it says what
    the text does, not what the treaty means.
    """
    asked = {term["id"]: _Answered(agreement, term, open_engine) for term in agreement.data["terms"]}
    told: list[tuple[dict[str, Any], dict[str, Any]]] = []
    for mutant in coverage.unnoticed:
        engine = open_engine(mutant.agreement)
        try:
            if any(shown(engine.decide(document)) != answer for document, answer in told):
                continue
            of_term = [each for name, each in asked.items() if mutant.path.startswith(f"terms.{name}")]
            for answered in of_term or asked.values():
                found = answered.telling(engine)
                if found:
                    told.append(found)
                    yield _scenario(f"notices {mutant.path}, {mutant.change}", *found)
                    break
        finally:
            engine.close()
    for each in asked.values():
        each.close()


class _Answered:
    """The questions about one term, each with the text's own answer; decided when first needed."""

    def __init__(self, agreement: Agreement, term: Mapping[str, Any], open_engine: OpenEngine) -> None:
        self._engine = open_engine(agreement)
        self._asked = [each for base in bases(agreement, term) for each in variations(agreement, term, base)]
        self._answers: dict[int, dict[str, Any]] = {}

    def close(self) -> None:
        self._engine.close()

    def telling(self, other: Engine) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Return the first question that another text answers differently, as short as it can be."""
        for index, document in enumerate(self._asked):
            if index not in self._answers:
                self._answers[index] = shown(self._engine.decide(document))
            answer = self._answers[index]
            if shown(other.decide(document)) != answer:
                return self._shortened(document, answer, other), answer
        return None

    def _shortened(self, document: dict[str, Any], answer: dict[str, Any], other: Engine) -> dict[str, Any]:
        """Take back to the usual question every fact that neither the answer nor the difference needs."""
        usual = usual_question()
        for key in unusual(document):
            shorter = {**document, key: usual[key]}
            if shown(self._engine.decide(shorter)) == answer and shown(other.decide(shorter)) != answer:
                document = shorter
        return document


def _scenario(name: str, document: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    facts = unusual(document)
    facts.pop("basis", None)  # a scenario is always asked under its own text
    return {"name": name, "input": facts, "expect": {key: value for key, value in answer.items() if value}}
