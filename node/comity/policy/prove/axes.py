"""How a part of the policy sees a fact: a few positions, each standing for many values. Pure.

Two values share a position only where the part cannot tell them apart: they occur at the same places of all that the
fact is compared with (renaming one to the other changes nothing), or lie between the same two numbers.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, product
from typing import Any

from comity.errors import Unavailable
from comity.policy.prove.facts import LISTS, MOST, PEER, SELF, Fact, facts, named, value_of
from comity.policy.prove.places import Place
from comity.policy.prove.sources import Source

FRESH = ("⁂ another word", "⁂ a second other word", "⁂ a third other word")
MANY = 2  # of words that no text names, two count like more: rules may only ask whether there is one
_SIGNS = (-1, 0, 1)


class Unfollowed(Unavailable):
    """A part of the policy reads facts in a way that has no finite table: nothing is proved with it."""


@dataclass(frozen=True)
class Scalar:
    """A fact of one value. `values[i]` are the representatives of position i, the first is the usual one."""

    fact: str
    values: tuple[tuple[Any, ...], ...]
    known: Mapping[Any, int] = field(hash=False)
    other: int = -1  # the position of every value that is not known

    def position(self, document: Mapping[str, Any], _seen: Any = None) -> int:
        """Return the position of a document's value."""
        value = value_of(document, self.fact)
        return self.known.get(_typed(value), self.other)

    def at(self, value: Any) -> int:
        """Return the position of a value."""
        return self.known.get(_typed(value), self.other)

    def sample(self, position: int) -> Any:
        """Return a value that has this position."""
        return self.values[position][0]

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True)
class Number:
    """A fact that is a number, cut at thresholds: position 2i+1 is the i-th cut itself, 2i lies below it."""

    fact: str
    cuts: tuple[int, ...]

    def position(self, document: Mapping[str, Any], _seen: Any = None) -> int:
        """Return the position of a document's value."""
        return self.at(value_of(document, self.fact))

    def at(self, value: float) -> int:
        """Return the position of a value."""
        index = bisect_left(self.cuts, value)
        return 2 * index + (index < len(self.cuts) and self.cuts[index] == value)

    def sample(self, position: int) -> int | None:
        """Return a whole number at this position, None where there is none."""
        index, exact = divmod(position, 2)
        if exact:
            return self.cuts[index]
        low = self.cuts[index - 1] if index else -1
        high = self.cuts[index] if index < len(self.cuts) else MOST + 1
        middle = low + 1 if index == len(self.cuts) else high - 1
        return middle if low < middle < high else None

    def __len__(self) -> int:
        return 2 * len(self.cuts) + 1


@dataclass(frozen=True)
class Members:
    """How many members of a group a list has; `group` empty: words that no text names."""

    fact: str
    group: tuple[str, ...]
    outside: frozenset[str]  # all words of the other groups
    most: int

    def position(self, document: Mapping[str, Any], _seen: Any = None) -> int:
        """Return how many different members of the group a document's list has."""
        return self.count(value_of(document, self.fact))

    def count(self, members: Iterable[str]) -> int:
        """Return how many different members are of the group."""
        held = set(members)
        found = held & set(self.group) if self.group else held - self.outside
        return min(len(found), self.most)

    def sample(self, position: int) -> tuple[str, ...]:
        """Return members that make this position."""
        return (self.group or FRESH)[:position]

    def __len__(self) -> int:
        return self.most + 1


@dataclass(frozen=True)
class Rows:
    """Which kinds of rows a list has: position is a bit mask over `kinds`, each a set of row classes."""

    fact: str
    columns: tuple[Any, ...]
    kinds: tuple[frozenset[tuple[int, ...]], ...]
    samples: tuple[Mapping[str, Any], ...]

    def position(self, document: Mapping[str, Any], _seen: Any = None) -> int:
        """Return which kinds of rows a document's list has."""
        present = {self.row_class(row, document) for row in value_of(document, self.fact)}
        return sum(1 << bit for bit, kind in enumerate(self.kinds) if kind & present)

    def row_class(self, row: Mapping[str, Any], document: Mapping[str, Any]) -> tuple[int, ...]:
        """Return the class of one row: a position for each column."""
        return tuple(column.of_row(row, document) for column in self.columns)

    def sample(self, position: int) -> list[Mapping[str, Any]]:
        """Return rows that make this position."""
        return [row for bit, row in enumerate(self.samples) if position >> bit & 1]

    def __len__(self) -> int:
        return int(1 << len(self.kinds))


