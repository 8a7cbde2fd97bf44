"""A file of invariants: read, and held against the vocabulary. Pure.

- name: DNA leaves only under an assurance
  article: Law on extradition § 4
  never:                       # no question and its decision may be so
    direction: inbound
    category: dna-profiles
    decision.outcome: [permitted, review]
    not: {assurances: {contains: {kind: no-death-penalty, status: [given, verified], expires: after-time}}}
- name: ...
  whenever: {...}              # wherever this holds, so does `then`
  then: {...}
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from comity.errors import Malformed, Violation
from comity.policy import library
from comity.policy.agreement import unix_day
from comity.policy.prove.conditions import All, Any_, Clause, Condition, Not, Pattern
from comity.policy.schema import Schema
from comity.policy.yamltree import parse

_HOW = ("at-least", "at-most", "contains", "contains-any")


@dataclass(frozen=True)
class Invariant:
    """One invariant; `broken` is the condition that no question and its decision may meet."""

    name: str
    article: str
    broken: Condition


def load_invariants(text: bytes, name: str) -> list[Invariant]:
    """Return the invariants of a file; raises `Malformed` with every violation, each naming file and line."""
    tree = parse(text, name)
    found = Schema(library.schema("invariants")).check(tree, name)
    if not found:
        names = [item.value["name"].node for item in tree.value]
        twice = [node for index, node in enumerate(names) if node.value in [each.value for each in names[:index]]]
        found = [Violation("name", f"{name}:{node.line}: `{node.value}` is there twice: keep one") for node in twice]
        found += [
            Violation("never", f"{name}:{item.line}: either `never`, or `whenever` with `then`")
            for item in tree.value
            if item.value.keys() & {"never", "whenever", "then"} not in ({"never"}, {"whenever", "then"})
        ]
    if found:
        listed = "; ".join(violation.problem for violation in found)
        raise Malformed(f"{len(found)} violation(s): {listed}", violations=tuple(found))
    return [_invariant(item.plain(), name) for item in tree.value]


def _invariant(row: Mapping[str, Any], file: str) -> Invariant:
    try:
        if "never" in row:
            broken: Condition = _condition(row["never"])
        else:
            broken = All((_condition(row["whenever"]), Not(_condition(row["then"]))))
    except ValueError as cause:
        raise Malformed(f"{file}: {row['name']}: {cause}: write a day as 2026-03-01") from None
    return Invariant(row["name"], row.get("article", ""), broken)


def _condition(row: Mapping[str, Any]) -> Condition:
    return All(tuple(_part(key, value) for key, value in row.items()))


def _part(key: str, value: Any) -> Condition:
    if key == "all-of":
        return All(tuple(map(_condition, value)))
    if key == "any-of":
        return Any_(tuple(map(_condition, value)))
    if key == "not":
        return Not(_condition(value))
    return _test(key, value)


def _test(what: str, value: Any) -> Condition:
    if not isinstance(value, dict):
        return Clause(what, "in", _values(what, value))
    parts: list[Condition] = []
    for how, given in value.items():
        if how == "not":
            parts.append(Not(Clause(what, "in", _values(what, given))))
        else:
            parts.append(Clause(what, how if how in _HOW else "in", _values(what, given)))
    return All(tuple(parts))


def _values(what: str, given: Any) -> tuple[Any, ...]:
    values = given if isinstance(given, list) else [given]
    if what == "assurances":
        return tuple(map(_pattern, values))
    if what == "time":
        return tuple(unix_day(each) if isinstance(each, str) else each for each in values)
    return tuple(values)


def _pattern(row: Mapping[str, Any]) -> Pattern:
    def words(key: str) -> tuple[str, ...] | None:
        return None if key not in row else tuple(row[key]) if isinstance(row[key], list) else (row[key],)

    return Pattern(words("kind"), words("status"), row.get("expires") == "after-time")
