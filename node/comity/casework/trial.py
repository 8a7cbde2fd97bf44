"""Trying a text out before anyone signs it: its own scenarios, and what it would change of the text in force."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from comity.policy.agreement import Agreement
from comity.policy.decision import Decision
from comity.policy.engine import Engine
from comity.policy.lifecycle import Step
from comity.policy.scenarios import run_scenarios, scenario_input


@dataclass(frozen=True, slots=True)
class Case:
    """One scenario's outcome."""

    name: str
    passed: bool
    difference: str


@dataclass(frozen=True, slots=True)
class Trial:
    """What trying a text out gave; `flips` of `asked` questions of the text in force are decided otherwise under it."""

    cases: tuple[Case, ...]
    asked: int
    flips: int

    @property
    def passed(self) -> bool:
        """Whether every scenario gave what the text says."""
        return all(case.passed for case in self.cases)

    def note(self, step: Step) -> str:
        """Return the remark that goes with a step's event."""
        notes = {
            Step.CHECKED: f"schema and {len(self.cases)} scenarios",
            Step.SIMULATED: f"{self.flips} of {self.asked} questions of the text in force flip",
        }
        return notes.get(step, "")


def try_out(
    agreement: Agreement,
    present: Agreement | None,
    engines: Callable[[Agreement], AbstractContextManager[Engine]],
) -> Trial:
    """Run a text's scenarios, then put those of the text in force to both; raises `Unavailable` as the engine does."""
    with engines(agreement) as engine:
        results = run_scenarios([agreement], engine)
        cases = tuple(Case(result.name, result.passed, "; ".join(result.problems)) for result in results)
        after = _decisions(present, agreement, engine)
    before: list[Decision] = []
    if present is not None:
        with engines(present) as engine:
            before = _decisions(present, agreement, engine)
    flips = sum(_answer(old) != _answer(new) for old, new in zip(before, after, strict=True))
    return Trial(cases, len(after), flips)


def _decisions(present: Agreement | None, agreement: Agreement, engine: Engine) -> list[Decision]:
    """Decide the questions of the text in force, under no named text, on a day when both texts count."""
    if present is None:
        return []
    day = max(present.in_force[0], agreement.in_force[0])
    anywhere = {"agreement": "", "digest": ""}
    questions = [
        {**scenario_input(present, scenario), "basis": anywhere, "time": day}
        for scenario in present.scenarios
        if "time" not in scenario.facts
    ]
    return [engine.decide(question) for question in questions]


def _answer(decision: Decision) -> tuple[str, str, tuple[str, ...], tuple[str, ...]]:
    return decision.outcome, decision.disclosure, tuple(sorted(decision.codes)), tuple(decision.fields)
