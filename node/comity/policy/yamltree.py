"""YAML as a tree whose every node knows its line. Pure.

A reader of agreements, not of all YAML: no anchors or aliases (an alias bomb needs them), no tags, no duplicate
keys, one document, bounded size and depth. Plain scalars follow the JSON schema of YAML 1.2 (section 10.2), so
`NO` is Norway and not false, and a date stays the text it is.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from comity.errors import Malformed, Violation

MAX_BYTES = 512_000
_MAX_DEPTH = 24
_INTEGER = re.compile(r"^(0|-?[1-9][0-9]{0,14})\Z")
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Node:
    """A value and its line, counted from 1: `dict[str, Entry]`, `list[Node]`, or a scalar."""

    value: Any
    line: int

    def plain(self) -> Any:
        """Return the value without lines, as `json.loads` would."""
        if isinstance(self.value, dict):
            return {key: entry.node.plain() for key, entry in self.value.items()}
        if isinstance(self.value, list):
            return [item.plain() for item in self.value]
        return self.value


@dataclass(frozen=True, slots=True)
class Entry:
    """A value of a mapping and the line of its key."""

    node: Node
    line: int


def parse(text: bytes, name: str) -> Node:
    """Return the tree of one document; raises `Malformed` naming file, line and remedy."""
    if len(text) > MAX_BYTES:
        raise Malformed(f"{name}: larger than {MAX_BYTES} bytes: split the agreement")
    try:
        events = yaml.parse(text, Loader=_Loader)
        return _Reader(events, name).document()
    except yaml.MarkedYAMLError as cause:
        line = cause.problem_mark.line + 1 if cause.problem_mark else 1
        raise _broken(name, line, f"not YAML: {cause.problem}") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise _broken(name, 1, "not YAML: it must be UTF-8 text without control characters") from None


class _Reader:
    def __init__(self, events: Iterator[Any], name: str) -> None:
        self._events = events
        self._name = name

    def document(self) -> Node:
        self._skip(yaml.StreamStartEvent)
        first = next(self._events)
        if not isinstance(first, yaml.DocumentStartEvent):
            raise _broken(self._name, 1, "the file is empty: write an agreement")
        node = self._node(next(self._events), 0)
        self._skip(yaml.DocumentEndEvent)
        rest = next(self._events)
        if not isinstance(rest, yaml.StreamEndEvent):
            raise _broken(self._name, _line(rest), "a second document: keep one agreement in a file")
        return node

    def _skip(self, kind: type) -> None:
        event = next(self._events)
        if not isinstance(event, kind):
            raise _broken(self._name, _line(event), "unexpected content")

    def _node(self, event: Any, depth: int) -> Node:
        line = _line(event)
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise _broken(self._name, line, "anchors and aliases are not used here: write the value out")
        if event.tag is not None:
            raise _broken(self._name, line, "tags are not used here: write the plain value")
        if depth > _MAX_DEPTH:
            raise _broken(self._name, line, "nested too deeply")
        if isinstance(event, yaml.ScalarEvent):
            return Node(_scalar(event), line)
        if isinstance(event, yaml.SequenceStartEvent):
            return Node(self._sequence(depth), line)
        return Node(self._mapping(depth), line)

    def _sequence(self, depth: int) -> list[Node]:
        items = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(event, depth + 1))
        return items

    def _mapping(self, depth: int) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent) or event.anchor is not None or event.tag is not None:
                raise _broken(self._name, _line(event), "a key must be a plain word")
            if event.value in entries:
                raise _broken(self._name, _line(event), f"key `{event.value}` is there twice: keep one")
            entries[event.value] = Entry(self._node(next(self._events), depth + 1), _line(event))
        return entries


def _scalar(event: Any) -> Any:
    text: str = event.value
    if not event.implicit[0]:  # quoted or block
        return text
    if text in _WORDS:
        return _WORDS[text]
    return int(text) if _INTEGER.match(text) else text


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _broken(name: str, line: int, problem: str) -> Malformed:
    return Malformed(f"{name}:{line}: {problem}", violations=(Violation(f"line {line}", problem),))
