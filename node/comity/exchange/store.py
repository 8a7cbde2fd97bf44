"""The exchanges of a node: what was asked of us, what we asked, what came back. Rows are only ever added.

The messages themselves are sealed in the vault; what stands here is what an auditor may list.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Float, Index, LargeBinary, Select, String, Table, Text, func, select

from comity.exchange.model import Basis, PeerResult
from comity.ledger.vault import Part
from comity.store import Row, Tx, metadata

inbound = Table(
    "exchange_inbound",
    metadata,
    Column("peer", String(2), primary_key=True),
    Column("exchange_id", String(36), primary_key=True),
    Column("action", String(64), nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("request_digest", LargeBinary, nullable=False),
    Column("purpose", String(64), nullable=False),
    Column("category", String(64), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("disclosure", String(16), nullable=False),
    Column("agreement", String(128), nullable=False),
    Column("term", String(128), nullable=False),
    Index("ix_exchange_inbound_received_at", "received_at"),
)

outbound = Table(
    "exchange_outbound",
    metadata,
    Column("exchange_id", String(36), primary_key=True),
    Column("peer", String(2), primary_key=True),
    Column("action", String(64), nullable=False),
    Column("asked_at", BigInteger, nullable=False),
    Column("official", String(64), nullable=False),
    Column("purpose", String(64), nullable=False),
    Column("category", String(64), nullable=False),
    Column("agreement", String(128), nullable=False),
    Column("sent", String(3), nullable=False),
    Index("ix_exchange_outbound_asked_at", "asked_at"),
)

answer = Table(
    "exchange_answer",
    metadata,
    Column("exchange_id", String(36), primary_key=True),
    Column("peer", String(2), primary_key=True),
    Column("received_at", BigInteger, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("disclosure", String(16), nullable=False),
    Column("receipt_state", String(16), nullable=False),
    Column("receipt", LargeBinary, nullable=False),
    Column("failure", Text, nullable=False),
    Column("took_ms", Float, nullable=False),
    Column("term", String(128), nullable=False, server_default=""),
)

later = Table(
    "exchange_later",
    metadata,
    Column("exchange_id", String(36), primary_key=True),
    Column("peer", String(2), primary_key=True),
    Column("part", String(16), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("disclosure", String(16), nullable=False),
    Column("receipt_state", String(16), nullable=False),
    Column("receipt", LargeBinary, nullable=False),
)
"""Replies after the first, given and received: a question that was left to a person has several. `part` is the name of
the sealed message in the vault; one that is not there twice is given, or taken in, once."""

FINAL = "final"
"""The part of the reply that answers a question which a person decided."""


@dataclass(frozen=True, slots=True)
class Later:
    """A reply after the first; `at` in milliseconds since the epoch."""

    part: str
    at: int
    outcome: str
    disclosure: str
    receipt_state: str
    receipt: bytes


@dataclass(frozen=True, slots=True)
class ExchangeLine:
    """One exchange with one peer, as a list shows it; times in milliseconds since the epoch."""

    direction: str
    exchange_id: str
    peer: str
    action: str
    time: int
    purpose: str
    category: str
    outcome: str
    disclosure: str
    agreement: str
    receipt: str


def inbound_row(  # noqa: PLR0913
    peer: str,
    exchange_id: str,
    *,
    action: str,
    digest: bytes,
    purpose: str,
    category: str,
    at: datetime,
    outcome: str,
    disclosure: str,
    basis: Basis | None,
) -> Row:
    """Return the row of an exchange that a peer began."""
    return Row(
        inbound,
        {
            "peer": peer,
            "exchange_id": exchange_id,
            "action": action,
            "received_at": _ms(at),
            "request_digest": digest,
            "purpose": purpose,
            "category": category,
            "outcome": outcome,
            "disclosure": disclosure,
            "agreement": basis.agreement if basis else "",
            "term": basis.term if basis else "",
        },
    )


def outbound_row(  # noqa: PLR0913
    exchange_id: str,
    peer: str,
    *,
    action: str,
    official: str,
    purpose: str,
    category: str,
    agreement: str,
    sent: bool,
    at: datetime,
) -> Row:
    """Return the row of an exchange that we began; `sent` is no where our own policy refused."""
    return Row(
        outbound,
        {
            "exchange_id": exchange_id,
            "peer": peer,
            "action": action,
            "asked_at": _ms(at),
            "official": official,
            "purpose": purpose,
            "category": category,
            "agreement": agreement,
            "sent": "yes" if sent else "no",
        },
    )


def answer_row(exchange_id: str, result: PeerResult, receipt: bytes, at: datetime) -> Row:
    """Return the row of what came back from a peer, or of the failure to get anything."""
    return Row(
        answer,
        {
            "exchange_id": exchange_id,
            "peer": result.country,
            "received_at": _ms(at),
            "outcome": result.outcome,
            "disclosure": result.verdict.disclosure if result.verdict else "none",
            "receipt_state": result.receipt,
            "receipt": receipt,
            "failure": result.failure.reason if result.failure else "",
            "took_ms": result.took_ms,
            "term": result.verdict.basis.term if result.verdict and result.verdict.basis else "",
        },
    )


def later_row(  # noqa: PLR0913
    exchange_id: str,
    peer: str,
    part: str,
    *,
    at: datetime,
    outcome: str,
    disclosure: str = "none",
    receipt_state: str = "own",
    receipt: bytes = b"",
) -> Row:
    """Return the row of a reply after the first."""
    return Row(
        later,
        {
            "exchange_id": exchange_id,
            "peer": peer,
            "part": part,
            "at": _ms(at),
            "outcome": outcome,
            "disclosure": disclosure,
            "receipt_state": receipt_state,
            "receipt": receipt,
        },
    )


def later_replies(tx: Tx, exchange_id: str, peer: str) -> list[Later]:
    """Return the replies after the first, oldest first; the final one, where there is one, last."""
    rows = tx.execute(select(later).where(later.c.exchange_id == exchange_id, later.c.peer == peer))
    found = [Later(r.part, r.at, r.outcome, r.disclosure, r.receipt_state, bytes(r.receipt)) for r in rows]
    return sorted(found, key=lambda reply: (reply.part == FINAL, reply.at, reply.part))


def newest_part(tx: Tx, exchange_id: str, peer: str) -> str:
    """Return the name under which the vault keeps the newest reply of an exchange that verified."""
    proven = [reply.part for reply in later_replies(tx, exchange_id, peer) if reply.receipt_state != "invalid"]
    return proven[-1] if proven else str(Part.REPLY)


def left_to_a_person(tx: Tx, official: str, exchange_id: str | None = None) -> list[tuple[str, str]]:
    """Return (exchange id, peer) of an official's questions whose newest answer is wanted.

    Without an exchange id: those whose newest answer is that a person must decide. With one: that exchange with every
    peer that left it to a person at first, or whose first reply did not arrive.
    """
    wanted = ["review"] if exchange_id is None else ["review", "late", "unreachable"]
    query = (
        select(outbound.c.exchange_id, outbound.c.peer)
        .join(answer, (answer.c.exchange_id == outbound.c.exchange_id) & (answer.c.peer == outbound.c.peer))
        .where(outbound.c.official == official, answer.c.outcome.in_(wanted))
        .order_by(outbound.c.asked_at, outbound.c.peer)
    )
    if exchange_id is not None:
        query = query.where(outbound.c.exchange_id == exchange_id)
    found = [(row.exchange_id, row.peer) for row in tx.execute(query)]
    if exchange_id is not None:
        return found
    newest = _newest(tx, [each for each, _ in found])
    return [key for key in found if key not in newest or newest[key].outcome == "review"]


def official_of(tx: Tx, exchange_id: str) -> str | None:
    """Return the pseudonym of whoever asked an exchange of ours, or None."""
    return tx.execute(select(outbound.c.official).where(outbound.c.exchange_id == exchange_id).limit(1)).scalar()


def find_inbound(tx: Tx, peer: str, exchange_id: str) -> bytes | None:
    """Return the request digest of an exchange that a peer began, or None."""
    query = select(inbound.c.request_digest).where(inbound.c.peer == peer, inbound.c.exchange_id == exchange_id)
    found = tx.execute(query).scalar()
    return bytes(found) if found is not None else None


def recent_inbound(tx: Tx, since: datetime) -> list[tuple[str, str, bytes]]:
    """Return (peer, exchange id, request digest) of the exchanges since a moment, for the replay guard."""
    query = select(inbound.c.peer, inbound.c.exchange_id, inbound.c.request_digest)
    rows = tx.execute(query.where(inbound.c.received_at >= _ms(since)).order_by(inbound.c.received_at))
    return [(row.peer, row.exchange_id, bytes(row.request_digest)) for row in rows]


def receipt_of(tx: Tx, exchange_id: str, peer: str) -> bytes | None:
    """Return the receipt a peer gave for its newest answer in an exchange, or None."""
    given = [reply.receipt for reply in later_replies(tx, exchange_id, peer) if reply.receipt_state == "verified"]
    query = select(answer.c.receipt).where(answer.c.exchange_id == exchange_id, answer.c.peer == peer)
    found = given[-1] if given else tx.execute(query).scalar()
    return bytes(found) if found else None


def permitted_by(tx: Tx, peer: str, agreement: str, term: str, since: datetime) -> int:
    """Return how many of our questions since a moment a peer answered at once under a term: what its quota lost."""
    same = (answer.c.exchange_id == outbound.c.exchange_id) & (answer.c.peer == outbound.c.peer)
    query = select(func.count()).select_from(outbound.join(answer, same))
    asked = (outbound.c.asked_at >= _ms(since)) & (outbound.c.peer == peer) & (outbound.c.agreement == agreement)
    return int(tx.execute(query.where(asked, answer.c.term == term, answer.c.outcome == "permitted")).scalar_one())


def list_exchanges(tx: Tx, limit: int = 50, exchange_id: str | None = None) -> list[ExchangeLine]:
    """Return exchanges of both directions, newest first."""
    asked: Select[Any] = (
        select(outbound, answer.c.outcome, answer.c.disclosure, answer.c.receipt_state)
        .outerjoin(answer, (answer.c.exchange_id == outbound.c.exchange_id) & (answer.c.peer == outbound.c.peer))
        .order_by(outbound.c.asked_at.desc(), outbound.c.peer)
        .limit(limit)
    )
    came = select(inbound).order_by(inbound.c.received_at.desc()).limit(limit)
    if exchange_id is not None:
        asked = asked.where(outbound.c.exchange_id == exchange_id)
        came = came.where(inbound.c.exchange_id == exchange_id)
    lines = [
        ExchangeLine(
            "outbound",
            r.exchange_id,
            r.peer,
            r.action,
            r.asked_at,
            r.purpose,
            r.category,
            r.outcome or "unanswered",
            r.disclosure or "none",
            r.agreement,
            r.receipt_state or "none",
        )
        for r in tx.execute(asked)
    ]
    lines += [
        ExchangeLine(
            "inbound",
            r.exchange_id,
            r.peer,
            r.action,
            r.received_at,
            r.purpose,
            r.category,
            r.outcome,
            r.disclosure,
            r.agreement,
            "own",
        )
        for r in tx.execute(came)
    ]
    shown = sorted(lines, key=lambda line: -line.time)[:limit]
    newest = _newest(tx, [line.exchange_id for line in shown])
    return [_renewed(line, newest.get((line.exchange_id, line.peer))) for line in shown]


def _newest(tx: Tx, exchange_ids: list[str]) -> dict[tuple[str, str], Later]:
    """Return the newest reply after the first of each exchange and peer that has one."""
    waited = tx.execute(
        select(later.c.exchange_id, later.c.peer).where(later.c.exchange_id.in_(exchange_ids)).distinct()
    )
    return {(row.exchange_id, row.peer): later_replies(tx, row.exchange_id, row.peer)[-1] for row in waited}


def _renewed(line: ExchangeLine, newest: Later | None) -> ExchangeLine:
    if newest is None:
        return line
    receipt = newest.receipt_state if line.direction == "outbound" else line.receipt
    return replace(line, outcome=newest.outcome, disclosure=newest.disclosure, receipt=receipt)


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
