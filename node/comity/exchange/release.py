"""The second half of the answering side, the only way by which anything leaves.

    decide → perform → redact → record → reply

A question comes here at once, when it was admitted, or days later, when a person decided: the policy of that moment
decides again, with what the person said as one more fact.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from comity.errors import NotFound, Tampered
from comity.exchange.decisions import decision_row
from comity.exchange.entries import exchange_entry
from comity.exchange.facts import Standing, as_it_came
from comity.exchange.model import UNREVIEWED, Answer, Findings, Header, Review, SignedReply, Verdict
from comity.exchange.model import Reason as Ground
from comity.exchange.own import OwnNode
from comity.exchange.policy import PolicyInForce, as_asked, terms_of, verdict_of
from comity.exchange.ports import SearchCodec
from comity.exchange.quota import Quotas
from comity.exchange.redact import Found, shape
from comity.exchange.sealing import open_message, seal, seal_part
from comity.identity.access import RPCS
from comity.identity.signature import SignedMessage
from comity.identity.store import Peer
from comity.ledger.entry import EntryKind, LedgerEntry, commitment
from comity.ledger.vault import Part
from comity.policy.decision import Decision
from comity.policy.library import catalogue
from comity.records.query import Query
from comity.store import Row

Perform = Callable[[Query, Decision, datetime], list[Found]]
"""What a kind of exchange supplies: search the records under a decision's conditions, at a moment."""

Step = tuple[LedgerEntry, Sequence[Row]]
"""An entry and the rows that stand or fall with it."""


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
class Question:
    """An admitted question: who asked, and the exact bytes."""

    peer: Peer
    exchange: Exchange
    header: Header
    query: Query
    message: SignedMessage

    @property
    def digest(self) -> bytes:
        """SHA-256 of the exact bytes."""
        return sha256(self.message.payload).digest()


@dataclass(frozen=True, slots=True)
class Decided:
    """What policy was asked and said, what that means for this question, what travels of it, and which policy."""

    document: Mapping[str, Any]
    said: Decision
    decision: Decision
    verdict: Verdict
    policy_digest: bytes


