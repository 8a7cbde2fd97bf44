"""A database of the first release, brought to today's schema: nothing is lost, on both databases."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from support.shell import Shell

from comity.errors import Unavailable
from comity.store import Store
from comity.store.engine import alembic_config, newest_revision

FIRST = "0005"
"""The newest revision before agreements lived in the database."""


def of_the_first_release(url: str) -> Store:
    store = Store.open(url)
    with store.write() as tx:
        command.upgrade(alembic_config(tx), FIRST)
    return store


@pytest.fixture(params=["sqlite", "postgres"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path}/node.db" if request.param == "sqlite" else request.getfixturevalue("fresh_postgres")
    store = of_the_first_release(url)
    yield store
    store.close()


def any_value(column: sa.Column[Any], row: int) -> Any:
    kind = column.type.python_type
    if kind is dt.datetime:
        return dt.datetime(2026, 3, row + 1, tzinfo=dt.UTC).replace(tzinfo=None)
    made = {int: row + 10, str: f"{row + 10}", bytes: bytes([row, 255]), bool: True, float: 0.5}
    return made[kind]


def contents(store: Store, tables: dict[str, list[str]]) -> dict[str, list[tuple[Any, ...]]]:
    found = {}
    with store.read() as tx:
        for name, columns in tables.items():
            rows = tx.execute(sa.select(*(sa.column(each) for each in columns)).select_from(sa.table(name)))
            found[name] = sorted((tuple(map(_plain, row)) for row in rows), key=repr)
    return found


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value


def test_every_row_of_every_table_stays(old: Store) -> None:
    held = sa.MetaData()
    held.reflect(old.engine)
    tables = [table for table in held.sorted_tables if table.name != "alembic_version"]
    with old.write() as tx:
        for table in tables:
            for row in range(3):
                tx.execute(table.insert().values({c.name: any_value(c, row) for c in table.columns}))
    columns = {table.name: [each.name for each in table.columns] for table in tables}
    before = contents(old, columns)
    assert all(len(rows) >= 3 for rows in before.values())
    assert len(before) > 10
    with pytest.raises(Unavailable, match="comity db upgrade"):
        old.check_schema()
    old.migrate()
    old.check_schema()
    assert contents(old, columns) == before
    with old.read() as tx:
        assert {row[0] for row in tx.execute(sa.text("SELECT reciprocity FROM peer"))} == {"given"}


def test_a_database_from_the_future_is_not_touched(store: Store) -> None:
    with store.write() as tx:
        tx.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    for check in (store.check_schema, store.revision):
        with pytest.raises(Unavailable, match="newer than this program"):
            check()


@pytest.mark.xdist_group("cli")
def test_an_old_home_is_upgraded_by_the_command_that_its_error_names(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    home = tmp_path / "EE"
    shell.good("init", str(home), "--country", "EE", "--trust-domain", "police.ee", "--staff", "")
    (home / "node.db").unlink()
    for rest in home.glob("node.db-*"):
        rest.unlink()
    refused = shell("--home", str(home), "db", "upgrade", "--json")
    assert (refused.code, refused.json["error"]["reason"]) == (1, "POLICY_UNAVAILABLE")
    of_the_first_release(f"sqlite:///{home}/node.db").close()
    stopped = shell("--home", str(home), "ledger", "status")
    assert (stopped.code, "`comity db upgrade`" in stopped.err) == (1, True)
    assert shell.good("--home", str(home), "db", "upgrade", "--json").json == {"from": FIRST, "to": newest_revision()}
    assert newest_revision() in shell.good("--home", str(home), "db", "upgrade").out
    assert shell.good("--home", str(home), "agreement", "list", "--json").json == []
    (home / "running.json").write_text('{"pid": 1, "ports": {}}')
    busy = shell("--home", str(home), "db", "upgrade")
    assert (busy.code, "stop it" in busy.err, "Traceback" in busy.err) == (1, True, False)
