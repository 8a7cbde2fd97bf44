"""The answering side of the one path.

    identify → admit → decide → perform → redact → record → reply

1. The signature is the TLS peer's, over the exact bytes.         Unauthenticated
2. Addressed to us, by the peer, now, for the first time.         Precondition, Conflict
3. The agreement named is the text we hold; policy decides.       Precondition, Unavailable
4. Only what is permitted is performed, under the decision's conditions.
5. Only what the decision names is kept of it.
6. The ledger entry, the row and the sealed messages are durable. Unavailable
7. Only then does the signed reply leave, with its receipt.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from comity.errors import Conflict, Reason, Tampered, Unauthenticated, Unavailable
from comity.exchange import store as table
from comity.exchange.admission import ReplayGuard, check_addressing, check_freshness, replayed
from comity.exchange.entries import exchange_entry
from comity.exchange.facts import Standing, policy_input, sought
from comity.exchange.model import Answer, Findings, Header, SignedReply, Verdict
from comity.exchange.model import Reason as Ground
from comity.exchange.own import OwnNode
from comity.exchange.policy import as_asked, terms_of, verdict_of
from comity.exchange.ports import SearchCodec
from comity.exchange.quota import Quotas
from comity.exchange.redact import Found, shape
from comity.exchange.sealing import open_message, seal
from comity.identity.access import RPCS
from comity.identity.certificates import Party
from comity.identity.signature import SignedMessage, payload_type, verify
from comity.identity.store import Peer
from comity.ledger.entry import EntryKind
from comity.ledger.vault import Part
from comity.policy.decision import Decision
from comity.policy.library import catalogue
from comity.records.query import Query
from comity.store import Row

_RETRY_WAIT_SECONDS = 10

Perform = Callable[[Query, Decision, datetime], list[Found]]
"""What a kind of exchange supplies: search the records under a decision's conditions, at a moment."""


@dataclass(frozen=True, slots=True)
class Call:
    """A message as it came in: who is at the other end of the TLS connection, and the exact bytes."""

    peer: Peer
    party: Party
    message: SignedMessage


@dataclass(frozen=True, slots=True)
class Exchange:
    """One kind of exchange: its messages and what it performs."""

    codec: SearchCodec
    perform: Perform

    @property
    def action(self) -> str:
        """The policy action of the RPC."""
        return RPCS[self.codec.method].action or ""


@dataclass(frozen=True, slots=True)
class _Question:
    """An admitted question."""

    call: Call
    exchange: Exchange
    header: Header
    query: Query
    digest: bytes
    at: datetime


