"""What policy was asked in each exchange and what it said, kept so that a decision can be explained and replayed.

The input document holds codes and flags, never the subject of a search. Rows are only ever added.
"""

import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, LargeBinary, String, Table, Text, func, select

from comity.policy.decision import Decision
from comity.policy.document import encode
from comity.policy.impact import Past
from comity.store import Row, Tx, metadata

decision = Table(
    "exchange_decision",
    metadata,
    Column("direction", String(8), primary_key=True),
    Column("exchange_id", String(36), primary_key=True),
    Column("peer", String(2), primary_key=True),
    Column("decided_at", BigInteger, primary_key=True),
    Column("policy_digest", String(64), nullable=False),
    Column("agreement", String(128), nullable=False),
    Column("agreement_digest", String(64), nullable=False),
    Column("term", String(128), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("disclosure", String(16), nullable=False),
    Column("codes", Text, nullable=False),
    Column("document", LargeBinary, nullable=False),
    Index("ix_exchange_decision_decided_at", "decided_at"),
)
_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recorded decision: which exchange, under which policy and text, when, and what was asked and said."""

    exchange_id: str
    policy_digest: str
    agreement_digest: str
    decided_at: int
    past: Past


def decision_row(
    exchange_id: str, document: Mapping[str, Any], said: Decision, policy_digest: bytes, at: datetime
) -> Row:
    """Return the row of one decision; `document` is the policy input that it was made on."""
    basis = said.basis
    return Row(
        decision,
        {
            "direction": document["direction"],
            "exchange_id": exchange_id,
            "peer": document["peer"]["country"],
            "decided_at": int(at.timestamp() * 1000),
            "policy_digest": policy_digest.hex(),
            "agreement": basis.agreement if basis else "",
            "agreement_digest": basis.digest if basis else "",
            "term": basis.term if basis else "",
            "outcome": said.outcome,
            "disclosure": said.disclosure,
            "codes": " ".join(sorted(set(said.codes))),
            "document": zlib.compress(encode(document), 1),
        },
    )


def decisions_of(tx: Tx, exchange_id: str) -> list[Recorded]:
    """Return the recorded decisions of one exchange, oldest first."""
    query = select(decision).where(decision.c.exchange_id == exchange_id).order_by(decision.c.decided_at)
    return [_recorded(row) for row in tx.execute(query)]


def count_decisions(tx: Tx, since: datetime) -> int:
    """Return how many decisions were recorded since a moment."""
    query = select(func.count()).select_from(decision).where(decision.c.decided_at >= int(since.timestamp() * 1000))
    return int(tx.execute(query).scalar_one())


def decisions_since(tx: Tx, since: datetime) -> Iterator[Recorded]:
    """Yield the decisions since a moment, oldest first, a batch at a time."""
    query = select(decision).where(decision.c.decided_at >= int(since.timestamp() * 1000))
    found = tx.execution_options(yield_per=_BATCH).execute(query.order_by(decision.c.decided_at))
    yield from (_recorded(row) for row in found)


def _recorded(row: Any) -> Recorded:
    past = Past(
        document=json.loads(zlib.decompress(row.document)),
        outcome=row.outcome,
        disclosure=row.disclosure,
        term=row.term,
        codes=tuple(row.codes.split()),
    )
    return Recorded(row.exchange_id, row.policy_digest, row.agreement_digest, row.decided_at, past)
