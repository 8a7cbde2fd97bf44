"""The agreements of a node in its database: texts, the events of their lives, and what is in force now.

Both tables only grow. An event's `seq` is one more than the newest it was decided upon, so that of two who act at
once the second gets `Conflict`, and so that the newest `seq` tells every process of the node that something changed.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String, Table, delete, func, select, update

from comity.errors import NotFound, Tampered
from comity.policy.agreement import Agreement, load_agreement
from comity.policy.lifecycle import Event, Standing, Step, Text, fold
from comity.store import Row, Store, Tx, metadata
from comity.store.prepared import Prepared

agreement_text = Table(
    "agreement_text",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("agreement", String(128), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("stored_at", BigInteger, nullable=False),
)
"""Every text that was ever drafted, proposed or adopted here, exactly as it was written."""

agreement_event = Table(
    "agreement_event",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("agreement", String(128), nullable=False, index=True),
    Column("revision", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("step", String(16), nullable=False),
    Column("country", String(2), nullable=False),
    Column("official", String(64), nullable=False),
    Column("role", String(64), nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("effective_at", BigInteger, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
    Column("note", String(512), nullable=False),
)
"""One step in the life of an agreement (`lifecycle.Event`); times in milliseconds."""

agreement_delivery = Table(
    "agreement_delivery",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("peer", String(2), primary_key=True),
    Column("delivered_at", BigInteger, nullable=False, index=True),
    Column("refusal", String(64), nullable=False),
)
"""Which party is to be told of which event; `delivered_at` is 0 until it has answered, `refusal` why it said no."""

agreement_message = Table(
    "agreement_message",
    metadata,
    Column("peer", String(2), primary_key=True),
    Column("message_id", String(36), primary_key=True),
    Column("received_at", BigInteger, nullable=False),
)
"""Messages about agreements that changed something here: none of them counts twice."""

_NEWEST = Prepared(select(func.max(agreement_event.c.seq)))


@dataclass(frozen=True, slots=True)
class InForce:
    """What policy must know at a moment.

    `agreements` holds, of each agreement, the text in force; where none is, the one that was last or will be first,
    which its own dates refuse. It holds the suspended ones too, whose ids are in `suspended`. A party that left is
    not among the `parties` of what is returned; one that alone suspended an agreement of many is in its data's
    `suspended_by`. `changes_at` is the next moment (milliseconds) at which the answer changes by itself.
    """

    agreements: tuple[Agreement, ...] = ()
    suspended: frozenset[str] = frozenset()
    generation: int = 0
    changes_at: int | None = None


@dataclass(frozen=True, slots=True)
class _Held:
    """What is read once for each generation."""

    generation: int = -1
    standings: dict[str, Standing] = field(default_factory=dict)


class AgreementBook:
    """The agreements of a node as its database has them. Thread-safe; several processes may share the database."""

    def __init__(self, store: Store, home: str) -> None:
        self._store = store
        self._home = home
        self._lock = Lock()
        self._held = _Held()
        self._read: dict[str, Agreement] = {}

    def generation(self) -> int:
        """Return a number that every change raises: one small select, cheap enough for every message."""
        with self._store.engine.connect() as tx:
            return int(_NEWEST.rows(tx, {})[0][0] or 0)

    def in_force(self, at: datetime) -> InForce:
        """Return what is in force at a moment, by the newest knowledge."""
        held, moment = self._refreshed(), to_ms(at)
        found = [one for standing in held.standings.values() if (one := self._counted(standing, moment))]
        boundaries = {each for standing in held.standings.values() for each in standing.boundaries() if each > moment}
        return InForce(
            agreements=tuple(agreement for agreement, _ in found),
            suspended=frozenset(agreement.id for agreement, suspended in found if suspended),
            generation=held.generation,
            changes_at=min(boundaries, default=None),
        )

    def standings(self) -> list[Standing]:
        """Return where every agreement stands, by id."""
        return list(self._refreshed().standings.values())

    def standing(self, agreement: str, known_at: datetime | None = None) -> Standing:
        """Return where an agreement stands, as known at a moment (default: now); unknown ids have no texts."""
        if known_at is None:
            return self._refreshed().standings.get(agreement) or Standing(agreement, self._home)
        with self._store.read() as tx:
            events = read_events(tx, agreement, known_at)
        return fold(agreement, self._home, events, {event.digest: self.text(event.digest) for event in events})

    def agreement(self, digest: str) -> Agreement:
        """Return a text by its digest; raises `NotFound`, and `Tampered` where the row is not what it claims."""
        found = self._read.get(digest)
        if found is None:
            with self._store.read() as tx:
                content = read_content(tx, digest)
            found = load_agreement(content, f"agreement {digest[:16]}")
            if found.digest != digest:
                raise Tampered("a stored agreement was changed", detail={"where": f"agreement_text {digest}"})
            self._read[digest] = found
        return found

    def text(self, digest: str) -> Text:
        """Return what the life cycle needs of a text."""
        return text_of(self.agreement(digest))

    def _refreshed(self) -> _Held:
        generation = self.generation()
        if generation == self._held.generation:
            return self._held
        with self._lock:
            with self._store.read() as tx:
                events = read_events(tx)
            by_id: dict[str, list[Event]] = {}
            for event in events:
                by_id.setdefault(event.agreement, []).append(event)
            texts = {event.digest: self.text(event.digest) for event in events}
            standings = {name: fold(name, self._home, found, texts) for name, found in sorted(by_id.items())}
            self._held = _Held(events[-1].seq if events else 0, standings)
            return self._held

    def _counted(self, standing: Standing, at: int) -> tuple[Agreement, bool] | None:
        """Return the text of an agreement that counts at a moment and whether it is suspended, or None."""
        held = standing.foremost(at)
        if held is None or (held.begins > at and held.text.starts * 1000 <= at):
            return None  # its own dates would let it count before the last party had signed
        agreement = self.agreement(held.text.digest)
        remaining = set(agreement.parties) - standing.left_by(at)
        if self._home not in remaining or len(remaining) < 2:
            return None
        paused = standing.suspended_by(at) & remaining
        whole = self._home in paused or len(remaining - paused) < 2
        counted = agreement.among(remaining)
        return (counted, True) if whole else (counted.suspended_towards(paused), False)


def text_of(agreement: Agreement) -> Text:
    """Return what the life cycle needs to know of an agreement's text."""
    starts, ends = agreement.in_force
    return Text(agreement.id, agreement.revision, agreement.digest, agreement.parties, starts, ends)


