"""The values that stand at a source, for one candidate and one pair of countries. Pure."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from comity.policy.prove.dependencies import PROVIDER, REQUESTER
from comity.policy.prove.sources import ANY, KEYS, Of, Source


@dataclass(frozen=True)
class Place:
    """Where sources are looked up: the candidate (agreement, term, name), who answers, who asks, the policy data."""

    candidate: Mapping[str, Any]
    provider: str
    requester: str
    data: Mapping[str, Any]

    def leaves(self, source: Source) -> Iterator[tuple[Any, Any]]:
        """Yield position and value of every scalar at a source; members of a list of scalars share a position."""
        if source.root == "const":
            yield ("const", source.path), json.loads(source.path[0])
        elif source == Source("cut", (PROVIDER,)):
            yield "provider", self.provider
        elif source == Source("cut", (REQUESTER,)):
            yield "requester", self.requester
        elif source.root in ("cand", "data"):
            root = self.candidate if source.root == "cand" else self.data
            yield from self._walk(root, source.path, (source.root,))

    def names(self, step: Of) -> set[str]:
        """Return the keys that a step can be."""
        return {value for name in step.names for _, value in self.leaves(name) if isinstance(value, str)}

    def content(self, sources: Iterable[Source]) -> str:
        """Return all that stands at these sources as one text: equal content, equal tables."""
        found = [list(self._content(source)) for source in sources]
        return json.dumps(found, sort_keys=True)

    def _content(self, source: Source) -> Iterator[Any]:
        if source.root in ("cand", "data"):
            yield from self._reach(self.candidate if source.root == "cand" else self.data, source.path)
        else:
            yield from (value for _, value in self.leaves(source))

    def _reach(self, value: Any, path: tuple[Any, ...]) -> Iterator[Any]:
        step, rest = (path[0], path[1:]) if path else (KEYS, ())
        if step == KEYS or not isinstance(value, (dict, list)):
            yield value
        elif isinstance(value, list):
            for item in value:
                yield from self._reach(item, rest if step == ANY else path)
            yield len(value)
        else:
            names = value.keys() if step == ANY else self.names(step) if isinstance(step, Of) else [step]
            for key in sorted(names):
                yield key
                if key in value:
                    yield from self._reach(value[key], rest)

    def _walk(self, value: Any, path: tuple[Any, ...], at: tuple[Any, ...]) -> Iterator[tuple[Any, Any]]:
        if not isinstance(value, (dict, list)):
            yield at, value
            return
        if not path:
            yield from self._all(value, at)
            return
        step, rest = path[0], path[1:]
        if step == KEYS:
            yield from self._keys(value, at)
        elif isinstance(value, list):
            scalars = not any(isinstance(item, (dict, list)) for item in value)
            for index, item in enumerate(value):
                yield from self._walk(item, rest if step == ANY else path, (*at, ANY if scalars else index))
        elif step == ANY:
            for key, item in value.items():
                yield from self._walk(item, rest, (*at, key))
        else:
            for key in sorted(self.names(step)) if isinstance(step, Of) else [step]:
                if key in value:
                    yield from self._walk(value[key], rest, (*at, key))

    def _keys(self, value: Any, at: tuple[Any, ...]) -> Iterator[tuple[Any, Any]]:
        if isinstance(value, dict):
            for key, item in value.items():
                yield (*at, KEYS, json.dumps(item, sort_keys=True)), key

    def _all(self, value: Any, at: tuple[Any, ...]) -> Iterator[tuple[Any, Any]]:
        if isinstance(value, dict):
            yield from self._keys(value, at)
        items = value.items() if isinstance(value, dict) else enumerate(value)
        scalars = isinstance(value, list) and not any(isinstance(item, (dict, list)) for item in value)
        for key, item in items:
            yield from self._walk(item, (), (*at, ANY if scalars else key))