@dataclass(frozen=True)
class Column:
    """A column of words: positions like `Scalar`."""

    name: str
    values: tuple[Any, ...]
    known: Mapping[Any, int] = field(hash=False)
    other: int = -1

    def of_row(self, row: Mapping[str, Any], _document: Mapping[str, Any]) -> int:
        """Return the position of a row's value."""
        return self.known.get(row[self.name], self.other)

    def sample(self, position: int, _document: Mapping[str, Any]) -> Any:
        """Return a value of this position."""
        return self.values[position]


@dataclass(frozen=True)
class Against:
    """A column whose number is compared with a fact alone: below, equal, above."""

    name: str
    fact: str
    values: tuple[int, ...] = _SIGNS

    def of_row(self, row: Mapping[str, Any], document: Mapping[str, Any]) -> int:
        """Return 0 below, 1 equal, 2 above."""
        mine, its = row[self.name], value_of(document, self.fact)
        return int(mine > its) - int(mine < its) + 1

    def sample(self, position: int, document: Mapping[str, Any]) -> int:
        """Return a number that stands so against the document's fact."""
        return int(value_of(document, self.fact)) + _SIGNS[position]


@dataclass(frozen=True)
class Way:
    """How a value of another part comes about: triggers, and an action of one block."""

    fired: frozenset[str]
    action: str
    axis: Scalar | None = None
    actions: frozenset[int] = frozenset()

    def fits(self, action: str) -> bool:
        """Whether it comes about with this action as well."""
        return self.axis is None or self.axis.at(action) in self.actions


@dataclass(frozen=True)
class Seen:
    """A part that has its own table: the triggers that hold, the roles that must decide. Positions are values.

    `ways`: for each value of a part that follows from others, what brings it about.
    """

    fact: str
    values: tuple[Any, ...]
    ways: Mapping[Any, list[Way]] | None = field(default=None, hash=False)
    words: frozenset[str] | None = None  # of the triggers those that this part can tell apart

    def position(self, _document: Mapping[str, Any], seen: Any) -> int:
        """Return the position of the value that was worked out for this document; -1 for one never met."""
        found = seen[self.fact]
        if self.words is not None:
            found = found & self.words
        return self.values.index(found) if found in self.values else -1

    def sample(self, position: int) -> Any:
        """Return the value."""
        return self.values[position]

    def __len__(self) -> int:
        return len(self.values)


Axis = Scalar | Number | Members | Rows | Seen


class Sorts:
    """What the facts of a part are compared with, at one place."""

    def __init__(self, sorts: Iterable[Iterable[Source]], place: Place, apart: Mapping[str, str] | None = None) -> None:
        self.place = place
        self.apart = apart or {}  # for each fact a word that is seen by itself
        self._sorts = [(list(sort), set().union(*(named(source, place) for source in sort))) for sort in sorts]

    def of(self, fact: str) -> tuple[list[Source], set[str]]:
        """Return the sources that a fact is compared with, and the other facts among them."""
        for sources, names in self._sorts:
            if fact in names:
                return [source for source in sources if source.root != "input"], names - {fact}
        return [], set()

    def words(self, fact: str) -> dict[str, frozenset[Any]]:
        """Return the words that a fact is compared with, each with the positions where it stands."""
        found: dict[str, set[Any]] = {}
        for other in self.of(fact)[1]:
            for word in self._listed(fact, other):
                found.setdefault(word, set()).add((other, word))
        if fact in self.apart:
            found[self.apart[fact]] = {"apart"}
        for at, value in chain.from_iterable(map(self.place.leaves, self.of(fact)[0])):
            if isinstance(value, str):
                found.setdefault(value, set()).add(at)
        return {word: frozenset(places) for word, places in found.items()}

    def _listed(self, fact: str, other: str) -> Iterable[str]:
        """Return every word that another fact can be."""
        if other in (SELF, PEER):
            return (self.place.provider, self.place.requester)
        if other in facts() and facts()[other].kind in ("one_of", "some_of"):
            return facts()[other].of
        raise Unfollowed(f"{fact} is compared with {other}, another word of the question")

    def numbers(self, fact: str) -> tuple[int, ...]:
        """Return the numbers that a fact is compared with."""
        leaves = chain.from_iterable(map(self.place.leaves, self.of(fact)[0]))
        return tuple(sorted({value for _, value in leaves if type(value) is int}))


