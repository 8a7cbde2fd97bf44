"""The facts of the input document, by the rows of `data.comity.vocabulary.input`. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from comity.policy import library
from comity.policy.prove.places import Place
from comity.policy.prove.sources import ANY, KEYS, Of, Source
from comity.policy.scenarios import usual_question

MOST = 1_000_000_000_000
SELF, PEER, DIRECTION = "self.country", "peer.country", "direction"
LISTS = ("texts", "some_of")


@dataclass(frozen=True)
class Fact:
    """One fact: dotted name, kind, words where the contract lists them, columns of a kind `rows`."""

    name: str
    kind: str
    of: tuple[str, ...] = ()
    row: tuple["Fact", ...] = ()

    @property
    def path(self) -> tuple[str, ...]:
        """The keys that lead to it in the document."""
        return tuple(self.name.split("."))


@cache
def facts() -> dict[str, Fact]:
    """Return every fact of the input document by its dotted name."""
    rows = library.data()["comity"]["vocabulary"]["input"]
    return {fact.name: fact for fact in map(_fact, rows)}


def _fact(row: Mapping[str, Any]) -> Fact:
    columns = tuple(_fact(column) for column in row.get("row", ()))
    return Fact(".".join(row["path"]), row["kind"], tuple(row.get("of", ())), columns)


def usual() -> dict[str, Any]:
    """Return the question that no single fact speaks against, with every fact there."""
    document = usual_question()
    document["requester"]["country"] = ""
    return document


def value_of(document: Mapping[str, Any], fact: str) -> Any:
    """Return the value of a fact in a document."""
    value: Any = document
    for key in fact.split("."):
        value = value[key]
    return value


def put(document: dict[str, Any], fact: str, value: Any) -> None:
    """Set a fact in a nested document, making what lies between."""
    *parents, last = fact.split(".")
    for key in parents:
        document = document.setdefault(key, {})
    document[last] = value


def named(source: Source, place: Place) -> frozenset[str]:
    """Return the names of the facts at or below an input source, columns as `assurances.kind`."""
    if source.root != "input":
        return frozenset()
    if any(isinstance(step, Of) for step in source.path):
        return _named(source, place)
    return _named_anywhere(source)


@cache
def _named_anywhere(source: Source) -> frozenset[str]:
    return _named(source, Place({}, "", "", {}))


def _named(source: Source, place: Place) -> frozenset[str]:
    found = set()
    for fact in facts().values():
        if fact.row and len(source.path) > len(fact.path):
            found |= {
                f"{fact.name}.{column.name}"
                for column in fact.row
                if _meets(source.path, (*fact.path, ANY, *column.path), place)
            }
        elif _meets(source.path, fact.path, place):
            found.add(fact.name)
    return frozenset(found)


def _meets(read: tuple[Any, ...], path: tuple[str, ...], place: Place) -> bool:
    for step, key in zip(read, path, strict=False):
        if step in (ANY, KEYS) or key == ANY:
            continue
        if key not in place.names(step) if isinstance(step, Of) else key != step:
            return False
    return True


def whole(names: Iterable[str]) -> set[str]:
    """Return fact names with columns turned into the fact they belong to."""
    return {name if name in facts() else name.rsplit(".", 1)[0] for name in names}
