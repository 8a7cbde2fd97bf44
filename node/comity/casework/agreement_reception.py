"""What peers say about agreements: proven, checked against what is known here, recorded, answered.

    identify → admit → prove the statements → check that they follow → record (event, ledger) → signed reply

A statement binds the country that made it and nobody else; a peer cannot sign, suspend or end for another.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from threading import BoundedSemaphore

from comity.casework.agreement_log import Act, AgreementLog
from comity.casework.agreement_messages import (
    AgreementCodec,
    AgreementReply,
    Comparison,
    MessageHeader,
    Notice,
    Proposal,
    Reading,
    Signatures,
    StatusQuery,
    TextStatus,
)
from comity.casework.agreement_outbox import envelopes
from comity.casework.agreement_turns import NOTICES, AgreementTurns
from comity.casework.mirror import Readers, decoded, read
from comity.casework.statements import SignedStatement, StatementAct, prove_statement, read_statement
from comity.errors import Conflict, Exhausted, Forbidden, NotFound, Precondition, Reason, Unauthenticated
from comity.exchange.admission import check_addressing, check_freshness
from comity.exchange.model import SignedReply
from comity.exchange.own import OwnNode
from comity.exchange.responder import Call, check_signature
from comity.identity.store import Peer, PeerBook
from comity.policy.agreement import Agreement, load_agreement
from comity.policy.lifecycle import Event, Standing, State, Step, Text, check_follows
from comity.policy.store import AgreementBook, message_row, messages_since, read_events, seen_message, text_of, to_ms

_RATE_WINDOW = timedelta(hours=1)
_MAX_IN_WINDOW = 200
_COMPARISONS = 2
"""How many comparisons run at once: each is hundreds of decisions, and questions about people must not wait."""

_SHOWN = (State.PROPOSED, State.AGREED, State.IN_FORCE)


@dataclass(frozen=True, slots=True)
class _Message:
    """An admitted message: whose, with which header, taken in when."""

    peer: Peer
    header: MessageHeader
    at: datetime


class AgreementReception:
    """Answers peers. Thread-safe; raises `ComityError` for what it refuses, and records nothing then."""

    def __init__(
        self,
        own: OwnNode,
        book: AgreementBook,
        log: AgreementLog,
        peers: PeerBook,
        turns: AgreementTurns,
        codec: AgreementCodec,
        readers: Readers,
    ) -> None:
        self._own = own
        self._book = book
        self._log = log
        self._peers = peers
        self._turns = turns
        self._codec = codec
        self._readers = readers
        self._comparing = BoundedSemaphore(_COMPARISONS)

    def answer(self, call: Call, method: str) -> SignedReply:
        """Take one message in and return the signed reply."""
        own, now = self._own, self._own.clock()
        check_signature(call)
        header, request = self._codec.decode_request(method, call.message.payload)
        check_addressing(header, sender=call.peer.node, recipient=own.node_id)
        check_freshness(header, at=now, skew=own.skew)
        message = _Message(call.peer, header, now)
        texts: tuple[TextStatus, ...] = ()
        readings: tuple[Reading, ...] = ()
        match request:
            case Comparison():
                readings = self._compared(message, request)
            case StatusQuery():
                texts = self._status(message, request.agreement)
            case Proposal():
                texts = self._proposed(message, request)
            case Signatures():
                texts = self._countersigned(message, request)
            case Notice():
                texts = self._notified(message, request)
        reply = AgreementReply(
            sha256(call.message.payload).digest(), header.message_id, own.node_id, call.peer.node, now, texts, readings
        )
        signed = own.identity.sign(self._codec.reply_type(method), self._codec.encode_reply(method, reply))
        return SignedReply(signed, None)

    def _proposed(self, message: _Message, proposal: Proposal) -> tuple[TextStatus, ...]:
        peer, now = message.peer, message.at
        self._check_rate(message)
        agreement = load_agreement(proposal.text, "proposal")
        if agreement.digest != proposal.digest:
            raise _mismatch(
                f"{agreement.id}: the text that came has digest {agreement.digest[:16]}, the message names "
                f"{proposal.digest[:16]}: it was changed on the way; send the text that was signed"
            )
        self._check_parties(agreement, peer)
        signed = self._proven(proposal.signatures, agreement, proposal.amends, peer, now)

        def acts(known: Standing) -> list[Act]:
            self._check_new(message)
            held = known.texts.get(agreement.digest)
            if held and peer.country in held.signed_by:
                raise Conflict(f"{agreement.id}: this proposal came before; it is {held.state.value} here")
            check_follows(known, text_of(agreement), proposal.amends)
            first = held is None or held.state is not State.PROPOSED
            return self._signing(known, agreement, signed, now, proposer=peer.country if first else "")

        self._record(agreement, acts, message, content=proposal.text)
        return self._view(agreement.id, now, agreement.digest)

    def _countersigned(self, message: _Message, request: Signatures) -> tuple[TextStatus, ...]:
        peer, now = message.peer, message.at
        self._check_rate(message)
        standing = self._book.standing(request.agreement)
        known = standing.texts.get(request.digest)
        if known is None or known.open_draft or known.state is State.DISCARDED:
            _check_may_come(standing, request)
            raise NotFound(f"{request.agreement}: that proposal has not come here yet: send again later")
        agreement = self._book.agreement(request.digest)
        self._check_parties(agreement, peer)
        signed = self._proven(request.signatures, agreement, self._turns.amended_by(agreement), peer, now)

        def acts(known: Standing) -> list[Act]:
            self._check_new(message)
            found = self._signing(known, agreement, signed, now)
            if not found:
                raise Conflict(f"{agreement.id}: these signatures came before")
            return found

        self._record(agreement, acts, message)
        return self._view(agreement.id, now, agreement.digest)

    def _notified(self, message: _Message, notice: Notice) -> tuple[TextStatus, ...]:
        peer, now = message.peer, message.at
        proven = prove_statement(notice.statement, peer, now)
        statement = proven.statement
        step = NOTICES.get(statement.act)
        if step is None:
            raise Precondition("statement: it is a signature: `Propose` and `Countersign` take those")
        if step is not Step.SUSPENDED:
            self._check_rate(message)
        standing = self._book.standing(statement.agreement)
        held = standing.in_force(to_ms(now)) or standing.newest
        if held is None:
            raise NotFound(f"{statement.agreement}: there is no such agreement here: send again later")
        agreement = self._book.agreement(held.text.digest)
        self._check_parties(agreement, peer)
        began = min(statement.at, to_ms(now))  # the peer's clock may run ahead: what it says counts at once
        effective = max(statement.effective_at, began) if step is Step.ENDED else began

        def acts(_known: Standing) -> list[Act]:
            self._check_new(message)
            if statement.at <= self._turns.last_said(peer.country, agreement.id):
                raise Conflict(f"{agreement.id}: {peer.country} said this, or something newer, before")
            return [_act(step, peer, proven, effective_at=effective)]

        self._record(agreement, acts, message)
        return self._view(agreement.id, now, agreement.digest)

    def _compared(self, message: _Message, request: Comparison) -> tuple[Reading, ...]:
        """Read a peer's questions: those to us as we would answer, the others as the text alone says."""
        own, peer = self._own, message.peer
        held = self._book.standing(request.agreement).in_force(to_ms(message.at))
        if held is None:
            raise NotFound(f"{request.agreement}: no such agreement is in force here")
        agreement = self._book.agreement(held.text.digest)
        self._check_parties(agreement, peer)
        if agreement.digest != request.digest:
            raise _mismatch(f"{agreement.id}: this node holds revision {agreement.revision}, another text than named")
        documents = decoded(request.questions, agreement, (own.country, peer.country))
        if not self._comparing.acquire(blocking=False):
            raise Exhausted(
                "other comparisons are under way: ask again when they are done", reason=Reason.TOO_MANY_CONCURRENT
            )
        try:
            with self._readers(agreement) as engines:
                return tuple(read(own.country, engines, documents))
        finally:
            self._comparing.release()

    def _status(self, message: _Message, agreement_id: str) -> tuple[TextStatus, ...]:
        """Return where the texts stand that name the peer as a party: others are none of its business."""
        peer, now = message.peer, message.at
        found = [
            status
            for status in self._view(agreement_id, now)
            if peer.country in self._book.agreement(status.digest).parties
        ]
        if not found:
            raise NotFound(f"{agreement_id}: there is no such agreement with {peer.country} here")
        return tuple(found)

    def _record(
        self, agreement: Agreement, acts: Callable[[Standing], list[Act]], message: _Message, content: bytes = b""
    ) -> None:
        rows = [message_row(message.peer.country, message.header.message_id, message.at)]
        self._log.record(agreement, acts, message.at, content=content, rows=rows)

    def _signing(
        self,
        known: Standing,
        agreement: Agreement,
        signed: Iterable[SignedStatement],
        now: datetime,
        proposer: str = "",
    ) -> list[Act]:
        """Return the acts that new signatures are, the proposer's first, and what follows when they are complete."""
        held = known.texts.get(agreement.digest)
        have = held.signed_by if held else frozenset()
        fresh = {each.statement.country: each for each in signed if each.statement.country not in have}
        order = sorted(fresh, key=lambda country: country != proposer)
        acts = [
            _act(Step.PROPOSED if country == proposer else Step.COUNTERSIGNED, self._peers.get(country), fresh[country])
            for country in order
        ]
        return acts + self._turns.concluded(agreement, have | fresh.keys(), now) if acts else []

    def _proven(
        self, signatures: Iterable[bytes], agreement: Agreement, amends: str, caller: Peer, now: datetime
    ) -> list[SignedStatement]:
        """Prove every signature of a text; raises where one is not by its country's node, or of another text."""
        found = []
        for envelope in signatures:
            statement = read_statement(envelope)
            if statement.country == self._own.country:
                self._check_ours(envelope, agreement)
                continue
            found.append(prove_statement(envelope, self._party(statement.country, agreement), now))
            subject = (statement.agreement, statement.revision, statement.digest, statement.amends, statement.act)
            expected = (agreement.id, agreement.revision, agreement.digest, amends, StatementAct.SIGNED)
            if subject != expected:
                raise _mismatch(f"{agreement.id}: {statement.country}'s signature is of another text or another act")
        if caller.country not in {each.statement.country for each in found}:
            raise Unauthenticated(
                f"{agreement.id}: the message carries no signature of {caller.country}", reason=Reason.SIGNATURE_INVALID
            )
        return found

    def _check_ours(self, envelope: bytes, agreement: Agreement) -> None:
        with self._own.store.read() as tx:
            known = envelopes(read_events(tx, agreement.id), agreement.digest)
        if envelope not in known:
            raise Unauthenticated(
                f"{agreement.id}: the message carries a signature of {self._own.country} that was not made here",
                reason=Reason.SIGNATURE_INVALID,
            )

    def _party(self, country: str, agreement: Agreement) -> Peer:
        known = next((peer for peer in self._peers.all() if peer.country == country), None)
        if known is None or country not in agreement.parties:
            raise Unauthenticated(
                f"{agreement.id}: a signature for {country}, which is no party or no peer of this node, cannot be "
                "checked: exchange descriptors with it first",
                reason=Reason.UNKNOWN_PEER,
            )
        return known

    def _check_parties(self, agreement: Agreement, peer: Peer) -> None:
        missing = {self._own.country, peer.country} - set(agreement.parties)
        if missing:
            raise Forbidden(f"{agreement.id}: {', '.join(sorted(missing))} is no party to it")

    def _check_rate(self, message: _Message) -> None:
        """Refuse a peer that would fill ledger and disk; a suspension is never refused for it."""
        with self._own.store.read() as tx:
            count = messages_since(tx, message.peer.country, message.at - _RATE_WINDOW)
        if count >= _MAX_IN_WINDOW:
            raise Exhausted(
                f"{message.peer.country} sent {count} messages about agreements within an hour: try again later",
                reason=Reason.QUOTA,
            )

    def _check_new(self, message: _Message) -> None:
        with self._own.store.read() as tx:
            if seen_message(tx, message.peer.country, message.header.message_id):
                raise Conflict("message_id was used before: this message has been taken in already")

    def _view(self, agreement_id: str, now: datetime, digest: str = "") -> tuple[TextStatus, ...]:
        standing = self._book.standing(agreement_id)
        with self._own.store.read() as tx:
            events = read_events(tx, agreement_id)
        return texts_of(standing, events, to_ms(now), digest)


