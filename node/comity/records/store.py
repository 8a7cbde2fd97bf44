"""What the node holds: import, search, look up. The only door to the tables of this room."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from comity.errors import NotFound
from comity.records.attributes import day_number
from comity.records.conditions import Shape, clauses, shape_of
from comity.records.entity import Entity
from comity.records.identifiers import PREFIX
from comity.records.importing import Line, Reject, Source, Tally, import_lines
from comity.records.keys import query_keys, schemata_of
from comity.records.matching import HIT, Match, Question, compare
from comity.records.profile import decode_profile
from comity.records.query import Query
from comity.records.tables import record, record_key
from comity.store import Store
from comity.store.prepared import Prepared

__all__ = ["Candidate", "ImportReport", "Record", "Records"]

CANDIDATES = 400
"""How many records, best key overlap first, are compared at most for one question."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record that matches a question."""

    record_id: str
    entity: Entity
    match: Match


@dataclass(frozen=True, slots=True)
class Record:
    """One record as it is held."""

    id: str
    category: str
    entity: Entity
    subject_category: str
    handling: str
    restricted: bool
    source: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did; `rejects_file` is None when no line was rejected or there was no file."""

    read: int
    added: int
    changed: int
    unchanged: int
    rejected: int
    rejects_file: Path | None = None


class Records:
    """The records of one node. Thread-safe."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def search(self, query: Query, conditions: Sequence[Mapping[str, Any]], limit: int, on: date) -> list[Candidate]:
        """Return the records that match, best first, at most `limit`; two SQL statements at most.

        `conditions` are the decision's `{attribute, operator, value}`; what they bar, and what is past its retention
        `on` the day of the question, is not even a candidate. Raises `Malformed` for a condition not understood.
        """
        shape, parameters = shape_of(conditions)
        exact, names = query_keys(query)
        parameters |= {"keys": exact + names, "schemata": schemata_of(query.schema), "today": day_number(on)}
        question = Question.of(query)
        with self._store.read() as tx:
            rows = _candidates(shape).rows(tx, parameters)
            found = []
            for number, identity, profile in rows:
                match = compare(question, decode_profile(profile))
                if match.score >= HIT:
                    found.append((-match.score, identity, number, match))
            if not found:
                return []
            found.sort(key=lambda hit: hit[:2])
            del found[limit:]
            held = _ENTITIES.rows(tx, {"numbers": [hit[2] for hit in found]})
        entities = {no: _entity(*described) for no, *described in held}
        return [Candidate(identity, entities[no], match) for _, identity, no, match in found if no in entities]

    def get(self, record_id: str) -> Record:
        """Return one record; raises `NotFound`."""
        with self._store.read() as tx:
            row = tx.execute(sa.select(record).where(record.c.id == record_id)).one_or_none()
        if row is None:
            raise NotFound("no record has that id: `comity records search` shows ids")
        return Record(
            row.id,
            row.category,
            _entity(row.source_id, row.schema, row.properties),
            row.subject_category,
            row.handling,
            row.restricted,
            row.source,
        )

    def count(self) -> dict[str, int]:
        """Return how many records there are, by category."""
        counted = sa.select(record.c.category, sa.func.count()).group_by(record.c.category).order_by(record.c.category)
        with self._store.read() as tx:
            return {category: int(number) for category, number in tx.execute(counted)}

    def import_objects(
        self, objects: Iterable[Mapping[str, Any]], *, category: str, source: str, at: datetime
    ) -> ImportReport:
        """Import FollowTheMoney JSON objects that are already in memory; `source` says where they come from."""
        lines = (Line(number, document) for number, document in enumerate(objects, 1))
        tally = self._import(Source(category, source, at), lines, lambda _rejects: None)
        return _report(tally, None)

    def import_file(
        self, path: Path, *, category: str, mapping: Path | None, at: datetime, advance: Callable[[int], None]
    ) -> ImportReport:
        """Import a file: JSON lines, or CSV where there is a mapping; `advance` is told the bytes read.

        Rejected lines go to `FILE.rejected.jsonl` beside it. Raises `Malformed` for a mapping or a file that cannot be
        used at all.
        """
        from comity.records.files import RejectsFile, csv_lines, json_lines  # noqa: PLC0415  only an import needs YAML
        from comity.records.mapping import load_mapping  # noqa: PLC0415

        lines = csv_lines(path, load_mapping(mapping), advance) if mapping else json_lines(path, advance)
        with RejectsFile(path) as rejects:
            tally = self._import(Source(category, path.name, at), lines, rejects.add)
        return _report(tally, rejects.path if rejects.written else None)

    def _import(self, source: Source, lines: Iterable[Line], reject: Callable[[list[Reject]], None]) -> Tally:
        tally = Tally()
        for rejects in import_lines(self._store, source, lines, tally):
            reject(rejects)
        return tally


def _report(tally: Tally, rejects_file: Path | None) -> ImportReport:
    return ImportReport(tally.read, tally.added, tally.changed, tally.unchanged, tally.rejected, rejects_file)


def _entity(source_id: str, schema: str, properties: str) -> Entity:
    return Entity(source_id, schema, {name: tuple(values) for name, values in json.loads(properties).items()})


@lru_cache(maxsize=256)
def _candidates(shape: Shape) -> Prepared:
    """Return the one statement that finds candidates; built once for each shape of conditions."""
    exact = sa.func.substr(record_key.c.key, 1, len(PREFIX)) == PREFIX
    weight = sa.func.sum(sa.case((exact, 100), else_=1))
    today: sa.BindParameter[int] = sa.bindparam("today", type_=sa.Integer)
    ranked = (
        sa.select(record.c.no, weight.label("weight"))
        .join_from(record_key, record, record.c.no == record_key.c.record_no)
        .where(record_key.c.key.in_(sa.bindparam("keys", expanding=True)))
        .where(record.c.schema.in_(sa.bindparam("schemata", expanding=True)))
        .where(sa.or_(record.c.retain_until == 0, record.c.retain_until >= today))
        .where(*clauses(shape))
        .group_by(record.c.no)
        .order_by(weight.desc(), record.c.no)
        .limit(CANDIDATES)
        .subquery("ranked")
    )
    return Prepared(
        sa.select(record.c.no, record.c.id, record.c.profile)
        .join_from(ranked, record, record.c.no == ranked.c.no)
        .order_by(ranked.c.weight.desc(), ranked.c.no)
    )


_ENTITIES = Prepared(
    sa.select(record.c.no, record.c.source_id, record.c.schema, record.c.properties).where(
        record.c.no.in_(sa.bindparam("numbers", expanding=True))
    )
)