class Responder:
    """Answers peers. Thread-safe; one for a node process."""

    def __init__(self, own: OwnNode) -> None:
        self._own = own
        self._guard = ReplayGuard(own.skew * 2)
        self._quotas = Quotas(own.store)

    def recall(self) -> None:
        """Take up the replay window of before a restart; call once at start."""
        now = self._own.clock()
        with self._own.store.read() as tx:
            for peer, exchange_id, digest in table.recent_inbound(tx, now - self._own.skew * 2):
                self._guard.recall(peer, exchange_id, digest, now)

    def answer(self, call: Call, exchange: Exchange) -> SignedReply:
        """Run the one path for a message; raises `ComityError` for what cannot be answered."""
        now = self._own.clock()
        _check_signature(call)
        header, query = exchange.codec.decode_request(call.message.payload)
        check_addressing(header, sender=call.peer.node, recipient=self._own.node_id)
        check_freshness(header, at=now, skew=self._own.skew)
        question = _Question(call, exchange, header, query, sha256(call.message.payload).digest(), now)
        peer, exchange_id = call.peer.country, header.exchange_id
        seen = self._guard.admit(peer, exchange_id, question.digest, now)
        if seen is not None:
            if not seen.done.wait(_RETRY_WAIT_SECONDS):
                raise _again("the first attempt is still under way: send the same message again later")
            stored = self._stored(question)
            if stored is None:
                raise _again("the first attempt failed: send the same message again")
            return stored
        try:
            reply = self._first(question)
        except BaseException:
            self._guard.release(peer, exchange_id)
            raise
        self._guard.settle(peer, exchange_id)
        return reply

    def _first(self, question: _Question) -> SignedReply:
        own, exchange, header = self._own, question.exchange, question.header
        decision, verdict, policy_digest = self._decide(question)
        findings: Findings | None = None
        if verdict.outcome == "permitted":
            found = exchange.perform(question.query, decision, question.at)
            findings = shape(found, decision, own.reference_for(question.call.peer.country))
        answer = _answer(question, decision, verdict, findings)
        signed = own.identity.sign(exchange.codec.reply_type, exchange.codec.encode_reply(answer))
        entry = exchange_entry(
            EntryKind.QUESTION_ANSWERED,
            header,
            action=exchange.action,
            category=question.query.category,
            verdict=verdict,
            at=question.at,
            policy_digest=policy_digest,
            released=findings.released_fields if findings else (),
            request=question.call.message.payload,
            answer=signed.payload,
        )
        messages = (question.call.message, signed)
        sealed = seal(own.vault, header, question.call.peer.country, messages, question.at)
        try:
            receipt = own.ledger.append(entry, [_row(question, verdict), *sealed])
        except Conflict:  # another process answered it first
            stored = self._stored(question)
            if stored is None:
                raise
            return stored
        return SignedReply(signed, receipt)

    def _decide(self, question: _Question) -> tuple[Decision, Verdict, bytes]:
        own, header, peer = self._own, question.header, question.call.peer
        policy = own.policy()
        policy.check_basis(header.basis)
        facts = header.circumstances
        document = policy_input(
            facts,
            header.basis,
            sought(question.query, facts.subject.nationality, provider=own.country, requester=peer.country),
            direction="inbound",
            action=question.exchange.action,
            countries=(own.country, peer.country),
            peer=Standing(peer.state.value, peer.reciprocity.value),
            at=question.at,
        )
        decision = as_asked(policy.decide(document), facts.ask)
        verdict = verdict_of(decision)
        if verdict.outcome == "permitted" and not self._within_quota(peer.country, decision, question.at):
            verdict = _over_quota(verdict)
        return decision, verdict, bytes.fromhex(policy.digest)

    def _within_quota(self, country: str, decision: Decision, at: datetime) -> bool:
        if decision.basis is None:
            return False
        return self._quotas.take(country, decision.basis.agreement, decision.basis.term, decision.per_day, at)

    def _stored(self, question: _Question) -> SignedReply | None:
        """Return the stored reply with a receipt at the present head, or None; raises `Conflict` (REPLAY)."""
        own, peer, exchange_id = self._own, question.call.peer.country, question.header.exchange_id
        with own.store.read() as tx:
            held = table.find_inbound(tx, peer, exchange_id)
            if held is None:
                return None
            if held != question.digest:
                raise replayed()
            reply = open_message(own.vault, tx, exchange_id, peer, Part.REPLY)
        ours = [
            stored.index
            for stored in own.ledger.by_exchange(exchange_id)
            if stored.entry.kind is EntryKind.QUESTION_ANSWERED and stored.entry.requester == question.header.sender
        ]
        if not ours:
            raise Tampered("an answered exchange has no ledger entry", detail={"where": f"exchange {exchange_id}"})
        return SignedReply(reply, own.ledger.receipt(ours[0]))


def _check_signature(call: Call) -> None:
    message = call.message
    if message.key_id != call.party.key_id:
        raise Unauthenticated(
            "comity-key-id is not the key of the TLS certificate: sign with the node's own key",
            reason=Reason.SIGNATURE_INVALID,
        )
    verify(call.party.public_key, payload_type(message.type_name), message.payload, message.signature)


def _again(problem: str) -> Unavailable:
    return Unavailable(problem, reason=Reason.TRY_AGAIN)


def _over_quota(verdict: Verdict) -> Verdict:
    words = catalogue()["quota_exceeded"]
    article = verdict.basis.article if verdict.basis else ""
    ground = Ground("quota_exceeded", article, words["message"], words["remedy"])
    return replace(verdict, outcome="refused", disclosure="none", reasons=(ground,))


def _answer(question: _Question, decision: Decision, verdict: Verdict, findings: Findings | None) -> Answer:
    header = question.header
    return Answer(
        request_digest=question.digest,
        exchange_id=header.exchange_id,
        sender=header.recipient,
        recipient=header.sender,
        issued_at=question.at,
        verdict=verdict,
        terms=terms_of(decision, header.circumstances.purpose, question.at) if findings else None,
        findings=findings,
    )


def _row(question: _Question, verdict: Verdict) -> Row:
    return table.inbound_row(
        question.call.peer.country,
        question.header.exchange_id,
        action=question.exchange.action,
        digest=question.digest,
        purpose=question.header.circumstances.purpose,
        category=question.query.category,
        at=question.at,
        outcome=verdict.outcome,
        disclosure=verdict.disclosure,
        basis=verdict.basis,
    )
