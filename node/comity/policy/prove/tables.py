"""The complete table of one part of the policy, filled by the engine and made small."""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from comity.policy.prove.axes import Axis, Members, Number, Rows, Scalar, Seen, Unfollowed, Way, row_classes, row_sample
from comity.policy.prove.facts import put

MOST_ROWS = 60_000
_SAMPLES, _CONTEXTS = 100, 8
Ask = Callable[[list[dict[str, Any]]], list[Any]]


@dataclass
class Table:
    """What a part gives: for each combination of blocks of positions an answer.

    `blocks[i]` maps each position of `axes[i]` to a block; positions of one block give the same answers everywhere.
    A combination that cannot be has no answer.
    """

    axes: list[Axis]
    blocks: list[list[int]]
    answers: dict[tuple[int, ...], Any]

    def answer(self, document: Mapping[str, Any], seen: Any = None) -> Any:
        """Return the answer for a document."""
        places = (axis.position(document, seen) for axis in self.axes)
        return self.answers[tuple(block[place] for block, place in zip(self.blocks, places, strict=True))]

    def values(self) -> set[Any]:
        """Return the different answers."""
        return set(self.answers.values())


def fill(axes: Sequence[Any], ask: Ask, base: Mapping[str, Any]) -> Table:
    """Return the table over these axes. `ask` takes rows `{"facts", "fired"}` and gives hashable answers.

    An axis that is still a tuple of columns becomes `Rows`: of its row classes those matter that change an answer.
    """
    axes = [axis for axis in axes if isinstance(axis, tuple) or len(axis) > 1]
    fixed = [_rows_axis(axes, at, ask, base) if isinstance(axis, tuple) else axis for at, axis in enumerate(axes)]
    return _small(*_complete(fixed, ask))


def _complete(axes: list[Axis], ask: Ask) -> tuple[list[Axis], dict[tuple[int, ...], Any]]:
    size = 1
    for axis in axes:
        size *= len(axis)
    if size > MOST_ROWS:
        names = ", ".join(sorted({axis.fact for axis in axes}))
        raise Unfollowed(f"{size} combinations of {names} in one rule: split the rule, so that each reads fewer facts")
    places, rows = [], []
    for place in product(*(range(len(axis)) for axis in axes)):
        row = _row(axes, place)
        if row is not None:
            places.append(place)
            rows.append(row)
    return axes, dict(zip(places, ask(rows), strict=True))


def _row(axes: Sequence[Axis], place: Sequence[int]) -> dict[str, Any] | None:
    """Return the facts of a combination of positions; None where it cannot be."""
    facts: dict[str, Any] = {}
    fired: list[str] = []
    lists: dict[str, list[Any]] = {}
    roles: list[Way] | None = None
    actions: tuple[Any, ...] = ()
    for axis, position in zip(axes, place, strict=True):
        if isinstance(axis, Seen):
            value = axis.sample(position)
            roles, fired = (axis.ways[value], fired) if axis.ways else (roles, list(value))
        elif isinstance(axis, (Members, Rows)):
            lists.setdefault(axis.fact, []).extend(axis.sample(position))
        elif isinstance(axis, Number) and axis.sample(position) is None:
            return None
        else:
            put(facts, axis.fact, axis.sample(position))
            actions = axis.values[position] if isinstance(axis, Scalar) and axis.fact == "action" else actions
    for fact, members in lists.items():
        put(facts, fact, members)
    if roles is None:
        return {"facts": facts, "fired": fired}
    for way, action in product(roles, actions or [None]):
        if action is None or way.fits(action):
            return {"facts": {**facts, "action": action or way.action}, "fired": sorted(way.fired)}
    return None