class Release:
    """Decides questions and lets answers out. Thread-safe; one for a node process."""

    def __init__(self, own: OwnNode) -> None:
        self._own = own
        self._quotas = Quotas(own.store)

    def judge(self, policy: PolicyInForce, question: Question, at: datetime, review: Review = UNREVIEWED) -> Decided:
        """Ask policy, and nothing else; raises `Unavailable`."""
        header, peer, own = question.header, question.peer, self._own
        document = as_it_came(
            header,
            question.query,
            action=question.exchange.action,
            countries=(own.country, peer.country),
            at=at,
            peer=Standing(peer.state.value, peer.reciprocity.value),
            assurances=own.assurances.facts(peer, header, at) if header.envelopes else (),
            review=review,
        )
        said = policy.decide(document)
        decision = as_asked(said, header.circumstances.ask)
        return Decided(document, said, decision, verdict_of(decision), bytes.fromhex(policy.digest))

    def decide(self, policy: PolicyInForce, question: Question, at: datetime, review: Review = UNREVIEWED) -> Decided:
        """Ask policy, and take a permission out of the term's quota; raises `Unavailable`."""
        decided = self.judge(policy, question, at, review)
        if decided.verdict.outcome == "permitted" and not self._within_quota(question, decided.decision, at):
            return replace(decided, verdict=over_quota(decided.verdict))
        return decided

    def answer(
        self,
        question: Question,
        decided: Decided,
        at: datetime,
        *,
        part: str = Part.REPLY,
        rows: Sequence[Row] = (),
        before: Sequence[Step] = (),
    ) -> SignedReply:
        """Perform what is permitted, redact, record and return the signed reply with its receipt.

        The entries and rows of `before`, the answer's own entry, its `rows` and the sealed messages are durable
        together or not at all. Raises `Conflict` where one of the rows is there already: somebody else answered first.
        """
        own, exchange = self._own, question.exchange
        findings: Findings | None = None
        if decided.verdict.outcome == "permitted":
            found = exchange.perform(question.query, decided.decision, at)
            findings = shape(found, decided.decision, own.reference_for(question.peer.country))
        reply = exchange.codec.encode_reply(_answer(question, decided, findings, at))
        signed = own.identity.sign(exchange.codec.reply_type, reply)
        entry = self.entry(
            EntryKind.QUESTION_ANSWERED,
            question,
            decided,
            at,
            released=findings.released_fields if findings else (),
            answer=signed.payload,
        )
        kept = decision_row(question.header.exchange_id, decided.document, decided.said, decided.policy_digest, at)
        sealed = self._sealed(question, signed, part, at)
        receipts = own.ledger.append_many([*before, (entry, [*rows, kept, *sealed])])
        return SignedReply(signed, receipts[-1])

    def entry(
        self,
        kind: EntryKind,
        question: Question,
        decided: Decided,
        at: datetime,
        *,
        released: tuple[str, ...] = (),
        answer: bytes = b"",
    ) -> LedgerEntry:
        """Return the ledger entry of one step of a question."""
        return exchange_entry(
            kind,
            question.header,
            action=question.exchange.action,
            category=question.query.category,
            verdict=decided.verdict,
            at=at,
            policy_digest=decided.policy_digest,
            released=released,
            request=question.message.payload,
            answer=answer,
        )

    def stored(self, question: Question, part: str) -> SignedReply:
        """Return a kept reply with a receipt at the present head; raises `NotFound`, `Tampered`."""
        own, header = self._own, question.header
        with own.store.read() as tx:
            reply = open_message(own.vault, tx, header.exchange_id, question.peer.country, part)
        said = commitment(header.nonce, sha256(reply.payload).digest())
        for stored in own.ledger.by_exchange(header.exchange_id):
            entry = stored.entry
            if entry.kind is EntryKind.QUESTION_ANSWERED and entry.answer_commitment == said:
                return SignedReply(reply, own.ledger.receipt(stored.index))
        where = f"exchange {header.exchange_id}"
        raise Tampered("an answered exchange has no ledger entry", detail={"where": where})

    def reopen(self, peer: Peer, exchange: Exchange, exchange_id: str) -> Question:
        """Return a question that was admitted before, from the vault; raises `NotFound`, `Tampered`."""
        own = self._own
        with own.store.read() as tx:
            message = open_message(own.vault, tx, exchange_id, peer.country, Part.REQUEST)
        if message.type_name != exchange.codec.request_type:
            raise NotFound("the exchange is of another kind")
        header, query = exchange.codec.decode_request(message.payload)
        return Question(peer, exchange, header, query, message)

    def _sealed(self, question: Question, signed: SignedMessage, part: str, at: datetime) -> list[Row]:
        vault, header, country = self._own.vault, question.header, question.peer.country
        if part == Part.REPLY:
            return seal(vault, header, country, (question.message, signed), at)
        return [seal_part(vault, header, country, signed, part, at)]

    def _within_quota(self, question: Question, decision: Decision, at: datetime) -> bool:
        basis = decision.basis
        if basis is None:
            return False
        return self._quotas.take(question.peer.country, basis.agreement, basis.term, decision.per_day, at)


def over_quota(verdict: Verdict) -> Verdict:
    """Return the refusal of what would be permitted, had the term's quota not run out."""
    words = catalogue()["quota_exceeded"]
    article = verdict.basis.article if verdict.basis else ""
    ground = Ground("quota_exceeded", article, words["message"], words["remedy"])
    return replace(verdict, outcome="refused", disclosure="none", reasons=(ground,))


def _answer(question: Question, decided: Decided, findings: Findings | None, at: datetime) -> Answer:
    header = question.header
    return Answer(
        request_digest=question.digest,
        exchange_id=header.exchange_id,
        sender=header.recipient,
        recipient=header.sender,
        issued_at=at,
        verdict=decided.verdict,
        terms=terms_of(decided.decision, header.circumstances.purpose, at) if findings else None,
        findings=findings,
    )
