"""The unit of work and the migrations, on both databases."""

import pytest
from sqlalchemy import insert, select, text

from comity.errors import Unavailable
from comity.store import Row, Store
from comity.store.engine import bump, insert_rows, newest_revision
from comity.store.tables import node_state


def test_a_failed_unit_of_work_leaves_nothing(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.write() as tx:
        tx.execute(insert(node_state).values(key="a", value=1))
        raise ZeroDivisionError
    with store.read() as tx:
        assert tx.execute(select(node_state)).all() == []


def test_bump_is_seen_by_the_next_reader(store: Store) -> None:
    assert store.version("peers") == 0
    for expected in (1, 2, 3):
        with store.write() as tx:
            bump(tx, "peers")
        assert store.version("peers") == expected
    assert store.version("policy") == 0


def test_rows_go_in_by_table(store: Store) -> None:
    with store.write() as tx:
        insert_rows(tx, [Row(node_state, {"key": k, "value": i}) for i, k in enumerate("abc")])
    with store.read() as tx:
        assert tx.execute(select(node_state.c.key).order_by(node_state.c.value)).scalars().all() == ["a", "b", "c"]


def test_migrating_twice_is_harmless_and_an_old_schema_is_refused(store: Store) -> None:
    store.migrate()
    store.check_schema()
    with store.write() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    with pytest.raises(Unavailable, match=newest_revision()):
        store.check_schema()
