"""Statements of the hot path: SQLAlchemy compiles them once, afterwards only their text is run.

A `Connection.execute` spends 50 µs on looking up what it compiled before; running the text spends 10.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import repeat
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, CursorResult, Dialect, Insert, Table, Update, insert
from sqlalchemy.sql.compiler import ExpandedState, SQLCompiler
from sqlalchemy.sql.selectable import Select

Values = Mapping[str, Any]
Bind = Callable[[Values], Any]


class Prepared:
    """One statement, for values that the drivers take as they are: int, float, str, bytes, and lists for `IN`.

    What it selects comes as the driver gives it, too: no boolean, no date, no JSON. `columns` names what an insert or
    an update sets. Thread-safe.
    """

    def __init__(self, statement: Select[Any] | Insert | Update, columns: Iterable[str] = ()) -> None:
        self._statement = statement
        self._columns = list(columns) or None
        self._compiled: dict[str, _Compiled] = {}

    def run(self, tx: Connection, values: Values) -> CursorResult[Any]:
        """Run it once."""
        return tx.exec_driver_sql(*self._bound(tx, values))

    def rows(self, tx: Connection, values: Values) -> list[tuple[Any, ...]]:
        """Return what it selects, as plain tuples: a fifth of the price of a result with named columns."""
        text, parameters = self._bound(tx, values)
        if tx.engine.dispatch.before_cursor_execute:  # whoever listens to statements hears this one, too
            return [tuple(row) for row in tx.exec_driver_sql(text, parameters)]
        cursor = tx.connection.cursor()
        try:
            cursor.execute(text, parameters)
            return list(cursor.fetchall())
        except tx.dialect.loaded_dbapi.Error:  # SQLAlchemy makes the error, and gives up a lost connection
            return [tuple(row) for row in tx.exec_driver_sql(text, parameters)]
        finally:
            cursor.close()

    def run_many(self, tx: Connection, rows: Sequence[Values]) -> None:
        """Run it once for each row; an empty sequence is a mistake of the caller. Takes no lists."""
        text, bind = self._in(tx.dialect).text(())
        tx.exec_driver_sql(text, [bind(row) for row in rows])

    def _bound(self, tx: Connection, values: Values) -> tuple[str, Any]:
        compiled = self._in(tx.dialect)
        if not compiled.lists:
            text, bind = compiled.text(())
            return text, bind(values)
        lists = {name: _padded(values[name]) for name in compiled.lists}
        text, bind = compiled.text(tuple([len(several) for several in lists.values()]))
        return text, bind({**values, **lists})

    def _in(self, dialect: Dialect) -> "_Compiled":
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            made = self._statement.compile(dialect=dialect, column_keys=self._columns)
            assert isinstance(made, SQLCompiler)  # noqa: S101  what is not SQL does not reach this
            compiled = self._compiled[dialect.name] = _Compiled(made)
        return compiled


class _Compiled:
    """A statement in one dialect: one text for each number of values in its lists."""

    def __init__(self, compiler: SQLCompiler) -> None:
        self._compiler = compiler
        self._fixed = {name: bind.effective_value for name, bind in compiler.binds.items() if not bind.required}
        self._texts: dict[tuple[int, ...], tuple[str, Bind]] = {}
        self.lists = [name for name, bind in compiler.binds.items() if bind.expanding]

    def text(self, lengths: tuple[int, ...]) -> tuple[str, Bind]:
        """Return the text, and what brings values into the driver's form."""
        found = self._texts.get(lengths)
        if found is None:
            blank = {name: [""] * length for name, length in zip(self.lists, lengths, strict=True)}
            names = {name: blank.get(name) for name in self._compiler.binds}
            state = self._compiler.construct_expanded_state(names)
            found = state.statement, self._binder(state)
            self._texts[lengths] = found
        return found

    def _binder(self, state: ExpandedState) -> Bind:
        """By position (SQLite) or by name (psycopg)."""
        fixed, order = self._fixed, state.positiontup
        expanded = state.parameter_expansion
        if order is not None and len(order) > 1 and not fixed and not expanded:
            return itemgetter(*order)

        def bind(values: Values) -> Any:
            named = {**fixed, **values}
            for name, several in expanded.items():
                named.update(zip(several, values[name], strict=True))
            return named if order is None else tuple([named[name] for name in order])

        return bind


def _padded(values: Sequence[Any]) -> list[Any]:
    """Repeat the last value up to a power of two: `IN` finds the same, and few texts serve lists of any length."""
    if not values:
        return []
    return [*values, *repeat(values[-1], (1 << (len(values) - 1).bit_length()) - len(values))]


@lru_cache(maxsize=256)
def insertion(table: Table, columns: tuple[str, ...]) -> Prepared:
    """Return the insert of rows that set exactly these columns."""
    return Prepared(insert(table).inline(), columns)