def read_events(tx: Tx, agreement: str | None = None, known_at: datetime | None = None) -> list[Event]:
    """Return events, oldest first: of one agreement or all, as far as they were recorded by a moment."""
    query = select(agreement_event).order_by(agreement_event.c.seq)
    if agreement is not None:
        query = query.where(agreement_event.c.agreement == agreement)
    if known_at is not None:
        query = query.where(agreement_event.c.recorded_at <= to_ms(known_at))
    return [_event(row) for row in tx.execute(query)]


def read_content(tx: Tx, digest: str) -> bytes:
    """Return a text exactly as it was written; raises `NotFound`."""
    found = tx.execute(select(agreement_text.c.content).where(agreement_text.c.digest == digest)).scalar()
    if found is None:
        raise NotFound(f"no agreement text with digest {digest[:16]} here")
    return bytes(found)


def known_texts(tx: Tx, digests: Iterable[str]) -> set[str]:
    """Return those digests whose texts are stored."""
    query = select(agreement_text.c.digest).where(agreement_text.c.digest.in_(list(digests)))
    return {row.digest for row in tx.execute(query)}


def text_row(agreement: Agreement, content: bytes, at: datetime) -> Row:
    """Return the row of a text."""
    values = {
        "digest": agreement.digest,
        "agreement": agreement.id,
        "revision": agreement.revision,
        "content": content,
        "stored_at": to_ms(at),
    }
    return Row(agreement_text, values)


def event_row(event: Event) -> Row:
    """Return the row of an event."""
    return Row(agreement_event, {**asdict(event), "step": event.step.value})


def delivery_row(seq: int, peer: str) -> Row:
    """Return the row that says a peer is to be told of an event."""
    return Row(agreement_delivery, {"seq": seq, "peer": peer, "delivered_at": 0, "refusal": ""})


def message_row(peer: str, message_id: str, at: datetime) -> Row:
    """Return the row that makes a message count once."""
    return Row(agreement_message, {"peer": peer, "message_id": message_id, "received_at": to_ms(at)})


def seen_message(tx: Tx, peer: str, message_id: str) -> bool:
    """Whether a message of a peer changed something here before."""
    table = agreement_message.c
    query = select(table.message_id).where(table.peer == peer, table.message_id == message_id)
    return tx.execute(query).scalar() is not None


def messages_since(tx: Tx, peer: str, since: datetime) -> int:
    """Return how many messages of a peer changed something here since a moment."""
    table = agreement_message.c
    query = select(func.count()).where(table.peer == peer, table.received_at >= to_ms(since))
    return int(tx.execute(query).scalar_one())


def holds_messages(tx: Tx, before: datetime) -> bool:
    """Whether there are messages to forget."""
    query = select(agreement_message.c.peer).where(agreement_message.c.received_at < to_ms(before)).limit(1)
    return tx.execute(query).scalar() is not None


def forget_messages(tx: Tx, before: datetime) -> None:
    """Forget messages that are too old to be let in again anyway."""
    tx.execute(delete(agreement_message).where(agreement_message.c.received_at < to_ms(before)))


def undelivered(tx: Tx) -> list[tuple[str, Event]]:
    """Return (peer, event) of everything that a peer is still to be told, oldest first."""
    query = (
        select(agreement_delivery.c.peer, agreement_event)
        .join(agreement_event, agreement_event.c.seq == agreement_delivery.c.seq)
        .where(agreement_delivery.c.delivered_at == 0)
        .order_by(agreement_event.c.seq)
    )
    return [(row.peer, _event(row)) for row in tx.execute(query)]


def refusals(tx: Tx) -> list[tuple[str, Event, str]]:
    """Return (peer, event, reason) of everything that a peer refused for good, oldest first."""
    query = (
        select(agreement_delivery.c.peer, agreement_delivery.c.refusal, agreement_event)
        .join(agreement_event, agreement_event.c.seq == agreement_delivery.c.seq)
        .where(agreement_delivery.c.refusal != "")
        .order_by(agreement_event.c.seq)
    )
    return [(row.peer, _event(row), row.refusal) for row in tx.execute(query)]


def mark_delivered(tx: Tx, seq: int, peer: str, at: datetime, refusal: str = "") -> None:
    """Note that a peer knows of an event, or refused it for good for a reason."""
    table = agreement_delivery
    values = {"delivered_at": to_ms(at), "refusal": refusal}
    tx.execute(update(table).where(table.c.seq == seq, table.c.peer == peer).values(**values))


def to_ms(at: datetime) -> int:
    """Return milliseconds since the Unix epoch."""
    return int(at.timestamp() * 1000)


def _event(row: Any) -> Event:
    return Event(
        seq=row.seq,
        agreement=row.agreement,
        revision=row.revision,
        digest=row.digest,
        step=Step(row.step),
        country=row.country,
        official=row.official,
        role=row.role,
        recorded_at=row.recorded_at,
        effective_at=row.effective_at,
        envelope=bytes(row.envelope),
        note=row.note,
    )
