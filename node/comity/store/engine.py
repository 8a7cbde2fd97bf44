"""One engine, one unit of work, on SQLite and on PostgreSQL.

A room writes `with store.write() as tx: …`: commit on exit, roll back on error, and nowhere else is there a
commit (style habit 14). On SQLite a write takes the write lock at once (`BEGIN IMMEDIATE`), so that two writers
queue instead of failing with a dead snapshot; on PostgreSQL whoever needs order locks a row.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Self

from sqlalchemy import Connection, Engine, Table, bindparam, create_engine, event, insert, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection

from comity.errors import Unavailable
from comity.store.prepared import Prepared, insertion
from comity.store.tables import node_state

Tx = Connection
"""A SQLAlchemy Core connection inside one transaction."""

_MIGRATIONS = Path(__file__).parent / "migrations"
_SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",  # a committed entry survives power loss; WAL alone would only survive a crash
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=10000",
    "PRAGMA secure_delete=ON",  # an erased record leaves no readable page behind
)


class Row(NamedTuple):
    """One row to insert: what a room hands to whoever owns the transaction."""

    table: Table
    values: dict[str, Any]


class Store:
    """The database of one node. Thread-safe; connections come from a pool."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.is_sqlite = engine.dialect.name == "sqlite"

    @classmethod
    def open(cls, url: str, *, pool_size: int = 8) -> Self:
        """Open the database at a SQLAlchemy URL (`sqlite:///path`, `postgresql+psycopg://…`); creates nothing."""
        parsed = make_url(url)
        # hide_parameters: the text of an SQL error must not hold a record
        options: dict[str, Any] = {"pool_size": pool_size, "max_overflow": 64, "hide_parameters": True}
        if parsed.get_backend_name() == "sqlite":
            options["connect_args"] = {"check_same_thread": False, "timeout": 10}
        engine = create_engine(parsed, **options)
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _prepare_sqlite)  # an event of the pool: others would slow each statement
        return cls(engine)

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """Open a snapshot to read from; nothing written in it is kept."""
        with self.engine.connect() as connection:
            if self.is_sqlite:  # PostgreSQL's driver begins by itself, and either ends with the pool's roll-back
                connection.connection.cursor().execute("BEGIN")
            yield connection

    @contextmanager
    def write(self) -> Iterator[Tx]:
        """Open the unit of work: all of it durable on exit, or none of it."""
        with self.engine.connect() as connection, connection.begin():
            if self.is_sqlite:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection

    def migrate(self) -> None:
        """Bring the schema to the newest revision. Harmless when it already is."""
        from alembic import command  # noqa: PLC0415  heavy, and only set-up needs it

        with self.write() as tx:
            command.upgrade(alembic_config(tx), "head")

    def revision(self) -> str:
        """Return the revision of the schema; raises `Unavailable` for what is no node's database, or a newer one."""
        try:
            with self.read() as tx:
                found = str(tx.execute(text("SELECT version_num FROM alembic_version")).scalar_one())
        except Exception as cause:
            raise Unavailable("the database cannot be read: check `database` in config.toml") from cause
        if found > newest_revision():
            raise Unavailable(
                f"the database is at revision {found}, newer than this program ({newest_revision()}): install the "
                "program that made it, or restore a copy of before"
            )
        return found

    def check_schema(self) -> None:
        """Refuse to work on a database of another revision; raises `Unavailable` with the remedy."""
        found, newest = self.revision(), newest_revision()
        if found != newest:
            raise Unavailable(
                f"the database is at revision {found}, this program needs {newest}: run `comity db upgrade`"
            )

    def version(self, key: str) -> int:
        """Return how often `bump(key)` happened: a cheap question that a node may ask on every message."""
        with self.engine.connect() as tx:
            found = _VERSION.rows(tx, {"key": key})
        return int(found[0][0]) if found else 0

    def close(self) -> None:
        """Give back all connections."""
        self.engine.dispose()


def bump(tx: Tx, key: str) -> None:
    """Tell running nodes that what they hold in memory under `key` is out of date."""
    done = tx.execute(node_state.update().where(node_state.c.key == key).values(value=node_state.c.value + 1))
    if done.rowcount == 0:
        tx.execute(insert(node_state).values(key=key, value=1))


def insert_rows(tx: Tx, rows: Iterable[Row]) -> None:
    """Insert rows: one statement for each table and set of columns, in order of first appearance."""
    grouped: dict[tuple[Table, tuple[str, ...]], list[dict[str, Any]]] = {}
    for table, values in rows:
        grouped.setdefault((table, tuple(values)), []).append(values)
    for (table, columns), several in grouped.items():
        insertion(table, columns).run_many(tx, several)


def alembic_config(tx: Tx | None = None) -> Any:
    """Return the Alembic configuration of the packaged migrations, bound to `tx` where given."""
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = tx
    return config


def newest_revision() -> str:
    """Return the newest revision's name. Revisions are numbered files, so the last name is the newest."""
    return max(path.stem.split("_")[0] for path in (_MIGRATIONS / "versions").glob("[0-9]*.py"))


_VERSION = Prepared(select(node_state.c.value).where(node_state.c.key == bindparam("key")))


def _prepare_sqlite(dbapi: DBAPIConnection, _record: object) -> None:
    assert isinstance(dbapi, sqlite3.Connection)  # noqa: S101  the listener is only set on SQLite engines
    dbapi.isolation_level = None  # transactions are begun by `Store`, not guessed by the driver
    for pragma in _SQLITE_PRAGMAS:
        dbapi.execute(pragma)
