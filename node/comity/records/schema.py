"""The FollowTheMoney vocabulary: which schemata there are and which properties each has.

`ftm.json` is generated from the followthemoney package (`make ftm`); its licence lies beside it.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any

from comity.errors import Malformed, Violation


@dataclass(frozen=True, slots=True)
class Schema:
    """One schema with everything it inherits: `properties` maps a name to its FtM type (`name`, `date`, …)."""

    name: str
    parents: frozenset[str]
    properties: dict[str, str]
    abstract: bool

    def is_a(self, name: str) -> bool:
        """Whether this is the named schema or inherits from it."""
        return name == self.name or name in self.parents


@cache
def schema(name: str) -> Schema:
    """Return a schema; raises `Malformed` naming the nearest one."""
    rows = _table()
    if name not in rows:
        problem = f"is not a FollowTheMoney schema{nearest(name, rows)}"
        raise Malformed(f"schema {problem}", violations=(Violation("schema", problem),))
    parents: set[str] = set()
    properties: dict[str, str] = {}
    for parent in rows[name]["extends"]:
        above = schema(parent)
        parents |= {parent, *above.parents}
        properties.update(above.properties)
    return Schema(name, frozenset(parents), {**properties, **rows[name]["properties"]}, rows[name]["abstract"])


@cache
def property_names() -> frozenset[str]:
    """Return every property name of the vocabulary: what a decision may release."""
    return frozenset(name for row in _table().values() for name in row["properties"])


def nearest(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean …?` for the nearest known word, or nothing."""
    found = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean {found[0]}?" if found else ""


@cache
def _table() -> dict[str, dict[str, Any]]:
    content = json.loads((files("comity.records") / "ftm.json").read_text(encoding="utf-8"))
    rows: dict[str, dict[str, Any]] = content["schemata"]
    return rows
