"""Entities in FollowTheMoney's JSON form, parsed strictly. Pure.

Nothing is dropped in silence: a value that cannot be read is a rejection with its property and the reason.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from prefixdate import parse as parse_date

from comity.errors import Malformed, Violation
from comity.records.schema import nearest, schema

_READ = ("id", "schema", "properties", "comity")
_CARRIED = ("caption", "datasets", "referents", "target", "origin", "context", "first_seen", "last_seen", "last_change")
_KEYS = frozenset((*_READ, *_CARRIED))
"""What FollowTheMoney exports carry; `_CARRIED` is not read."""
_MAX_VALUES = 500
_MAX_LENGTH = 65_000
_MAX_ID = 200
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_COUNTRY = re.compile(r"^[a-z]{2}([a-z-]{1,6})?\Z")


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity: source id, schema name, and property values in order."""

    id: str
    schema: str
    properties: Mapping[str, tuple[str, ...]]

    def values(self, *names: str) -> tuple[str, ...]:
        """Return the values of several properties, in order."""
        return tuple(value for name in names for value in self.properties.get(name, ()))

    def to_dict(self) -> dict[str, Any]:
        """Return FollowTheMoney's JSON form."""
        properties = {name: list(values) for name, values in sorted(self.properties.items())}
        return {"id": self.id, "schema": self.schema, "properties": properties}


def parse_entity(document: Any) -> Entity:
    """Return the entity of a JSON object; raises `Malformed` with every violation."""
    if not isinstance(document, dict):
        raise Malformed("the line is not a JSON object")
    found = [
        Violation(str(key)[:80], f"is not a key of an entity{nearest(str(key), _KEYS)}")
        for key in document.keys() - _KEYS
    ]
    identity = document.get("id")
    if not isinstance(identity, str) or not 0 < len(identity) <= _MAX_ID or _CONTROL.search(identity):
        found.append(Violation("id", f"must be a text of 1 to {_MAX_ID} characters"))
    name = document.get("schema")
    properties = document.get("properties")
    if not isinstance(name, str) or not isinstance(properties, dict):
        found.append(Violation("schema", "schema and properties are required"))
        raise _malformed(found)
    cleaned = _properties(name, properties, found)
    if not cleaned:
        found.append(Violation("properties", "holds no value"))
    if found:
        raise _malformed(found)
    return Entity(str(identity), name, cleaned)


def _properties(name: str, properties: dict[str, Any], found: list[Violation]) -> dict[str, tuple[str, ...]]:
    """Return the cleaned properties of a schema; adds to `found` what is wrong with them."""
    form = schema(name)
    if form.abstract:
        found.append(Violation("schema", f"{name} is abstract: name what kind of it this is"))
    cleaned: dict[str, tuple[str, ...]] = {}
    for key, values in properties.items():
        if key not in form.properties:
            problem = f"{name} has no such property{nearest(key, form.properties)}"
            found.append(Violation(f"properties.{key}"[:80], problem))
            continue
        good, problem = _clean(form.properties[key], values if isinstance(values, list) else [values])
        if problem:
            found.append(Violation(f"properties.{key}", problem))
        elif good:
            cleaned[key] = good
    return cleaned


def _clean(kind: str, values: list[Any]) -> tuple[tuple[str, ...], str]:
    if len(values) > _MAX_VALUES:
        return (), f"has more than {_MAX_VALUES} values"
    good: dict[str, None] = {}
    for value in values:
        if not isinstance(value, str):
            return (), "has a value that is not a text"
        text = unicodedata.normalize("NFC", value).strip()
        if _CONTROL.search(text) or len(text) > _MAX_LENGTH:
            return (), f"has a value with control characters or over {_MAX_LENGTH} characters"
        if not text:
            continue
        if kind == "date":
            parsed = parse_date(text).text
            if parsed is None:
                return (), "has a value that is not an ISO 8601 date, whole or partial"
            text = parsed
        elif kind == "country":
            text = text.lower()
            if not _COUNTRY.match(text):
                return (), "has a value that is not a country code"
        good[text] = None
    return tuple(good), ""


def _malformed(found: list[Violation]) -> Malformed:
    named = "; ".join(f"{violation.field} {violation.problem}" for violation in found)
    return Malformed(named, violations=tuple(found))
