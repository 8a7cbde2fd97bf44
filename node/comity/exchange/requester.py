"""The asking side of the one path.

    decide (may OUR officer ask this?) → record → sign, send → verify reply, receipt and terms → record

All peers are asked at once, each with its own deadline; results come as they arrive and are never merged.
Nothing is sent before the question is durable in our ledger, nothing is shown before the answer is.
"""

import logging
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from queue import SimpleQueue

from comity.errors import ComityError, NotFound
from comity.exchange import store as table
from comity.exchange.assurances import MAX_CARRIED, Chosen
from comity.exchange.decisions import decision_row
from comity.exchange.entries import exchange_entry
from comity.exchange.facts import sought
from comity.exchange.ids import new_exchange_id
from comity.exchange.model import (
    Answer,
    Basis,
    Circumstances,
    Failure,
    Header,
    PeerResult,
    SignedReply,
    Verdict,
)
from comity.exchange.outbound import OwnOfficer, choose_for
from comity.exchange.own import OwnNode
from comity.exchange.policy import PolicyInForce
from comity.exchange.ports import Courier, SearchCodec, Undelivered
from comity.exchange.sealing import seal
from comity.exchange.verification import verify_whole
from comity.identity.access import RPCS
from comity.identity.signature import SignedMessage
from comity.identity.store import Peer, PeerBook
from comity.ledger.entry import EntryKind, LedgerEntry
from comity.records.query import Query
from comity.store import Row

log = logging.getLogger(__name__)

DEFAULT_DEADLINE = timedelta(seconds=5)
LIFETIME = timedelta(seconds=60)
_NO_BASIS = Basis("", 0, "")


@dataclass(frozen=True, slots=True)
class Started:
    """The question is recorded and on its way to `asked`."""

    exchange_id: str
    asked: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Plan:
    """What will be sent to one peer, and the row of our own decision; `message` is None where that refuses.

    `told` are ids of assurances whose withdrawal goes along.
    """

    peer: Peer
    header: Header
    verdict: Verdict
    category: str
    policy_digest: bytes
    message: SignedMessage | None
    decision: Row
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Carried:
    """Our assurances and withdrawals that may go along, by country."""

    chosen: dict[str, list[Chosen]]
    untold: dict[str, list[tuple[str, bytes]]]


