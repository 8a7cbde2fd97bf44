"""Where a value of the policy comes from: places in the question, the candidate, the data. Pure."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

ANY = "*"
KEYS = "#"


class Of(NamedTuple):
    """A step whose name is itself a value: `offences[candidates.provider]`."""

    names: frozenset["Source"]


class Source(NamedTuple):
    """A place: a root and the steps from it.

    Roots: `input`, `data`, `cand` (the candidate), `cut` (a part that has its own table), `const`, and for values made
    on the way `built` (a text or number put together), `count` (of members), `list` (gone through members). A step is a
    key, `*` for every member, `#` for the keys themselves, or an `Of`.
    """

    root: str
    path: tuple[Any, ...] = ()

    def step(self, name: Any) -> "Source":
        """Return the place one step further in; constants, cuts and made values stay what they are."""
        if self.root in ("const", "cut", "built", "count", "list") or (self.path and self.path[-1] == KEYS):
            return self
        return Source(self.root, (*self.path, name))

    def bare(self) -> "Source":
        """Return the place without trailing steps over all members: a list and its members are one sort."""
        path = self.path
        while path and path[-1] == ANY:
            path = path[:-1]
        return Source(self.root, path)


Sources = frozenset[Source]
NOWHERE: Sources = frozenset()


def const(value: Any) -> Sources:
    """Return the source of a literal, kept as JSON: to Python 0 and false are one."""
    return frozenset({Source("const", (json.dumps(value),))})


def steps(sources: Sources, name: Any) -> Sources:
    """Return every source one step further in."""
    return frozenset(source.step(name) for source in sources)


def is_fixed(sources: Iterable[Source]) -> bool:
    """Whether values are known once candidate, provider and requester are: then a step may be named by them."""
    return all(source.root in ("cand", "data", "const", "cut") for source in sources)


def dumps(source: Source) -> list[Any]:
    """Return the JSON form of a source."""
    return [source.root, [_dump_step(step) for step in source.path]]


def loads(form: list[Any]) -> Source:
    """Return the source of its JSON form."""
    return Source(form[0], tuple(_load_step(step) for step in form[1]))


def _dump_step(step: Any) -> Any:
    return {"of": sorted((dumps(name) for name in step.names), key=repr)} if isinstance(step, Of) else step


def _load_step(step: Any) -> Any:
    return Of(frozenset(loads(name) for name in step["of"])) if isinstance(step, Mapping) else step
