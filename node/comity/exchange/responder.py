"""The answering side of the one path.

    identify → admit → decide → perform → redact → record → reply

1. The signature is the TLS peer's, over the exact bytes.         Unauthenticated
2. Addressed to us, by the peer, now, for the first time.         Precondition, Conflict
3. The agreement named is the text we hold; policy decides.       Precondition, Unavailable
4. Only what is permitted is performed, under the decision's conditions.
5. Only what the decision names is kept of it.
6. The ledger entry, the row and the sealed messages are durable. Unavailable
7. Only then does the signed reply leave, with its receipt.

Steps 3 to 7 stand in `release.py`: a question that waits for a person takes them again, and no other way.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from comity.errors import Conflict, Reason, Unauthenticated, Unavailable
from comity.exchange import store as table
from comity.exchange.admission import ReplayGuard, check_addressing, check_freshness, replayed
from comity.exchange.model import Claim, Header, SignedReply
from comity.exchange.own import OwnNode
from comity.exchange.release import Decided, Exchange, Question, Release
from comity.identity.certificates import Party
from comity.identity.signature import SignedMessage, payload_type, verify
from comity.identity.store import Peer
from comity.ledger.vault import Part
from comity.store import Row

_RETRY_WAIT_SECONDS = 10

Waiting = Callable[[Question, Decided, datetime], list[Row]]
"""Returns the rows that put a question, left to a person at a moment, into the inbox."""


@dataclass(frozen=True, slots=True)
class Call:
    """A message as it came in: who is at the other end of the TLS connection, and the exact bytes."""

    peer: Peer
    party: Party
    message: SignedMessage


class Responder:
    """Answers peers. Thread-safe; one for a node process."""

    def __init__(self, own: OwnNode, release: Release, waiting: Waiting) -> None:
        self._own = own
        self._release = release
        self._waiting = waiting
        self._guard = ReplayGuard(own.skew * 2)

    def recall(self) -> None:
        """Take up the replay window of before a restart; call once at start."""
        now = self._own.clock()
        with self._own.store.read() as tx:
            for peer, exchange_id, digest in table.recent_inbound(tx, now - self._own.skew * 2):
                self._guard.recall(peer, exchange_id, digest, now)

    def answer(self, call: Call, exchange: Exchange) -> SignedReply:
        """Run the one path for a message; raises `ComityError` for what cannot be answered."""
        now = self._own.clock()
        check_signature(call)
        header, query = exchange.codec.decode_request(call.message.payload)
        self._admit(call, header, now)
        question = Question(call.peer, exchange, header, query, call.message)
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
            reply = self._first(question, now)
        except BaseException:
            self._guard.release(peer, exchange_id)
            raise
        self._guard.settle(peer, exchange_id)
        return reply

    def admit_claim(self, call: Call, decode: Callable[[bytes], Claim]) -> Claim:
        """Identify and admit whoever wants the answer to an earlier question; a claim may come twice."""
        check_signature(call)
        claim = decode(call.message.payload)
        self._admit(call, claim, self._own.clock())
        return claim

    def _admit(self, call: Call, named: Header | Claim, now: datetime) -> None:
        check_addressing(named, sender=call.peer.node, recipient=self._own.node_id)
        check_freshness(named, at=now, skew=self._own.skew)

    def _first(self, question: Question, now: datetime) -> SignedReply:
        policy = self._own.policy()
        policy.check_basis(question.header.basis)
        if question.header.envelopes:
            self._own.assurances.take_in(question.peer, question.header.envelopes, now)
        decided = self._release.decide(policy, question, now)
        waiting = self._waiting(question, decided, now) if decided.verdict.outcome == "review" else []
        try:
            return self._release.answer(question, decided, now, rows=[_row(question, decided, now), *waiting])
        except Conflict:  # another process answered it first
            stored = self._stored(question)
            if stored is None:
                raise
            return stored

    def _stored(self, question: Question) -> SignedReply | None:
        """Return the first reply as it was given, or None; raises `Conflict` (REPLAY)."""
        with self._own.store.read() as tx:
            held = table.find_inbound(tx, question.peer.country, question.header.exchange_id)
        if held is None:
            return None
        if held != question.digest:
            raise replayed()
        return self._release.stored(question, Part.REPLY)


def check_signature(call: Call) -> None:
    """Check that the TLS peer signed a message over its exact bytes; raises `Unauthenticated`."""
    message = call.message
    if message.key_id != call.party.key_id:
        raise Unauthenticated(
            "comity-key-id is not the key of the TLS certificate: sign with the node's own key",
            reason=Reason.SIGNATURE_INVALID,
        )
    verify(call.party.public_key, payload_type(message.type_name), message.payload, message.signature)


def _again(problem: str) -> Unavailable:
    return Unavailable(problem, reason=Reason.TRY_AGAIN)


def _row(question: Question, decided: Decided, at: datetime) -> Row:
    verdict = decided.verdict
    return table.inbound_row(
        question.peer.country,
        question.header.exchange_id,
        action=question.exchange.action,
        digest=question.digest,
        purpose=question.header.circumstances.purpose,
        category=question.query.category,
        at=at,
        outcome=verdict.outcome,
        disclosure=verdict.disclosure,
        basis=verdict.basis,
    )
