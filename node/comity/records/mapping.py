"""FollowTheMoney mapping files: how the columns of a table become entities. Pure but for `load_mapping`.

The format is followthemoney's own (https://followthemoney.tech/docs/mappings/): ids come out as its runtime makes
them. Two things differ, on purpose: an unknown key is an error and not passed over, and a row that yields no entity
is reported and not dropped.
"""

import re
from collections.abc import Mapping as Map
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha1
from pathlib import Path
from typing import Any

import yaml

from comity.errors import Malformed
from comity.records.schema import nearest, schema

_PLACEHOLDER = re.compile(r"{{([^(}})]*)}}")
_QUERY_KEYS = ("entities", "filters", "filters_not", "csv_url", "csv_urls", "key_prefix")
_ENTITY_KEYS = ("schema", "key", "keys", "key_literal", "id_column", "properties")
_PROPERTY_KEYS = (
    "column", "columns", "join", "split", "literal", "literals", "template", "entity", "format", "required",
)  # fmt: skip

Row = Map[str, str | None]
Made = tuple[dict[str, Any] | None, str]
"""An entity's JSON form, or why the row yields none."""


@dataclass(frozen=True, slots=True)
class PropertyRule:
    """How one property gets its values."""

    name: str
    columns: tuple[str, ...]
    literals: tuple[str, ...]
    join: str | None
    split: str | None
    template: str | None
    entity: str | None
    format: str | None
    required: bool

    def values(self, row: Row) -> list[str]:
        """Return the values a row gives, empty cells left out; a date format is applied where it fits."""
        if self.template is not None:
            filled = _PLACEHOLDER.sub(lambda found: row.get(found.group(1).strip()) or "", self.template).strip()
            return [filled] if filled else []
        cells = [*self.literals, *(row.get(column) for column in self.columns)]
        values = [cell for cell in cells if cell is not None and cell.strip()]
        if self.join is not None:
            values = [self.join.join(values)] if values else []
        if self.split is not None:
            values = [part for value in values for part in value.split(self.split)]
        return [_dated(value.strip(), self.format) for value in values if value.strip()]


