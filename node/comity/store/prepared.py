"""Statements of the hot path: SQLAlchemy compiles them once, afterwards only their text is run.

A `Connection.execute` spends 50 µs on looking up what it compiled before; running the text spends 10.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, CursorResult, Dialect, Insert, Table, Update, insert
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.selectable import Select

Values = Mapping[str, Any]
Bind = Callable[[Values], Any]


class Prepared:
    """One statement, for values that the drivers take as they are: int, float, str and bytes.

    What it selects comes as the driver gives it, too: no boolean, no date, no JSON. `columns` names what an insert or
    an update sets. Thread-safe.
    """

    def __init__(self, statement: Select[Any] | Insert | Update, columns: Iterable[str] = ()) -> None:
        self._statement = statement
        self._columns = list(columns) or None
        self._compiled: dict[str, tuple[str, Bind]] = {}

    def run(self, tx: Connection, values: Values) -> CursorResult[Any]:
        """Run it once."""
        text, bind = self._compiled.get(tx.dialect.name) or self._compile(tx.dialect)
        return tx.exec_driver_sql(text, bind(values))

    def run_many(self, tx: Connection, rows: Sequence[Values]) -> None:
        """Run it once for each row; an empty sequence is a mistake of the caller."""
        text, bind = self._compiled.get(tx.dialect.name) or self._compile(tx.dialect)
        tx.exec_driver_sql(text, [bind(row) for row in rows])

    def _compile(self, dialect: Dialect) -> tuple[str, Bind]:
        compiled = self._statement.compile(dialect=dialect, column_keys=self._columns)
        assert isinstance(compiled, SQLCompiler)  # noqa: S101  what is not SQL does not reach this
        made = self._compiled[dialect.name] = compiled.string, _binder(compiled)
        return made


@lru_cache(maxsize=256)
def insertion(table: Table, columns: tuple[str, ...]) -> Prepared:
    """Return the insert of rows that set exactly these columns."""
    return Prepared(insert(table).inline(), columns)


def _binder(compiled: SQLCompiler) -> Bind:
    """Return what brings values into the driver's form: by position (SQLite) or by name (psycopg)."""
    names = compiled.positiontup
    fixed = {name: bind.effective_value for name, bind in compiled.binds.items() if not bind.required}
    if names is None:
        return lambda values: fixed | dict(values)
    if not fixed and len(names) > 1:
        return itemgetter(*names)
    return lambda values: tuple([values[name] if name in values else fixed[name] for name in names])