def texts_of(standing: Standing, events: list[Event], at: int, digest: str = "") -> tuple[TextStatus, ...]:
    """Return where an agreement's proposed and agreed texts stand, by revision; of one digest, or all."""
    shown = [held for held in standing.texts.values() if held.state in _SHOWN and digest in ("", held.text.digest)]
    return tuple(
        TextStatus(
            agreement=standing.agreement,
            revision=held.text.revision,
            digest=held.text.digest,
            state=held.state.value,
            signed_by=tuple(sorted(held.signed_by)),
            suspended_by=tuple(sorted(standing.suspended_by(at))),
            ended_by=tuple(sorted(standing.left_by(at))),
            signatures=envelopes(events, held.text.digest),
        )
        for held in sorted(shown, key=lambda held: held.text.revision)
    )


def _check_may_come(standing: Standing, request: Signatures) -> None:
    """Refuse signatures of an unknown text that, by what they say of it, no longer follows: it would never be taken."""
    for statement in map(read_statement, request.signatures):
        text = Text(request.agreement, statement.revision, request.digest, (), 0, 0)
        check_follows(standing, text, statement.amends)


def _act(step: Step, peer: Peer, proven: SignedStatement, effective_at: int | None = None) -> Act:
    statement = proven.statement
    return Act(
        step,
        peer.country,
        peer.node,
        statement.official,
        statement.role,
        proven.envelope,
        statement.note,
        effective_at,
    )


def _mismatch(message: str) -> Precondition:
    return Precondition(message, reason=Reason.AGREEMENT_MISMATCH)