class Requester:
    """Asks peers. Thread-safe; one for a node process."""

    def __init__(
        self, own: OwnNode, peers: PeerBook, courier: Courier, codec: SearchCodec, *, workers: int = 64
    ) -> None:
        self._own = own
        self._peers = peers
        self._courier = courier
        self._codec = codec
        self._action = RPCS[codec.method].action or ""
        self._pool = ThreadPoolExecutor(workers, "ask")

    def ask(
        self,
        circumstances: Circumstances,
        query: Query,
        countries: tuple[str, ...] = (),
        deadline: timedelta = DEFAULT_DEADLINE,
    ) -> Iterator[Started | PeerResult]:
        """Ask the named countries, or all peers; yields `Started`, then one result for each country.

        Raises `NotFound` for an unknown country or an assurance that nobody gave, and `Unavailable` when policy or
        ledger cannot be had: then nothing was sent to anyone.
        """
        self._peers.refresh()
        peers = [self._peers.get(country) for country in dict.fromkeys(countries)] or self._peers.all()
        if not peers:
            raise NotFound("this node has no peers: `comity peer add FILE` enters one")
        now, exchange_id = self._own.clock(), new_exchange_id(self._own.clock())
        policy = self._own.policy()
        facts = replace(circumstances, undertakings=self._own.undertakings)
        own = self._own.assurances
        chosen = choose_for(own, [peer.country for peer in peers], facts, now) if facts.assurances else {}
        carried, officer = _Carried(chosen, own.untold()), OwnOfficer(self._own.country, self._action, now)
        plans = [self._plan(policy, officer, peer, facts, query, exchange_id, carried) for peer in peers]
        self._own.ledger.append_many([self._asked(plan, now) for plan in plans])
        return self._results(plans, exchange_id, deadline)

    def close(self) -> None:
        """Wait for what is under way, then stop."""
        self._pool.shutdown(wait=True)

    def _results(self, plans: list[_Plan], exchange_id: str, deadline: timedelta) -> Iterator[Started | PeerResult]:
        arrived: SimpleQueue[PeerResult] = SimpleQueue()
        for plan in plans:
            if plan.message is None:
                arrived.put(PeerResult(plan.peer.country, "refused", decided_by="home", verdict=plan.verdict))
        sent = [plan for plan in plans if plan.message is not None]
        alone = sent.pop() if len(sent) == 1 else None  # nobody else to ask meanwhile: no thread to hand over to
        for plan in sent:
            self._pool.submit(self._deliver, plan, deadline, arrived)
        try:
            yield Started(exchange_id, tuple(plan.peer.country for plan in plans))
        finally:
            if alone is not None:  # also when the asker hung up: what is logged as asked is asked
                self._deliver(alone, deadline, arrived)
        for _ in plans:
            yield arrived.get()

    def _plan(
        self,
        policy: PolicyInForce,
        officer: OwnOfficer,
        peer: Peer,
        circumstances: Circumstances,
        query: Query,
        exchange_id: str,
        carried: _Carried,
    ) -> _Plan:
        own = self._own
        nationality = circumstances.subject.nationality
        known = sought(query, nationality, provider=peer.country, requester=own.country)
        decided = officer.may_ask(policy, peer, circumstances, known, carried.chosen.get(peer.country, ()))
        told = carried.untold.get(peer.country, [])[: MAX_CARRIED - len(decided.chosen)]
        envelopes = (*(each.envelope for each in decided.chosen), *(proof for _, proof in told))
        header = Header(
            exchange_id=exchange_id,
            sender=own.node_id,
            recipient=peer.node,
            issued_at=officer.at,
            expires_at=officer.at + LIFETIME,
            nonce=os.urandom(32),
            circumstances=circumstances,
            basis=decided.basis or _NO_BASIS,
            envelopes=envelopes,
        )
        message = None
        if decided.basis:
            message = own.identity.sign(self._codec.request_type, self._codec.encode_request(header, query))
        ids = tuple(assurance_id for assurance_id, _ in told)
        digest = bytes.fromhex(policy.digest)
        kept = decision_row(exchange_id, decided.document, decided.said, digest, officer.at)
        return _Plan(peer, header, decided.verdict, query.category, digest, message, kept, ids)

    def _asked(self, plan: _Plan, now: datetime) -> tuple[LedgerEntry, list[Row]]:
        kind = EntryKind.QUESTION_ASKED if plan.message else EntryKind.REFUSED_AT_HOME
        entry = exchange_entry(
            kind,
            plan.header,
            action=self._action,
            category=plan.category,
            verdict=None if plan.message else plan.verdict,
            at=now,
            policy_digest=plan.policy_digest,
            request=plan.message.payload if plan.message else b"",
        )
        facts = plan.header.circumstances
        row = table.outbound_row(
            plan.header.exchange_id,
            plan.peer.country,
            action=self._action,
            official=facts.official.id,
            purpose=facts.purpose,
            category=plan.category,
            agreement=plan.header.basis.agreement,
            sent=plan.message is not None,
            at=now,
        )
        return entry, [row, plan.decision]

    def _deliver(self, plan: _Plan, deadline: timedelta, arrived: SimpleQueue[PeerResult]) -> None:
        arrived.put(self._exchange(plan, deadline))

    def _exchange(self, plan: _Plan, deadline: timedelta) -> PeerResult:
        """Send one question and return a result whatever happens: a peer's fault is that peer's outcome."""
        started = time.monotonic()
        reply: SignedReply | None = None
        try:
            reply, result = self._send(plan, deadline)
        except Undelivered as none:
            result = PeerResult(plan.peer.country, none.outcome, failure=Failure(none.reason, str(none)))
        except ComityError as error:
            result = unverified(plan.peer.country, error)
        except Exception as bug:  # noqa: BLE001  whoever asked waits for one result of each country
            result = unverified(plan.peer.country, broken(bug))
        result = replace(result, took_ms=round((time.monotonic() - started) * 1000, 3))
        try:
            self._record(plan, reply, result)
        except ComityError as error:  # an answer that we could not log is not shown
            return replace(unverified(plan.peer.country, error), took_ms=result.took_ms)
        except Exception as bug:  # noqa: BLE001
            return replace(unverified(plan.peer.country, broken(bug)), took_ms=result.took_ms)
        return result

    def _send(self, plan: _Plan, deadline: timedelta) -> tuple[SignedReply, PeerResult]:
        peer, message = plan.peer, plan.message
        assert message is not None  # noqa: S101  refused plans are never submitted
        reply = self._courier.send(peer, self._codec.method, message, deadline)
        now = self._own.clock()
        try:
            answer = verify_whole(
                self._peers,
                self._courier,
                self._codec,
                peer,
                reply,
                header=plan.header,
                request=message.payload,
                category=plan.category,
                at=now,
            )
        except ComityError as error:
            return reply, unverified(peer.country, error)
        return reply, result_of(peer.country, answer)

    def _record(self, plan: _Plan, reply: SignedReply | None, result: PeerResult) -> None:
        own, country = self._own, plan.peer.country
        verified = result.receipt == "verified"
        entry = exchange_entry(
            EntryKind.ANSWER_RECEIVED if verified else EntryKind.ANSWER_MISSING,
            plan.header,
            action=self._action,
            category=plan.category,
            verdict=result.verdict,
            outcome=result.outcome,
            at=own.clock(),
            policy_digest=plan.policy_digest,
            released=result.findings.released_fields if result.findings else (),
            request=plan.message.payload if plan.message else b"",
            answer=reply.message.payload if reply else b"",
        )
        receipt = reply.receipt.encode() if reply and reply.receipt else b""
        rows = [table.answer_row(plan.header.exchange_id, result, receipt, own.clock())]
        messages = (plan.message, reply.message) if reply else (plan.message,)
        kept = tuple(message for message in messages if message)
        own.ledger.append(entry, [*rows, *seal(own.vault, plan.header, country, kept, own.clock())])
        if verified and plan.told:
            own.assurances.told(plan.told, own.clock())


def broken(bug: Exception) -> ComityError:
    """Return the error of a fault of our own; its message stays unread, it could hold what a subject is called."""
    log.error("internal error while asking type=%s", type(bug).__name__)
    return ComityError("internal error while asking; the node's log says more")


def unverified(country: str, error: ComityError) -> PeerResult:
    """Return the result of a reply that does not verify."""
    return PeerResult(country, "unverified", receipt="invalid", failure=Failure(error.reason.value, str(error)))


def result_of(country: str, answer: Answer) -> PeerResult:
    """Return the result of a verified answer."""
    return PeerResult(
        country,
        answer.verdict.outcome,
        decided_by="peer" if answer.verdict.outcome == "refused" else "",
        verdict=answer.verdict,
        findings=answer.findings,
        terms=answer.terms,
        receipt="verified",
    )