def _rows_axis(axes: Sequence[Any], at: int, ask: Ask, base: Mapping[str, Any]) -> Rows:
    """Return the axis of a list of rows: classes of rows that change the same answers are one kind.

    Whether rows act each by itself is then tried on samples of many rows at once.
    """
    columns, others = axes[at], [axis for axis in axes if not isinstance(axis, tuple)]
    contexts = [row for place in product(*(range(len(each)) for each in others)) if (row := _row(others, place))]
    classes = row_classes(columns)
    name = "assurances"
    samples = [row_sample(columns, row, base) for row in classes]
    if len(contexts) * (len(classes) + 1) > 10 * MOST_ROWS:
        raise Unfollowed(f"{len(contexts) * len(classes)} combinations with {name} in one rule")

    def answers(rows: list[Mapping[str, Any]], some: Sequence[Any] = contexts) -> tuple[Any, ...]:
        return tuple(ask([_with(context, name, rows) for context in some]))

    empty = answers([])
    columns_of = {kind: answers([sample]) for kind, sample in zip(classes, samples, strict=True)}
    groups: dict[Any, list[int]] = {}
    for index, kind in enumerate(classes):
        if columns_of[kind] != empty:
            groups.setdefault(columns_of[kind], []).append(index)
    kinds = tuple(frozenset(classes[index] for index in group) for group in groups.values())
    axis = Rows(name, tuple(columns), kinds, tuple(samples[group[0]] for group in groups.values()))
    _try(axis, classes, samples, contexts, answers)
    return axis


def _try(axis: Rows, classes: list[Any], samples: list[Any], contexts: list[Any], answers: Callable[..., Any]) -> None:
    """Raise `Unfollowed` where several rows together do more than their kinds alone."""
    chance = random.Random(len(classes))  # noqa: S311  a fixed sample, no secret
    for _ in range(_SAMPLES):
        chosen = chance.sample(range(len(classes)), chance.randint(2, len(classes)))
        present = {classes[index] for index in chosen}
        mask = sum(1 << bit for bit, kind in enumerate(axis.kinds) if kind & present)
        some = chance.sample(contexts, min(len(contexts), _CONTEXTS))
        if answers([samples[index] for index in chosen], some) != answers(axis.sample(mask), some):
            raise Unfollowed(f"{axis.fact}: a rule that looks at several of them together")


def _with(row: Mapping[str, Any], fact: str, value: Any) -> dict[str, Any]:
    return {**row, "facts": {**row["facts"], fact: list(value)}}


def _small(axes: list[Axis], answers: dict[tuple[int, ...], Any]) -> Table:
    """Return the table with positions of equal answers in one block, and no axis that changes nothing."""
    kept: list[Axis] = []
    blocks: list[list[int]] = []
    for axis in axes:
        at = len(kept)
        block = _merged(at, len(axis), answers)
        smaller: dict[tuple[int, ...], Any] = {}
        single = max(block) == 0
        for place, answer in answers.items():
            smaller[(*place[:at], *([] if single else [block[place[at]]]), *place[at + 1 :])] = answer
        answers = smaller
        if not single:
            kept.append(axis)
            blocks.append(block)
    return Table(kept, blocks, answers)


def _merged(at: int, length: int, answers: Mapping[tuple[int, ...], Any]) -> list[int]:
    """Return the block of each position of one axis. A position that cannot be joins the first block."""
    slices: list[dict[tuple[int, ...], Any]] = [{} for _ in range(length)]
    for place, answer in answers.items():
        slices[place[at]][(*place[:at], *place[at + 1 :])] = answer
    found: list[dict[tuple[int, ...], Any]] = []
    block = []
    for slice_ in slices:
        for number, held in enumerate(found):
            if all(held.get(place, answer) == answer for place, answer in slice_.items()) and (
                held.keys() == slice_.keys() or not slice_
            ):
                block.append(number)
                break
        else:
            block.append(len(found))
            found.append(slice_)
    return block


def merge_rules(tables: Iterable[Table]) -> list[Table]:
    """Return the tables that say anything: one answer everywhere, and that empty, is left out."""
    return [table for table in tables if table.axes or any(table.answers.values())]
