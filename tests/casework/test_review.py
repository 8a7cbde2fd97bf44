"""The clock and the rules of a waiting question, by properties."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.casework.review import (
    MAX_CONSULTATION,
    Act,
    Deed,
    Officer,
    State,
    Step,
    approvals,
    check_deed,
    check_officer,
    due,
    is_late,
    review_of,
    review_so_far,
    state,
)
from comity.errors import Forbidden, Malformed
from comity.exchange.durations import duration
from comity.exchange.model import UNREVIEWED

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
ROLES = st.sampled_from(["desk-officer", "prosecutor", "judge"])
OFFICERS = st.builds(Officer, st.sampled_from(["fi-1", "fi-2", "fi-3"]), ROLES)
STEPS = st.lists(st.builds(Step, st.sampled_from(Act), OFFICERS, st.just(""), st.just(AT)), max_size=6)


@given(MOMENTS, st.integers(1, 9999), st.sampled_from("HDWMY"))
def test_the_deadline_is_the_duration_after_the_question_came(at: datetime, count: int, unit: str) -> None:
    text = f"PT{count}H" if unit == "H" else f"P{count}{unit}"
    hours = count * {"H": 1, "D": 24, "W": 7 * 24, "M": 30 * 24, "Y": 365 * 24}[unit]
    if unit == "Y" and count > 999:
        assert duration(text) is None
        return
    assert duration(text) == timedelta(hours=hours)
    assert due(at, text) == at + timedelta(hours=hours)


@given(MOMENTS, st.text(max_size=12))
def test_whatever_a_deadline_says_there_is_a_clock(at: datetime, text: str) -> None:
    """A deadline that cannot be read is due at once: shown as overdue, not lost."""
    assert due(at, text) >= at


@pytest.mark.parametrize("text", ["", "P", "PT", "P1", "1D", "PT1D", "P1H", "-P1D", "P1D ", "P1.5D", "P1D\n", "p1d"])
def test_what_is_no_duration(text: str) -> None:
    assert duration(text) is None


def test_a_duration_that_no_calendar_holds_is_due_at_once() -> None:
    late = datetime(9999, 12, 1, tzinfo=UTC)
    assert due(late, "P999Y") == late


@given(MOMENTS, MOMENTS, MOMENTS)
def test_late_is_a_fact_that_stays(due_at: datetime, answered_at: datetime, now: datetime) -> None:
    """Before an answer the clock of now counts, after it only the moment of the answer."""
    assert is_late(due_at, None, now) == (now > due_at)
    assert is_late(due_at, answered_at, now) == (answered_at > due_at)


@given(STEPS)
def test_the_state_is_that_of_the_acts(steps: list[Step]) -> None:
    assert state(steps, answered=True) is State.ANSWERED
    found = state(steps, answered=False)
    if not steps:
        assert found is State.WAITING
    elif steps[-1].act is Act.RETURN:
        assert found is State.RETURNED
    else:
        approved = any(step.act is Act.APPROVE for step in steps)
        assert found is (State.PARTLY_APPROVED if approved else State.WAITING)


@given(STEPS, OFFICERS)
def test_an_officer_counts_once_and_only_in_the_own_role(steps: list[Step], officer: Officer) -> None:
    counted = approvals(steps, officer)
    others = {s.officer.id for s in steps if s.act is Act.APPROVE and s.officer.role == officer.role}
    assert counted == others | {officer.id}
    assert approvals([*steps, Step(Act.APPROVE, officer, "", AT)], officer) == counted  # twice is once
    review = review_of(Deed(Act.APPROVE), steps, officer)
    assert (review.state, review.role, review.ground, review.officers) == ("approved", officer.role, "", len(counted))


@given(STEPS, OFFICERS, st.sampled_from(["political", "bis_in_idem"]))
def test_what_policy_hears_of_a_refusal_and_of_a_return(steps: list[Step], officer: Officer, ground: str) -> None:
    refused = review_of(Deed(Act.REFUSE, ground), steps, officer)
    assert (refused.state, refused.role, refused.ground) == ("refused", officer.role, ground)
    assert review_of(Deed(Act.RETURN, consultation="x"), steps, officer) == UNREVIEWED


@given(STEPS, OFFICERS)
def test_what_policy_hears_later_is_what_it_heard_then(steps: list[Step], officer: Officer) -> None:
    """An answer that is delivered later is decided on the same facts as when it was approved."""
    then = review_of(Deed(Act.APPROVE), steps, officer)
    assert review_so_far([*steps, Step(Act.APPROVE, officer, "", AT)]) == then
    assert review_so_far([]) == UNREVIEWED


@given(OFFICERS, ROLES, st.sampled_from(["fi-1", "fi-2", "ee-9"]))
def test_only_the_named_role_decides_and_never_whoever_asked(officer: Officer, role: str, asked_by: str) -> None:
    if officer.role == role and officer.id != asked_by:
        check_officer(officer, role=role, asked_by=asked_by)
        return
    with pytest.raises(Forbidden):
        check_officer(officer, role=role, asked_by=asked_by)


@given(st.sampled_from(Act), st.booleans(), st.booleans())
def test_an_act_says_what_it_must_and_nothing_else(act: Act, ground: bool, consultation: bool) -> None:
    deed = Deed(act, "political" if ground else "", "which case?" if consultation else "")
    right = (ground, consultation) == {
        Act.APPROVE: (False, False),
        Act.REFUSE: (True, False),
        Act.RETURN: (False, True),
    }[act]
    if right:
        check_deed(deed)
        return
    with pytest.raises(Malformed) as wrong:
        check_deed(deed)
    assert {violation.field for violation in wrong.value.violations} <= {"ground", "consultation"}


def test_a_consultation_has_a_length() -> None:
    check_deed(Deed(Act.RETURN, consultation="x" * MAX_CONSULTATION))
    with pytest.raises(Malformed, match="longer than"):
        check_deed(Deed(Act.RETURN, consultation="x" * (MAX_CONSULTATION + 1)))