def axes_of(fact: Fact, sorts: Sorts) -> list[Any]:
    """Return how a part sees a fact. A kind `rows` gives its columns; the tables find out which rows matter."""
    if fact.kind in ("flag", "claim"):
        return [_listed(fact.name, (False, True) if fact.kind == "flag" else (None, False, True))]
    if fact.kind == "one_of":
        return [_listed(fact.name, fact.of)]
    if fact.kind == "number":
        if sorts.of(fact.name)[1] - {"assurances.expires"}:
            raise Unfollowed(f"{fact.name} is compared with another number of the question")
        return [Number(fact.name, sorts.numbers(fact.name))]
    if fact.kind == "text":
        return [_text(fact, sorts)]
    if fact.kind in LISTS:
        return _lists(fact, sorts)
    return [tuple(_column(fact, column, sorts) for column in fact.row)]


def _listed(name: str, values: Sequence[Any]) -> Scalar:
    return Scalar(name, tuple((value,) for value in values), {_typed(value): at for at, value in enumerate(values)})


def _text(fact: Fact, sorts: Sorts) -> Scalar:
    words = sorts.words(fact.name)
    groups: dict[Any, list[str]] = {}
    for word, places in sorted(words.items()):
        groups.setdefault(places, []).append(word)
    values = [tuple(group) for group in groups.values()]
    known = {_typed(word): at for at, group in enumerate(values) for word in group}
    return Scalar(fact.name, (*values, FRESH[:1]), known, len(values))


def _lists(fact: Fact, sorts: Sorts) -> list[Any]:
    words = sorts.words(fact.name)
    listed = set(fact.of) or None
    groups: dict[Any, list[str]] = {}
    for word, places in sorted(words.items()):
        if listed is None or word in listed:
            groups.setdefault(places, []).append(word)
    outside = frozenset(chain.from_iterable(groups.values()))
    found = [Members(fact.name, tuple(group), outside - set(group), len(group)) for group in groups.values()]
    if listed is None:
        return [*found, Members(fact.name, (), outside, MANY)]
    rest = tuple(word for word in fact.of if word not in outside)
    return [*found, Members(fact.name, rest, outside, min(len(rest), MANY))] if rest else found


def _column(fact: Fact, column: Fact, sorts: Sorts) -> Column | Against:
    name = f"{fact.name}.{column.name}"
    sources, others = sorts.of(name)
    if column.kind == "one_of":
        return Column(column.name, column.of, {word: at for at, word in enumerate(column.of)})
    if column.kind == "text":
        words = sorted(sorts.words(name))
        return Column(column.name, (*words, FRESH[0]), {word: at for at, word in enumerate(words)}, len(words))
    if len(others) == 1 and not list(chain.from_iterable(map(sorts.place.leaves, sources))):
        return Against(column.name, next(iter(others)))
    if not others and not sources:
        return Column(column.name, (MOST,), {}, 0)
    raise Unfollowed(f"{name} is compared with more than one other number")


def row_classes(columns: Sequence[Any]) -> list[tuple[int, ...]]:
    """Return every class of rows."""
    return list(product(*(range(len(column.values)) for column in columns)))


def row_sample(columns: Sequence[Any], row: Sequence[int], document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of a class, as it stands against a document."""
    pairs = zip(columns, row, strict=True)
    return {column.name: column.sample(position, document) for column, position in pairs}


def _typed(value: Any) -> Any:
    """Keep 0 and false, 1 and true apart."""
    return (type(value).__name__, value)
