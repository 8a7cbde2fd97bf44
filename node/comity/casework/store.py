"""The tables of the inbox: questions of peers that wait for a person, and what officers did. Rows are only ever added.

Nothing here tells who is searched: the question itself is sealed in the vault. The number of a step is its key, so two
officers who act at once cannot both be the first.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Index,
    Integer,
    String,
    Table,
    Text,
    and_,
    bindparam,
    func,
    select,
)

from comity.casework.review import Act, Officer, Step
from comity.exchange.model import Basis
from comity.exchange.store import FINAL, later
from comity.store import Row, Tx, metadata
from comity.store.prepared import Prepared

inbox_item = Table(
    "inbox_item",
    metadata,
    Column("peer", String(2), primary_key=True),
    Column("exchange_id", String(36), primary_key=True),
    Column("action", String(64), nullable=False),
    Column("category", String(64), nullable=False),
    Column("purpose", String(64), nullable=False),
    Column("urgency", String(16), nullable=False),
    Column("asked_by", String(64), nullable=False),
    Column("role", String(64), nullable=False),
    Column("officers", Integer, nullable=False),
    Column("agreement", String(128), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("term", String(128), nullable=False),
    Column("article", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Index("ix_inbox_item_due_at", "due_at"),
)
"""`asked_by` is the asking official's pseudonym, `officers` how many must agree; times in milliseconds."""

inbox_step = Table(
    "inbox_step",
    metadata,
    Column("peer", String(2), primary_key=True),
    Column("exchange_id", String(36), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("act", String(16), nullable=False),
    Column("official", String(64), nullable=False),
    Column("role", String(64), nullable=False),
    Column("ground", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Item:
    """One question in the inbox, with its steps so far and, once answered, its outcome and when."""

    peer: str
    exchange_id: str
    action: str
    category: str
    purpose: str
    urgency: str
    asked_by: str
    role: str
    officers: int
    basis: Basis
    received_at: datetime
    due_at: datetime
    steps: tuple[Step, ...] = ()
    outcome: str = ""
    answered_at: datetime | None = None


def item_row(item: Item) -> Row:
    """Return the row of a question that begins to wait."""
    return Row(
        inbox_item,
        {
            "peer": item.peer,
            "exchange_id": item.exchange_id,
            "action": item.action,
            "category": item.category,
            "purpose": item.purpose,
            "urgency": item.urgency,
            "asked_by": item.asked_by,
            "role": item.role,
            "officers": item.officers,
            "agreement": item.basis.agreement,
            "revision": item.basis.revision,
            "digest": item.basis.digest,
            "term": item.basis.term,
            "article": item.basis.article,
            "received_at": _ms(item.received_at),
            "due_at": _ms(item.due_at),
        },
    )


def step_row(item: Item, step: Step) -> Row:
    """Return the row of the next act on a question."""
    return Row(
        inbox_step,
        {
            "peer": item.peer,
            "exchange_id": item.exchange_id,
            "number": len(item.steps) + 1,
            "act": step.act.value,
            "official": step.officer.id,
            "role": step.officer.role,
            "ground": step.ground,
            "at": _ms(step.at),
        },
    )


def items(
    tx: Tx, *, role: str | None = None, exchange_id: str | None = None, answered: bool = False, limit: int = 1000
) -> list[Item]:
    """Return questions, first due first: of a role, of an exchange, open ones or (`answered`) all."""
    query = (
        select(inbox_item, later.c.outcome, later.c.at)
        .outerjoin(later, _final_of_item())
        .order_by(inbox_item.c.due_at, inbox_item.c.exchange_id)
        .limit(limit)
    )
    if role is not None:
        query = query.where(inbox_item.c.role == role)
    if exchange_id is not None:
        query = query.where(inbox_item.c.exchange_id == exchange_id)
    if not answered:
        query = query.where(later.c.at.is_(None))
    rows = tx.execute(query).all()
    steps = _steps(tx, [row.exchange_id for row in rows])
    return [
        Item(
            peer=row.peer,
            exchange_id=row.exchange_id,
            action=row.action,
            category=row.category,
            purpose=row.purpose,
            urgency=row.urgency,
            asked_by=row.asked_by,
            role=row.role,
            officers=row.officers,
            basis=Basis(row.agreement, row.revision, row.digest, row.term, row.article),
            received_at=_moment(row.received_at),
            due_at=_moment(row.due_at),
            steps=tuple(steps.get((row.peer, row.exchange_id), [])),
            outcome=row.outcome or "",
            answered_at=None if row.at is None else _moment(row.at),
        )
        for row in rows
    ]


def find_item(tx: Tx, peer: str, exchange_id: str) -> Item | None:
    """Return one question, open or answered, or None."""
    return next((item for item in items(tx, exchange_id=exchange_id, answered=True) if item.peer == peer), None)


def count_open(tx: Tx, now: datetime) -> tuple[int, int]:
    """Return how many questions wait, and how many of them are overdue."""
    waiting = (
        select(func.count()).select_from(inbox_item.outerjoin(later, _final_of_item())).where(later.c.at.is_(None))
    )
    overdue = waiting.where(inbox_item.c.due_at < _ms(now))
    return int(tx.execute(waiting).scalar_one()), int(tx.execute(overdue).scalar_one())


def count_replies(tx: Tx, peer: str, exchange_id: str) -> int:
    """Return how many replies after the first a question has: it only grows."""
    return int(_COUNT_REPLIES.rows(tx, {"peer": peer, "exchange_id": exchange_id})[0][0])


def _final_of_item() -> ColumnElement[bool]:
    return and_(
        later.c.peer == inbox_item.c.peer, later.c.exchange_id == inbox_item.c.exchange_id, later.c.part == FINAL
    )


def _steps(tx: Tx, exchange_ids: Iterable[str]) -> dict[tuple[str, str], list[Step]]:
    query = select(inbox_step).where(inbox_step.c.exchange_id.in_(list(exchange_ids))).order_by(inbox_step.c.number)
    found: dict[tuple[str, str], list[Step]] = {}
    for row in tx.execute(query):
        step = Step(Act(row.act), Officer(row.official, row.role), row.ground, _moment(row.at))
        found.setdefault((row.peer, row.exchange_id), []).append(step)
    return found


_COUNT_REPLIES = Prepared(
    select(func.count())
    .select_from(later)
    .where(later.c.peer == bindparam("peer"), later.c.exchange_id == bindparam("exchange_id"))
)


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _moment(value: int) -> datetime:
    return datetime.fromtimestamp(value / 1000, UTC)