@dataclass(frozen=True, slots=True)
class EntityRule:
    """How a row becomes one entity."""

    name: str
    schema: str
    keys: tuple[str, ...]
    seed: str
    id_column: str | None
    properties: tuple[PropertyRule, ...]

    def identity(self, row: Row) -> str | None:
        """Return the entity's id: a column, or SHA-1 over seed and sorted key values as followthemoney does."""
        if self.id_column is not None:
            return row.get(self.id_column) or None
        values = sorted((row.get(key) or "").encode() for key in self.keys)
        if not any(values):
            return None
        return sha1(self.seed.encode() + b"".join(values), usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class QueryRule:
    """What to make of every row that passes the filters; entities stand after those they refer to."""

    entities: tuple[EntityRule, ...]
    filters: tuple[tuple[str, frozenset[str | None]], ...]
    filters_not: tuple[tuple[str, frozenset[str | None]], ...]

    def made_of(self, row: Row) -> list[Made]:
        """Return what the row yields, one result for each entity rule."""
        if any(row.get(column) not in wanted for column, wanted in self.filters):
            return []
        if any(row.get(column) in barred for column, barred in self.filters_not):
            return []
        ids = {rule.name: rule.identity(row) for rule in self.entities}
        return [self._made(rule, row, ids) for rule in self.entities]

    def _made(self, rule: EntityRule, row: Row, ids: Map[str, str | None]) -> Made:
        identity = ids[rule.name]
        if identity is None:
            return None, f"{rule.name}: its key columns are empty"
        properties: dict[str, list[str]] = {}
        for each in rule.properties:
            referred = ids.get(each.entity) if each.entity else None
            values = [referred] if referred else each.values(row)
            if each.required and not values:
                return None, f"{rule.name}: the required {each.name} is empty"
            if values:
                properties[each.name] = [value for value in values if value]
        return {"id": identity, "schema": rule.schema, "properties": properties}, ""


@dataclass(frozen=True, slots=True)
class Mapping:
    """A mapping file."""

    queries: tuple[QueryRule, ...]

    @property
    def columns(self) -> frozenset[str]:
        """Every column that the file names."""
        named: set[str] = set()
        for query in self.queries:
            named |= {column for column, _ in (*query.filters, *query.filters_not)}
            for rule in query.entities:
                named |= {*rule.keys, *([rule.id_column] if rule.id_column else [])}
                for each in rule.properties:
                    named |= {*each.columns, *map(str.strip, _PLACEHOLDER.findall(each.template or ""))}
        return frozenset(named)

    def made_of(self, row: Row) -> list[Made]:
        """Return what a row yields, over all queries."""
        return [made for query in self.queries for made in query.made_of(row)]


def load_mapping(path: Path) -> Mapping:
    """Read a mapping file; raises `Malformed` naming the place and the nearest known key."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as cause:
        raise Malformed(f"{path.name} is not YAML: {str(cause).splitlines()[0]}") from cause
    return parse_mapping(document, path.name)


def parse_mapping(document: Any, where: str) -> Mapping:
    """Return the mapping of a parsed file: `{dataset: {queries: […]}}`, `{queries: […]}` or one bare query."""
    content = document
    if isinstance(content, dict) and len(content) == 1 and not {"queries", "entities"} & content.keys():
        content = next(iter(content.values()))
    if isinstance(content, dict) and "queries" in content:
        queries = content["queries"]
        if not isinstance(queries, list) or not queries:
            raise Malformed(f"{where}: queries must be a list with at least one member")
    else:
        queries = [content]
    return Mapping(tuple(_query(query, f"{where}: queries[{index}]") for index, query in enumerate(queries)))


def _query(raw: Any, where: str) -> QueryRule:
    query = _object(raw, where, _QUERY_KEYS)
    entities = query.get("entities")
    if not isinstance(entities, dict) or not entities:
        raise Malformed(f"{where}.entities must name at least one entity")
    prefix = str(query.get("key_prefix") or "")
    rules = [_entity(name, rule, prefix, f"{where}.entities.{name}") for name, rule in entities.items()]
    for rule in rules:
        for each in rule.properties:
            if each.entity is not None and each.entity not in entities:
                raise Malformed(f"{where}: {rule.name}.{each.name} refers to {each.entity}, which is not in the file")
    return QueryRule(tuple(rules), _filters(query, "filters", where), _filters(query, "filters_not", where))


def _entity(name: str, raw: Any, prefix: str, where: str) -> EntityRule:
    rule = _object(raw, where, _ENTITY_KEYS)
    keys, id_column = _texts(rule, "key", "keys"), rule.get("id_column")
    if bool(keys) == bool(id_column):
        raise Malformed(f"{where} needs either keys or id_column")
    properties = rule.get("properties") or {}
    known = schema(str(rule.get("schema"))).properties
    for each in properties:
        if each not in known:
            raise Malformed(f"{where}.properties.{each}: {rule['schema']} has no such property{nearest(each, known)}")
    return EntityRule(
        name=str(name),
        schema=str(rule["schema"]),
        keys=keys,
        seed=prefix + str(rule.get("key_literal") or ""),
        id_column=id_column,
        properties=tuple(_property(key, value, f"{where}.properties.{key}") for key, value in properties.items()),
    )


def _property(name: str, raw: Any, where: str) -> PropertyRule:
    rule = _object(raw, where, _PROPERTY_KEYS)
    made = PropertyRule(
        name=name,
        columns=_texts(rule, "column", "columns"),
        literals=_texts(rule, "literal", "literals"),
        join=rule.get("join"),
        split=rule.get("split"),
        template=rule.get("template"),
        entity=rule.get("entity"),
        format=rule.get("format"),
        required=bool(rule.get("required", False)),
    )
    if not (made.columns or made.literals or made.template or made.entity):
        raise Malformed(f"{where} needs a column, literal, template or entity")
    return made


def _object(raw: Any, where: str, known: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise Malformed(f"{where} must be a block of keys")
    for key in raw:
        if key not in known:
            raise Malformed(f"{where}.{key} is not a key of a mapping{nearest(str(key), known)}")
    return raw


def _texts(rule: dict[str, Any], one: str, several: str) -> tuple[str, ...]:
    given = [rule[one]] if rule.get(one) is not None else []
    more = rule.get(several) or []
    return tuple(str(each) for each in [*given, *(more if isinstance(more, list) else [more])])


def _filters(query: dict[str, Any], key: str, where: str) -> tuple[tuple[str, frozenset[str | None]], ...]:
    given = query.get(key) or {}
    if not isinstance(given, dict):
        raise Malformed(f"{where}.{key} must be a block of column: value")
    return tuple(
        (column, frozenset(str(each) for each in (wanted if isinstance(wanted, list) else [wanted])))
        for column, wanted in given.items()
    )


def _dated(value: str, form: str | None) -> str:
    """Return a value in ISO 8601 where it has the given date format; as it stands where not, to be reported later."""
    if form is None:
        return value
    try:
        return datetime.strptime(value, form).date().isoformat()  # noqa: DTZ007  a birth date has no time zone
    except ValueError:
        return value
