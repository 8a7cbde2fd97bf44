"""What is derived from a query, and what an asker's own limits do to a decision."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.exchange.facts import identification, nationality
from comity.exchange.model import Ask
from comity.exchange.policy import as_asked, terms_of
from comity.policy.decision import Basis, Decision
from comity.records.query import Identifier, Query

AT = datetime(2026, 11, 24, tzinfo=UTC)
BY_ID = (Identifier("passport", "X1234567", "ee"),)


@pytest.mark.parametrize(
    ("query", "how"),
    [
        (Query("c", "Person", ("Ann Lee",)), "weak"),
        (Query("c", "Person", ("Ann Lee",), "1975"), "weak"),
        (Query("c", "Person", ("Ann Lee",), "1975-03"), "weak"),
        (Query("c", "Person", ("Ann Lee",), "1975-03-09"), "moderate"),
        (Query("c", "Person", ("Ann Lee",), None, (), BY_ID), "strong"),
        (Query("c", "Person", (), None, (), BY_ID), "strong"),
    ],
)
def test_how_well_a_query_identifies(query: Query, how: str) -> None:
    assert identification(query) == how


@pytest.mark.parametrize(
    ("searched", "stated", "relation"),
    [
        ((), "unknown", "unknown"),
        ((), "third", "third"),
        (("fi",), "third", "provider"),
        (("ee", "fi"), "requester", "provider"),
        (("ee",), "provider", "requester"),
        (("us", "ee"), "unknown", "requester"),
        (("us",), "provider", "third"),
    ],
)
def test_nationality_is_that_of_the_query_before_what_is_stated(searched, stated, relation) -> None:
    assert nationality(searched, stated, "FI", "EE") == relation


DECISION = Decision(
    outcome="permitted",
    disclosure="core",
    fields=("birthDate", "gender", "name"),
    withheld=(),
    conditions=(),
    obligations=(),
    handling=(),
    retention="P180D",
    per_day=100,
    max_candidates=10,
    human=None,
    reasons=(),
    basis=Basis("a", 1, "t", "Art. 1", "0" * 64),
    fault=None,
)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(
    st.lists(st.sampled_from(["name", "gender", "iban"]), max_size=3),
    st.integers(0, 20),
    st.integers(0, 400),
    st.sampled_from(["P180D", "P6M", "P1Y", "P2W", "PT12H"]),
    st.sampled_from([0, 10]),
)
def test_nobody_gets_more_than_was_asked_or_permitted(names, most, days, retention, limit) -> None:
    given = replace(DECISION, retention=retention, max_candidates=limit)
    cut = as_asked(given, Ask(tuple(names), most, days))
    assert set(cut.fields) <= set(given.fields)
    if names:
        assert set(cut.fields) <= set(names)
    for bound in filter(None, (most, limit)):
        assert 0 < cut.max_candidates <= bound
    before, after = (terms_of(each, "p", AT).erase_by for each in (given, cut))
    if before:
        assert after <= before
    if days:
        assert after
        assert (datetime.fromisoformat(after).replace(tzinfo=UTC) - AT).days <= days
    else:
        assert after == before


def test_the_usual_ask_changes_nothing() -> None:
    assert as_asked(DECISION, Ask()) == DECISION
