"""Statements compiled once: the same on both databases, and silent about values."""

import pytest
from sqlalchemy import bindparam, column, insert, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from comity.store import Row, Store
from comity.store.engine import insert_rows
from comity.store.prepared import Prepared, insertion
from comity.store.tables import node_state

READ = Prepared(select(node_state).where(node_state.c.key == bindparam("wanted"), node_state.c.value > 0))
SECRET = "Tamm-38001010101"


def test_what_was_inserted_and_updated_is_selected(store: Store) -> None:
    add = insertion(node_state, ("key", "value"))
    change = Prepared(update(node_state).where(node_state.c.key == bindparam("wanted")), ("value",))
    with store.write() as tx:
        add.run_many(tx, [{"value": 1, "key": "a"}, {"key": "b", "value": 2}])
        add.run(tx, {"key": "c", "value": 0})
        assert change.run(tx, {"wanted": "b", "value": 7}).rowcount == 1
    with store.read() as tx:
        found = [tuple(row) for key in "abc" for row in READ.run(tx, {"wanted": key})]
    assert found == [("a", 1), ("b", 7)]


def test_rows_with_other_columns_are_other_statements(store: Store) -> None:
    rows = [Row(node_state, {"key": "a", "value": 1}), Row(node_state, {"value": 2, "key": "b"})]
    with store.write() as tx:
        insert_rows(tx, rows)
    with store.read() as tx:
        assert [READ.run(tx, {"wanted": key}).one().value for key in "ab"] == [1, 2]


def test_lists_of_any_length_find_what_they_name(store: Store) -> None:
    several = Prepared(
        select(node_state.c.key)
        .where(node_state.c.key.in_(bindparam("keys", expanding=True)), node_state.c.value < bindparam("below"))
        .order_by(node_state.c.key)
        .limit(5)
    )
    with store.write() as tx:
        insertion(node_state, ("key", "value")).run_many(tx, [{"key": key, "value": 1} for key in "abcdef%:"])
    for keys in ("", "a", "ab", "abc", "abcdef", "x", "%:"):
        with store.read() as tx:
            found = "".join(key for (key,) in several.rows(tx, {"keys": list(keys), "below": 2}))
            assert [key for (key,) in several.run(tx, {"keys": list(keys), "below": 1})] == []
        assert sorted(found) == sorted(keys.replace("x", "")[:5])


def test_a_read_that_is_left_with_an_error_leaves_no_transaction(store: Store) -> None:
    for _ in range(3):
        with pytest.raises(SQLAlchemyError), store.read() as tx:
            Prepared(select(column("nothing"))).rows(tx, {})
    with store.write() as tx:
        insertion(node_state, ("key", "value")).run(tx, {"key": "a", "value": 1})
    with store.read() as tx:
        assert READ.rows(tx, {"wanted": "a"}) == [("a", 1)]
        insertion(node_state, ("key", "value")).run(tx, {"key": "b", "value": 1})
    with store.read() as tx:
        assert READ.rows(tx, {"wanted": "b"}) == []


def test_a_missing_value_is_an_error_not_null(store: Store) -> None:
    with store.write() as tx, pytest.raises((KeyError, SQLAlchemyError)):
        insertion(node_state, ("key", "value")).run(tx, {"key": "a"})


def test_an_error_names_no_value(store: Store) -> None:
    refused = Prepared(insert(node_state).inline(), ("key", "value"))
    with store.write() as tx:
        refused.run(tx, {"key": SECRET, "value": 1})
    unknown = Prepared(select(column("nothing")).where(column("nothing") == bindparam("wanted")))
    with pytest.raises(SQLAlchemyError) as caught, store.read() as tx:
        unknown.rows(tx, {"wanted": SECRET})
    assert SECRET not in str(caught.value)
    with pytest.raises(IntegrityError) as doubled, store.write() as tx:
        refused.run_many(tx, [{"key": SECRET, "value": 1}])
    assert "parameters hidden" in str(doubled.value)
