"""The tables of the inbox, on SQLite and on PostgreSQL."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from comity.casework.review import Act, Officer, Step
from comity.casework.store import Item, count_open, count_replies, find_item, item_row, items, step_row
from comity.exchange.model import Basis
from comity.exchange.store import FINAL, later_replies, later_row
from comity.store import Row, Store
from comity.store.engine import insert_rows

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
OFFICER = Officer("fi-1", "desk-officer")
ITEM = Item(
    peer="EE",
    exchange_id="01a20d12-fc65-7ee0-a06e-e1fa8ed88ace",
    action="query.search",
    category="wanted-persons",
    purpose="criminal-investigation",
    urgency="normal",
    asked_by="ee-1",
    role="desk-officer",
    officers=1,
    basis=Basis("ee-fi-police-2026", 3, "0" * 64, "wanted-persons", "Art. 4(1)"),
    received_at=AT,
    due_at=AT + timedelta(hours=48),
)


def insert(store: Store, *rows: Row) -> None:
    with store.write() as tx:
        insert_rows(tx, rows)


def other(number: int, **changes) -> Item:
    return replace(ITEM, exchange_id=f"{ITEM.exchange_id[:-2]}{number:02d}", **changes)


def final(item: Item, at: datetime, outcome: str = "permitted") -> Row:
    return later_row(item.exchange_id, item.peer, FINAL, at=at, outcome=outcome)


def test_an_item_comes_back_as_it_went_in(store: Store) -> None:
    insert(store, item_row(ITEM))
    with store.read() as tx:
        assert find_item(tx, "EE", ITEM.exchange_id) == ITEM
        assert find_item(tx, "LV", ITEM.exchange_id) is None
        assert items(tx) == [ITEM]


def test_a_question_waits_once(store: Store) -> None:
    insert(store, item_row(ITEM))
    with pytest.raises(IntegrityError):
        insert(store, item_row(ITEM))
    insert(store, item_row(replace(ITEM, peer="LV")))  # another country's


def test_the_first_due_comes_first_and_a_role_sees_its_own(store: Store) -> None:
    rows = [other(1, due_at=AT + timedelta(days=2)), other(2, due_at=AT), other(3, role="judge")]
    insert(store, *map(item_row, rows))
    with store.read() as tx:
        assert [item.exchange_id for item in items(tx, role="desk-officer")] == [
            rows[1].exchange_id,
            rows[0].exchange_id,
        ]
        assert [item.exchange_id for item in items(tx, role="judge")] == [rows[2].exchange_id]
        assert items(tx, role="minister") == []
        assert len(items(tx, limit=2)) == 2


def test_the_steps_of_an_item_are_numbered_and_two_cannot_be_the_same(store: Store) -> None:
    first, second = Step(Act.RETURN, OFFICER, "", AT), Step(Act.REFUSE, OFFICER, "political", AT + timedelta(hours=1))
    insert(store, item_row(ITEM), step_row(ITEM, first))
    with pytest.raises(IntegrityError):  # another officer who saw no step yet
        insert(store, step_row(ITEM, second))
    insert(store, step_row(replace(ITEM, steps=(first,)), second))
    with store.read() as tx:
        assert find_item(tx, "EE", ITEM.exchange_id).steps == (first, second)


def test_open_and_overdue_are_counted_and_an_answer_ends_both(store: Store) -> None:
    late, soon = other(1, due_at=AT - timedelta(hours=1)), other(2, due_at=AT + timedelta(hours=1))
    insert(store, item_row(late), item_row(soon))
    with store.read() as tx:
        assert count_open(tx, AT) == (2, 1)
    insert(store, final(late, AT))
    with store.read() as tx:
        assert count_open(tx, AT) == (1, 0)
        assert [item.exchange_id for item in items(tx)] == [soon.exchange_id]
        answered = find_item(tx, "EE", late.exchange_id)
        assert (answered.outcome, answered.answered_at) == ("permitted", AT)
        assert {item.exchange_id for item in items(tx, answered=True)} == {late.exchange_id, soon.exchange_id}


def test_there_is_one_final_answer(store: Store) -> None:
    insert(store, item_row(ITEM), final(ITEM, AT))
    with pytest.raises(IntegrityError):
        insert(store, final(ITEM, AT, "refused"))


def test_a_withheld_answer_neither_answers_nor_hides_the_final_one(store: Store) -> None:
    held = later_row(ITEM.exchange_id, "EE", "held-0123456789a", at=AT, outcome="refused")
    insert(store, item_row(ITEM), held)
    with store.read() as tx:
        assert find_item(tx, "EE", ITEM.exchange_id).answered_at is None
        assert count_replies(tx, "EE", ITEM.exchange_id) == 1
    insert(store, final(ITEM, AT - timedelta(seconds=1)))
    with store.read() as tx:
        assert [reply.part for reply in later_replies(tx, ITEM.exchange_id, "EE")] == ["held-0123456789a", FINAL]
        assert count_replies(tx, "EE", ITEM.exchange_id) == 2
        assert count_replies(tx, "LV", ITEM.exchange_id) == 0
