"""How records get in: in batches, each one transaction; done twice, the second changes nothing.

A line that cannot be read is a rejection with its number and reason, and the others land. An import killed at any
moment and run again ends where an uninterrupted one does: what is already there is found unchanged by its digest.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from itertools import islice
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

from comity.errors import Malformed, Violation
from comity.records.attributes import Attributes, attributes_of
from comity.records.entity import Entity, parse_entity
from comity.records.keys import record_keys
from comity.records.profile import PROFILE_VERSION, Profile, encode_profile, profile_of
from comity.records.tables import record, record_head, record_key
from comity.store import Store, Tx

BATCH = 500


@dataclass(frozen=True, slots=True)
class Line:
    """One object as read: its line number (1 is the first), and either the document or what is wrong with it."""

    number: int
    document: Any = None
    problem: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Reject:
    """One line that did not land, and every reason."""

    line: Line
    violations: tuple[Violation, ...]


@dataclass(slots=True)
class Tally:
    """What an import did so far."""

    read: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: int = 0
    seen: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """Where lines come from and what they are."""

    category: str
    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class _Parsed:
    line: Line
    entity: Entity
    attributes: Attributes
    digest: bytes


def import_lines(store: Store, source: Source, lines: Iterable[Line], tally: Tally) -> Iterator[list[Reject]]:
    """Import lines; yields the rejects of every batch after it is committed, and keeps `tally`."""
    waiting = iter(lines)
    while batch := list(islice(waiting, BATCH)):
        rejects: list[Reject] = []
        parsed: list[_Parsed] = []
        for line in batch:
            try:
                parsed.append(_parse(line, source.category, tally.seen))
            except Malformed as error:
                rejects.append(Reject(line, error.violations or (Violation("line", str(error)),)))
        tally.read += len(batch)
        tally.rejected += len(rejects)
        if parsed:
            with store.write() as tx:
                counts = _save(tx, source, {f"{source.category}/{each.entity.id}": each for each in parsed})
            tally.added += counts[0]
            tally.changed += counts[1]
            tally.unchanged += len(parsed) - counts[0] - counts[1]
        yield rejects


def _parse(line: Line, category: str, seen: dict[int, int]) -> _Parsed:
    if line.problem:
        raise Malformed(line.problem)
    entity = parse_entity(line.document)
    attributes = attributes_of(line.document, entity, category)
    content = [PROFILE_VERSION, category, entity.to_dict(), attributes.subject_category, attributes.adult_on]
    content += [attributes.handling, attributes.restricted, attributes.retain_until]
    digest = sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).digest()
    mark, found = hash(entity.id), int.from_bytes(digest[:8], "big")
    if seen.setdefault(mark, found) != found:
        problem = "repeats the id of an earlier line with other content: one record has one id"
        raise Malformed(f"id {problem}", violations=(Violation("id", problem),))
    return _Parsed(line, entity, attributes, digest)


def _save(tx: Tx, source: Source, parsed: dict[str, _Parsed]) -> tuple[int, int]:
    """Write what is new or changed; return how many of each."""
    head = sa.select(record_head.c.last_no).where(record_head.c.id == 1).with_for_update()
    last = int(tx.execute(head).scalar_one())
    known = sa.select(record.c.id, record.c.no, record.c.digest).where(record.c.id.in_(list(parsed)))
    held = {row.id: (row.no, bytes(row.digest)) for row in tx.execute(known)}
    rows: list[dict[str, Any]] = []
    keys: list[dict[str, Any]] = []
    replaced: list[int] = []
    for identity, each in parsed.items():
        number, digest = held.get(identity, (0, b""))
        if digest == each.digest:
            continue
        if number:
            replaced.append(number)
        else:
            number = last = last + 1
        profile = profile_of(each.entity)
        rows.append(_row(number, identity, each, profile, source))
        found = record_keys(profile.identifiers, (*profile.names, *profile.weak))
        keys += ({"key": key, "record_no": number} for key in found)
    if not rows:
        return 0, 0
    if replaced:
        tx.execute(record_key.delete().where(record_key.c.record_no.in_(replaced)))
        tx.execute(record.delete().where(record.c.no.in_(replaced)))
    tx.execute(record.insert(), rows)
    if keys:
        keys.sort(key=itemgetter("key"))  # neighbours in the index are written together
        tx.execute(record_key.insert(), keys)
    tx.execute(record_head.update().values(last_no=last))
    return len(rows) - len(replaced), len(replaced)


def _row(number: int, identity: str, parsed: _Parsed, profile: Profile, source: Source) -> dict[str, Any]:
    entity, attributes = parsed.entity, parsed.attributes
    properties = {name: list(values) for name, values in sorted(entity.properties.items())}
    return {
        "no": number,
        "id": identity,
        "source_id": entity.id,
        "category": source.category,
        "schema": entity.schema,
        "properties": json.dumps(properties, ensure_ascii=False, separators=(",", ":")),
        "profile": encode_profile(profile),
        "subject_category": attributes.subject_category,
        "adult_on": attributes.adult_on,
        "handling": attributes.handling,
        "restricted": attributes.restricted,
        "retain_until": attributes.retain_until,
        "source": source.name[:255],
        "imported_at": int(source.at.timestamp() * 1000),
        "digest": parsed.digest,
    }
