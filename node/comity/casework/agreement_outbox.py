"""Telling the other parties: what they were not told yet, in order, until they have it or refuse it for good."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from comity.casework.agreement_messages import (
    AgreementCodec,
    AgreementReply,
    AgreementRequest,
    Comparison,
    MessageHeader,
    Notice,
    Proposal,
    Reading,
    Signatures,
    StatusQuery,
)
from comity.casework.statements import read_statement
from comity.errors import ComityError, NotFound, Reason, Tampered
from comity.exchange.ids import new_exchange_id
from comity.exchange.own import OwnNode
from comity.exchange.ports import Courier, Undelivered
from comity.exchange.verification import verify_reply_signature
from comity.identity.store import Peer, PeerBook
from comity.policy.lifecycle import Event, Step
from comity.policy.store import mark_delivered, read_content, read_events, undelivered

TIMEOUT = timedelta(seconds=3)
_LIFETIME = timedelta(seconds=60)
_AT_ONCE = 8

KNOWN_THERE = Reason.REPLAY
REFUSED = frozenset({
    Reason.MALFORMED, Reason.AGREEMENT_MISMATCH, Reason.AGREEMENT_STATE, Reason.METHOD_NOT_ALLOWED,
    Reason.SIGNATURE_INVALID, Reason.UNKNOWN_PEER, Reason.TRUST_DOMAIN_MISMATCH,
})  # fmt: skip
"""What no later attempt mends; anything else is tried again."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one party: `state` is told, pending or refused; reason and message where it is not told."""

    country: str
    state: str
    reason: str = ""
    message: str = ""


class AgreementOutbox:
    """Messages about agreements to peers. Thread-safe; whatever is sent twice counts once at the other side."""

    def __init__(self, own: OwnNode, peers: PeerBook, courier: Courier, codec: AgreementCodec) -> None:
        self._own = own
        self._peers = peers
        self._courier = courier
        self._codec = codec

    def flush(self, agreement: str | None = None) -> list[Delivery]:
        """Tell every party what it was not told yet, of one agreement or all; returns one delivery for each message."""
        with self._own.store.read() as tx:
            waiting = [(peer, event) for peer, event in undelivered(tx) if agreement in (None, event.agreement)]
        if not waiting:
            return []
        self._peers.refresh()
        by_line: dict[tuple[str, str], list[Event]] = {}
        for country, event in waiting:
            by_line.setdefault((country, event.agreement), []).append(event)
        with ThreadPoolExecutor(min(_AT_ONCE, len(by_line)), "tell") as pool:
            return [told for several in pool.map(lambda line: self._line(*line), by_line.items()) for told in several]

    def ask(self, peer: Peer, agreement: str) -> AgreementReply:
        """Ask a party where an agreement stands there; raises `Undelivered` or `ComityError`."""
        return self._send(peer, StatusQuery(agreement))

    def compare(self, peer: Peer, comparison: Comparison) -> tuple[Reading, ...]:
        """Ask a party how it reads questions under a text; raises `Undelivered` or `ComityError`."""
        readings = self._exchange(peer, comparison).readings
        if len(readings) != len(comparison.questions):
            raise Tampered("reply: another number of readings than of questions", detail={"where": "reply"})
        return readings

    def _line(self, line: tuple[str, str], events: Iterable[Event]) -> list[Delivery]:
        """Tell one party the steps of one agreement in their order; the first that fails keeps the others waiting."""
        done: list[Delivery] = []
        for event in events:
            told = self._deliver(line[0], event)
            done.append(told)
            if told.state == "pending":
                break
            with self._own.store.write() as tx:
                mark_delivered(tx, event.seq, told.country, self._own.clock(), told.reason)
        return done

    def _deliver(self, country: str, event: Event) -> Delivery:
        try:
            self._send(self._peers.get(country), self._request(event))
        except (Undelivered, ComityError) as problem:
            if problem.reason == KNOWN_THERE:
                return Delivery(country, "told")
            refused = isinstance(problem, Undelivered) and problem.reason in REFUSED
            return Delivery(country, "refused" if refused else "pending", str(problem.reason), str(problem))
        return Delivery(country, "told")

    def _request(self, event: Event) -> AgreementRequest:
        if event.step not in (Step.PROPOSED, Step.COUNTERSIGNED):
            return Notice(event.envelope)
        with self._own.store.read() as tx:
            signatures = envelopes(read_events(tx, event.agreement), event.digest)
            content = read_content(tx, event.digest)
        if event.step is Step.COUNTERSIGNED:
            return Signatures(event.agreement, event.digest, signatures)
        return Proposal(content, event.digest, read_statement(event.envelope).amends, signatures)

    def _send(self, peer: Peer, request: AgreementRequest) -> AgreementReply:
        answer = self._exchange(peer, request)
        if not answer.texts:
            raise NotFound(f"{peer.country} says nothing about the agreement")
        return answer

    def _exchange(self, peer: Peer, request: AgreementRequest) -> AgreementReply:
        own, method = self._own, self._codec.method(request)
        now = own.clock()
        header = MessageHeader(new_exchange_id(now), own.node_id, peer.node, now, now + _LIFETIME)
        payload = self._codec.encode_request(header, request)
        signed = own.identity.sign(self._codec.request_type(method), payload)
        reply = self._courier.send(peer, method, signed, TIMEOUT).message
        reply_type = self._codec.reply_type(method)
        verify_reply_signature(self._peers, self._courier, peer, reply, reply_type, own.clock())
        answer = self._codec.decode_reply(method, reply.payload)
        expected = (sha256(payload).digest(), header.message_id, header.recipient, header.sender)
        if (answer.request_digest, answer.message_id, answer.sender, answer.recipient) != expected:
            raise Tampered("reply: it answers another request", detail={"where": "reply"})
        return answer


def envelopes(events: Iterable[Event], digest: str) -> tuple[bytes, ...]:
    """Return the statements by which countries signed a text, in the order they came."""
    signing = (Step.PROPOSED, Step.COUNTERSIGNED)
    return tuple(event.envelope for event in events if event.digest == digest and event.step in signing)
