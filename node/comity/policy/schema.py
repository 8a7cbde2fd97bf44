"""Holds a tree with lines against a JSON Schema, so that a violation can name line and nearest word. Pure.

The keywords are those that `policy/schemas` uses; an unknown one raises `RuntimeError`, so that no condition is
silently dropped. A test holds the verdict of this file against the `jsonschema` package on mutated agreements.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from comity.errors import Violation
from comity.policy.yamltree import Node

Found = Iterator[Violation]

_TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "null": lambda value: value is None,
}
_NOTES = {"$schema", "$id", "$defs", "title", "description"}


class Schema:
    """A JSON Schema document, ready to check trees."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    def check(self, node: Node, name: str) -> list[Violation]:
        """Return every violation of a tree, in the order of the file; `name` is the file's."""
        found = [(line, violation) for line, violation in self._walk(node, self._document, "")]
        return [Violation(field, f"{name}:{line}: {problem}") for line, (field, problem) in _sorted(found)]

    def _walk(self, node: Node, schema: Mapping[str, Any], path: str) -> Iterator[tuple[int, tuple[str, str]]]:
        schema = self._resolve(schema)
        if "anyOf" in schema:
            yield from self._any(node, schema["anyOf"], path)
            return
        for keyword, argument in schema.items():
            if keyword in _NOTES:
                continue
            yield from _KEYWORDS[keyword](self, node, argument, (path, schema))

    def _any(self, node: Node, options: list[Any], path: str) -> Iterator[tuple[int, tuple[str, str]]]:
        """Report the option whose type fits: its words are the helpful ones."""
        tried = [list(self._walk(node, option, path)) for option in options]
        if all(tried):
            fitting = [found for found in tried if not any(where == path for _, (where, _) in found)]
            yield from (fitting or tried)[0]

    def _resolve(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        reference = schema.get("$ref")
        if reference is None:
            return schema
        target = self._document["$defs"][reference.removeprefix("#/$defs/")]
        return {**target, **{key: value for key, value in schema.items() if key != "$ref"}}


_Hits = Iterator[tuple[int, tuple[str, str]]]
_Place = tuple[str, Mapping[str, Any]]


def _type(_self: Schema, node: Node, kind: str | list[str], place: _Place) -> _Hits:
    kinds = [kind] if isinstance(kind, str) else kind
    if not any(_TYPES[each](node.value) for each in kinds):
        yield node.line, (place[0], f"must be of type {' or '.join(kinds)}")


def _enum(_self: Schema, node: Node, allowed: list[Any], place: _Place) -> _Hits:
    if node.value not in allowed or isinstance(node.value, bool) != any(node.value is each for each in (True, False)):
        yield node.line, (place[0], f"{_shown(node.value)} is unknown{nearest(node.value, allowed)}")


def _pattern(_self: Schema, node: Node, pattern: str, place: _Place) -> _Hits:
    if isinstance(node.value, str) and not _compiled(pattern).search(node.value):
        meaning = place[1].get("description", "")
        yield node.line, (place[0], f"{_shown(node.value)} does not have the form {pattern}. {meaning}".rstrip())


def _properties(self: Schema, node: Node, schemas: Mapping[str, Any], place: _Place) -> _Hits:
    if isinstance(node.value, dict):
        for key, schema in schemas.items():
            if key in node.value:
                yield from self._walk(node.value[key].node, schema, _join(place[0], key))


def _required(_self: Schema, node: Node, names: list[str], place: _Place) -> _Hits:
    if isinstance(node.value, dict):
        for name in names:
            if name not in node.value:
                yield node.line, (_join(place[0], name), f"`{name}` is missing: add it")


def _additional(self: Schema, node: Node, schema: Any, place: _Place) -> _Hits:
    if not isinstance(node.value, dict):
        return
    known = list(place[1].get("properties", {}))
    for key, entry in node.value.items():
        if key in known:
            continue
        if schema is False:
            yield entry.line, (_join(place[0], key), f"unknown key {_shown(key)}{nearest(key, known)}")
        else:
            yield from self._walk(entry.node, schema, _join(place[0], key))


def _names(self: Schema, node: Node, schema: Any, place: _Place) -> _Hits:
    if isinstance(node.value, dict):
        for key, entry in node.value.items():
            yield from self._walk(Node(key, entry.line), schema, _join(place[0], key))


def _items(self: Schema, node: Node, schema: Any, place: _Place) -> _Hits:
    if isinstance(node.value, list):
        for index, item in enumerate(node.value):
            yield from self._walk(item, schema, f"{place[0]}[{index}]")


def _unique(_self: Schema, node: Node, _flag: bool, place: _Place) -> _Hits:
    if isinstance(node.value, list):
        seen = []
        for item in node.value:
            if item.plain() in seen:
                yield item.line, (place[0], f"{_shown(item.plain())} is there twice: keep one")
            seen.append(item.plain())


def _bound(word: str, fits: Callable[[Any, int], bool], measure: Callable[[Any], Any], *kinds: type) -> Any:
    def check(_self: Schema, node: Node, limit: int, place: _Place) -> _Hits:
        value = node.value
        if isinstance(value, kinds) and not isinstance(value, bool) and not fits(measure(value), limit):
            yield node.line, (place[0], f"{word} {limit}")

    return check


def _least(value: Any, limit: int) -> bool:
    return bool(value >= limit)


def _most(value: Any, limit: int) -> bool:
    return bool(value <= limit)


_KEYWORDS: dict[str, Any] = {
    "type": _type,
    "enum": _enum,
    "pattern": _pattern,
    "properties": _properties,
    "required": _required,
    "additionalProperties": _additional,
    "propertyNames": _names,
    "items": _items,
    "uniqueItems": _unique,
    "minimum": _bound("must be at least", _least, lambda value: value, int),
    "maximum": _bound("must be at most", _most, lambda value: value, int),
    "minLength": _bound("must have a length of at least", _least, len, str),
    "maxLength": _bound("must have a length of at most", _most, len, str),
    "minItems": _bound("must have members, at least", _least, len, list),
    "maxItems": _bound("must have members, at most", _most, len, list),
    "minProperties": _bound("must have entries, at least", _least, len, dict),
}


def nearest(value: Any, known: list[Any]) -> str:
    """Return how a message about an unknown word ends: the nearest known word, or all of them."""
    close = get_close_matches(str(value), [str(each) for each in known], n=1, cutoff=0.5)
    return f": did you mean `{close[0]}`?" if close else f": known are {', '.join(map(str, known))}"


def _shown(value: Any) -> str:
    text = "a list" if isinstance(value, list) else "a mapping" if isinstance(value, dict) else f"`{value}`"
    return text if len(text) <= 60 else f"{text[:57]}…`"


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _sorted(found: list[tuple[int, tuple[str, str]]]) -> list[tuple[int, tuple[str, str]]]:
    return sorted(set(found), key=lambda hit: (hit[0], hit[1]))


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern.replace("$", r"\Z") if pattern.endswith("$") else pattern)
