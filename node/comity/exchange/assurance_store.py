"""The tables of assurances: what was promised by whom to whom, and what became of it. Rows are only ever added.

The promise itself, which may name a person, is sealed in the vault under the assurance's id; what stands here is what
an auditor may list.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Select, String, Table, bindparam, select

from comity.errors import NotFound
from comity.exchange.assurance import STATUSES, WITHDRAWN, Assurance, Envelope
from comity.store import Row, Tx, metadata
from comity.store.prepared import Prepared

TOLD = "told"
"""The event that a withdrawal of ours reached the other country; no status."""

assurance = Table(
    "assurance",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("kind", String(64), nullable=False),
    Column("giver", String(2), nullable=False),
    Column("recipient", String(2), nullable=False),
    Column("agreement", String(128), nullable=False),
    Column("issued_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("certificate", LargeBinary, nullable=False),
    Index("ix_assurance_giver_recipient", "giver", "recipient"),
)
"""`digest` is the SHA-256 of the signed payload, which holds 32 random bytes; times in Unix seconds."""

event = Table(
    "assurance_event",
    metadata,
    Column("assurance_id", String(36), primary_key=True),
    Column("status", String(16), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("official", String(64), nullable=False),
    Column("role", String(64), nullable=False),
    Column("proof", LargeBinary, nullable=False),
)
"""Each status at most once; `proof` is the giver's signed withdrawal; `at` in Unix seconds."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to an assurance; `at` in Unix seconds."""

    status: str
    at: int
    official: str
    role: str
    proof: bytes


@dataclass(frozen=True, slots=True)
class Held:
    """An assurance as it may be listed; `status` is the strongest of its events."""

    id: str
    kind: str
    giver: str
    recipient: str
    agreement: str
    issued_at: int
    expires_at: int
    digest: bytes
    certificate: bytes
    events: tuple[Event, ...]

    @property
    def status(self) -> str:
        """given, verified, withdrawn or breached."""
        return max((each.status for each in self.events if each.status in STATUSES), key=STATUSES.index)


def assurance_row(given: Assurance, envelope: Envelope, digest: bytes) -> Row:
    """Return the row of an assurance."""
    return Row(
        assurance,
        {
            "id": given.id,
            "kind": given.kind,
            "giver": given.giver,
            "recipient": given.recipient,
            "agreement": given.agreement,
            "issued_at": given.issued_at,
            "expires_at": given.expires_at,
            "digest": digest,
            "certificate": envelope.certificate,
        },
    )


def event_row(assurance_id: str, happened: Event) -> Row:
    """Return the row of an event."""
    values = {"status": happened.status, "at": happened.at, "official": happened.official, "role": happened.role}
    return Row(event, {"assurance_id": assurance_id, **values, "proof": happened.proof})


def find(tx: Tx, ids: list[str]) -> dict[str, Held]:
    """Return the assurances of some ids, by id; unknown ones are left out."""
    return {held.id: held for held in _held(tx, select(assurance).where(assurance.c.id.in_(ids)))} if ids else {}


def get(tx: Tx, assurance_id: str) -> Held:
    """Return one assurance; raises `NotFound`."""
    found = find(tx, [assurance_id])
    if not found:
        raise NotFound(f"no assurance {assurance_id}: `comity assurance list` shows them")
    return found[assurance_id]


def between(tx: Tx, giver: str, recipient: str, kinds: tuple[str, ...], at: int) -> list[Held]:
    """Return the unexpired assurances of some kinds from one country to another, newest first."""
    a = assurance.c
    which = (a.giver == giver) & (a.recipient == recipient) & a.kind.in_(kinds) & (a.expires_at > at)
    return _held(tx, select(assurance).where(which))


def every(tx: Tx, other: str = "") -> list[Held]:
    """Return all assurances, or those that another country gave or got, newest first."""
    a = assurance.c
    query = select(assurance)
    return _held(tx, query.where((a.giver == other) | (a.recipient == other)) if other else query)


def untold(tx: Tx, giver: str) -> list[tuple[str, str, bytes]]:
    """Return (id, recipient, signed withdrawal) of what a country withdrew and nobody was told yet."""
    return [(row[0], row[1], bytes(row[2])) for row in _UNTOLD.rows(tx, {"giver": giver})]


def _held(tx: Tx, query: Select[Any]) -> list[Held]:
    rows = tx.execute(query.order_by(assurance.c.issued_at.desc(), assurance.c.id)).all()
    happened: dict[str, list[Event]] = {row.id: [] for row in rows}
    if rows:
        events = select(event).where(event.c.assurance_id.in_(list(happened))).order_by(event.c.at, event.c.status)
        for row in tx.execute(events):
            happened[row.assurance_id].append(Event(row.status, row.at, row.official, row.role, bytes(row.proof)))
    return [
        Held(
            row.id,
            row.kind,
            row.giver,
            row.recipient,
            row.agreement,
            row.issued_at,
            row.expires_at,
            bytes(row.digest),
            bytes(row.certificate),
            tuple(happened[row.id]),
        )
        for row in rows
    ]


_told = event.alias("told")
_UNTOLD = Prepared(
    select(assurance.c.id, assurance.c.recipient, event.c.proof)
    .join_from(assurance, event, (event.c.assurance_id == assurance.c.id) & (event.c.status == WITHDRAWN))
    .outerjoin(_told, (_told.c.assurance_id == assurance.c.id) & (_told.c.status == TOLD))
    .where(assurance.c.giver == bindparam("giver"), _told.c.assurance_id.is_(None))
    .order_by(assurance.c.issued_at)
)
