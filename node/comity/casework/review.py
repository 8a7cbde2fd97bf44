"""The clock and the rules of a question that waits for a person. Pure.

Nothing is answered by time-out: a clock that runs out is shown and counted, and that a decision came late stays a fact.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from comity.errors import Forbidden, Malformed, Violation
from comity.exchange.durations import duration
from comity.exchange.model import UNREVIEWED, Review

MAX_CONSULTATION = 500
"""Characters that an officer may write to whoever asked."""


class Act(StrEnum):
    """What an officer does with a question."""

    APPROVE = "approve"
    REFUSE = "refuse"
    RETURN = "return"


class State(StrEnum):
    """Where a question stands."""

    WAITING = "waiting"
    RETURNED = "returned"
    PARTLY_APPROVED = "partly-approved"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class Officer:
    """Who acts: a pseudonym, and the role of the desk."""

    id: str
    role: str


@dataclass(frozen=True, slots=True)
class Step:
    """One act of an officer, as it is kept; `ground` is a refusal code, empty unless refused."""

    act: Act
    officer: Officer
    ground: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Deed:
    """What an officer wants to do now: a ground only to refuse, a consultation only to return."""

    act: Act
    ground: str = ""
    consultation: str = ""


def due(received_at: datetime, deadline: str) -> datetime:
    """Return the moment by which a person must have decided.

    A deadline that is no ISO 8601 duration, or none that a calendar holds, is due at once: shown as overdue, not lost.
    """
    length = duration(deadline)
    try:
        return received_at if length is None else received_at + length
    except OverflowError:
        return received_at


def is_late(due_at: datetime, answered_at: datetime | None, now: datetime) -> bool:
    """Whether the decision came after its time, or has not come and the time is over."""
    return (now if answered_at is None else answered_at) > due_at


def state(steps: Sequence[Step], *, answered: bool) -> State:
    """Return where a question stands after these steps."""
    if answered:
        return State.ANSWERED
    if steps and steps[-1].act is Act.RETURN:
        return State.RETURNED
    return State.PARTLY_APPROVED if any(step.act is Act.APPROVE for step in steps) else State.WAITING


def check_deed(deed: Deed) -> None:
    """Refuse an act that says too little or too much; raises `Malformed`."""
    wanted = {Act.APPROVE: "", Act.REFUSE: "ground", Act.RETURN: "consultation"}[deed.act]
    found = []
    for field, text in (("ground", deed.ground), ("consultation", deed.consultation)):
        if field == wanted and not text:
            found.append(Violation(field, f"is required to {deed.act}"))
        if field != wanted and text:
            found.append(Violation(field, f"does not go with {deed.act}"))
    if len(deed.consultation) > MAX_CONSULTATION:
        found.append(Violation("consultation", f"is longer than {MAX_CONSULTATION} characters"))
    if found:
        raise Malformed("; ".join(f"{each.field} {each.problem}" for each in found), violations=tuple(found))


def check_officer(officer: Officer, *, role: str, asked_by: str) -> None:
    """Refuse whoever has not the role that policy names, and whoever asked; raises `Forbidden`."""
    if officer.role != role:
        raise Forbidden(f"this question waits for a {role}; you are {officer.role}")
    if officer.id == asked_by:
        raise Forbidden("whoever asked may not decide: another officer must")


def approvals(steps: Sequence[Step], officer: Officer) -> frozenset[str]:
    """Return the different officers of this officer's role who approve, this one counted."""
    before = {step.officer.id for step in steps if step.act is Act.APPROVE and step.officer.role == officer.role}
    return frozenset(before | {officer.id})


def review_of(deed: Deed, steps: Sequence[Step], officer: Officer) -> Review:
    """Return what policy hears of the acts so far and of this one."""
    if deed.act is Act.APPROVE:
        return Review("approved", officer.role, "", len(approvals(steps, officer)))
    if deed.act is Act.REFUSE:
        return Review("refused", officer.role, deed.ground, 1)
    return UNREVIEWED


def review_so_far(steps: Sequence[Step]) -> Review:
    """Return what policy hears of a question that was answered: by its last act."""
    if not steps:
        return UNREVIEWED
    last = steps[-1]
    return review_of(Deed(last.act, last.ground), steps, last.officer)
