"""Which values of each fact the policy and the invariants can tell apart: one stands for all of its class. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from math import prod
from typing import Any

from comity.policy.prove.axes import FRESH, Column, Members, Number, Rows, Scalar
from comity.policy.prove.conditions import Clause
from comity.policy.prove.facts import LISTS, PEER, SELF, facts, usual, value_of
from comity.policy.prove.model import Model
from comity.policy.prove.tables import Table

Row = tuple[str, str, int]


class Domain:
    """The values to choose from: `scalars` by fact, `members` by list fact, `rows` of assurances.

    A row is kind, status and 0, 1 or 2 for an expiry before, at or after the time of the question.
    """

    def __init__(self, model: Model, tests: Iterable[Clause]) -> None:
        self._model, self._tests = model, list(tests)
        self._axes = list(_axes(_tables(model)))
        self.scalars: dict[str, list[Any]] = {"provider": [*model.countries], "requester": [*model.countries]}
        self.members: dict[str, list[str]] = {}
        self.rows = self._rows()
        for fact in facts().values():
            if fact.kind in LISTS:
                self.members[fact.name] = self._members(fact.name)
            elif fact.kind != "rows" and fact.name not in (SELF, PEER):
                self.scalars[fact.name] = self._classes(fact.name, value_of(usual(), fact.name))

    def size(self) -> int:
        """Return how many classes of questions there are."""
        lists = sum(map(len, self.members.values())) + len(self.rows)
        return prod(map(len, self.scalars.values())) * int(2**lists)

    def _of(self, fact: str, kind: Any) -> list[tuple[Any, Sequence[int]]]:
        return [(axis, blocks) for axis, blocks in self._axes if axis.fact == fact and isinstance(axis, kind)]

    def _classes(self, fact: str, common: Any) -> list[Any]:
        """Return one value for each class, the usual one where it is of the class."""
        seen: dict[Any, Any] = {}
        for value in self._raw(fact, common):
            sight = self._sight(fact, value)
            if sight not in seen or (value == common and type(value) is type(common)):
                seen[sight] = value
        return list(seen.values())

    def _raw(self, fact: str, common: Any) -> list[Any]:
        kind, of = facts()[fact].kind, facts()[fact].of
        if kind == "number":
            return self._numbers(fact, common)
        if kind != "text":
            return list({"flag": (False, True), "claim": (None, False, True)}.get(kind, of))
        words = {word for axis, _ in self._of(fact, Scalar) for _, word in axis.known}
        words |= {value for test in self._tests if test.what == fact for value in test.values}
        words |= {"category": set(self._model.categories), "action": set(self._model.actions)}.get(fact, set())
        words |= set(self._model.names) if fact == "basis.agreement" else set()
        return [common, *sorted(words - set(FRESH) - {common}), FRESH[0]]

    def _numbers(self, fact: str, common: int) -> list[int]:
        cuts = {cut for axis, _ in self._of(fact, Number) for cut in axis.cuts}
        cuts |= {value for test in self._tests if test.what == fact for value in test.values}
        number = Number(fact, tuple(sorted(cuts)))
        found = [value for place in range(len(number)) if (value := number.sample(place)) is not None]
        if fact == "time":  # room for an expiry before it
            return [max(value, 1) for value in found]
        return [common, *found]

    def _sight(self, fact: str, value: Any) -> tuple[Any, ...]:
        """Return how every table and every test sees a value."""
        axes = [blocks[axis.at(value)] for axis, blocks in self._of(fact, (Scalar, Number))]
        tests = [_seen_by(test, value) for test in self._tests if test.what == fact]
        own: Any = value if fact in ("direction", "basis.agreement") else None
        if fact in ("category", "action"):
            own = self._column(fact, value)
        return (*axes, *tests, own)

    def _column(self, fact: str, value: str) -> Any:
        """Return which candidates are considered for a category or an action, everywhere."""
        at = 0 if fact == "category" else 1
        known = value if value in (self._model.categories, self._model.actions)[at] else FRESH[0]
        return tuple(
            keys for found in self._model.considered.values() for pair, keys in found.items() if pair[at] == known
        )

    def _members(self, fact: str) -> list[str]:
        words = {value for test in self._tests if test.what == fact for value in test.values}
        fresh = 0
        for axis, _ in self._of(fact, Members):
            words |= set(axis.group)
            fresh = max(fresh, 0 if axis.group else axis.most)
        return [*sorted(words), *FRESH[:fresh]]

    def _rows(self) -> list[Row]:
        axes = [axis for axis, _ in self._of("assurances", Rows)]
        patterns = [pattern for test in self._tests if test.what == "assurances" for pattern in test.values]
        if not axes and not patterns:
            return []
        kinds = {word for axis in axes for column in axis.columns if _is_kind(column) for word in column.known}
        kinds |= {word for pattern in patterns for word in pattern.kind or ()}
        statuses = next(column.of for column in facts()["assurances"].row if column.name == "status")
        seen: dict[Any, Row] = {}
        for row in product((*sorted(kinds), FRESH[0]), statuses, (2, 1, 0)):
            values = dict(zip(("kind", "status", "expires"), row, strict=True))
            sights = [tuple(axis.row_class(values, {"time": 1}) in kind for kind in axis.kinds) for axis in axes]
            seen.setdefault((tuple(sights), tuple(pattern.fits(values, 1) for pattern in patterns)), row)
        return list(seen.values())


def _is_kind(column: Any) -> bool:
    return isinstance(column, Column) and column.name == "kind"


def _seen_by(test: Clause, value: Any) -> Any:
    if test.how == "in":
        return any(value == each and type(value) is type(each) for each in test.values)
    bound = test.values[0]
    return value >= bound if test.how == "at-least" else value <= bound


def _tables(model: Model) -> Iterator[Table]:
    yield from model.fired.values()
    for candidate in model.candidates.values():
        yield from candidate.roles.values()
        yield from candidate.rank.values()
        for tables in (*candidate.grounds.values(), *candidate.release.values(), *candidate.fields.values()):
            yield from (tables.values() if isinstance(tables, Mapping) else ())


def _axes(tables: Iterable[Table]) -> Iterator[tuple[Any, Sequence[int]]]:
    """Yield every axis with its blocks, each way of seeing once."""
    met: set[Any] = set()
    for table in tables:
        for axis, blocks in zip(table.axes, table.blocks, strict=True):
            key = repr(axis), tuple(blocks)
            if key not in met:
                met.add(key)
                yield axis, blocks
