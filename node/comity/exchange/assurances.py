"""What a node does with assurances: gives them, takes them in, picks them for a question, marks what became of them.

Every step is an entry of the ledger, durable with its rows. What was taken in is never forgotten: a withdrawn or
breached assurance that is shown again is known by its status.
"""

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from comity.errors import Conflict, Forbidden, Malformed, Precondition, Reason, Unauthenticated
from comity.exchange import assurance as signed
from comity.exchange import assurance_store as table
from comity.exchange.assurance import BREACHED, GIVEN, VERIFIED, WITHDRAWN, Assurance, Envelope, Withdrawal
from comity.exchange.assurance_store import Event, Held
from comity.exchange.facts import AssuranceFact
from comity.exchange.ids import new_exchange_id
from comity.exchange.model import Header, Official
from comity.exchange.sealing import KEEP
from comity.identity.node import NodeIdentity
from comity.identity.signature import sign
from comity.identity.store import Peer
from comity.ledger.entry import EntryKind, LedgerEntry, commitment
from comity.ledger.ledger import Ledger
from comity.ledger.vault import Part, Place, SignedMessage, Vault
from comity.store import Row, Store
from comity.store.engine import insert_rows

MAX_CARRIED = 10
"""How many envelopes a question carries at most."""

ROLES = {
    "give": ("prosecutor", "judge", "policy-officer", "minister"),
    "judge": ("desk-officer", "prosecutor", "judge", "policy-officer", "minister"),
}
"""Who may bind the country by an assurance, and who may say what an assurance of another country is worth."""

_NOTE = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Wish:
    """What an officer wants to promise: under which agreement, about which case (empty: all), until when."""

    kind: str
    agreement: str
    case: str
    text: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Chosen:
    """An assurance of ours that may travel with a question."""

    assurance: Assurance
    envelope: bytes

    @property
    def fact(self) -> AssuranceFact:
        """What policy reads of it."""
        return AssuranceFact(self.assurance.kind, GIVEN, self.assurance.expires_at)


@dataclass(frozen=True, slots=True)
class Assurances:
    """The assurances of one node. Thread-safe."""

    country: str
    identity: NodeIdentity
    store: Store
    ledger: Ledger
    vault: Vault

    def give(self, wish: Wish, to: Peer, officer: Official, at: datetime) -> Assurance:
        """Promise something to a country: signed, sealed and logged. Raises `Malformed`, `Forbidden`."""
        _allow(officer, "give")
        given = signed.check(
            Assurance(
                id=new_exchange_id(at),
                kind=wish.kind,
                giver=self.country,
                authority=officer.authority,
                official=officer.id,
                recipient=to.country,
                agreement=wish.agreement,
                case=wish.case,
                text=wish.text,
                issued_at=int(at.timestamp()),
                expires_at=int(wish.until.timestamp()),
                nonce=os.urandom(32).hex(),
            )
        )
        self._keep(given, self._sign(given), to, officer, at)
        return given

    def take_in(self, peer: Peer, envelopes: tuple[bytes, ...], at: datetime) -> None:
        """Prove and keep what came with a peer's question; known ones change nothing.

        Raises `Malformed` for what is no envelope, `Unauthenticated` for one that the peer's node did not sign,
        `Precondition` (WRONG_AUDIENCE) for one that was given to another country, `Conflict` for a known id with other
        content.
        """
        for envelope in map(signed.read_envelope, envelopes):
            if envelope.kind == signed.WITHDRAWAL:
                self._take_withdrawal(peer, envelope, at)
            else:
                self._take_assurance(peer, envelope, at)

    def facts(self, peer: Peer, header: Header, at: datetime) -> tuple[AssuranceFact, ...]:
        """Return what policy reads of the assurances that a question carries, as this node holds them at a moment.

        Those that do not speak about this agreement and case, or have run out, are no facts at all.
        """
        envelopes = map(signed.read_envelope, header.envelopes)
        carried = [signed.read_assurance(each) for each in envelopes if each.kind == signed.ASSURANCE]
        if not carried:
            return ()
        with self.store.read() as tx:
            held = table.find(tx, [each.id for each in carried])
        agreement, case = header.basis.agreement, header.circumstances.case.reference
        return tuple(
            AssuranceFact(each.kind, held[each.id].status, each.expires_at)
            for each in carried
            if each.id in held
            and held[each.id].giver == peer.country
            and held[each.id].digest == _digest(each)
            and each.covers(agreement, case, at)
        )

    def choose(self, to: str, kinds: tuple[str, ...], case: str, at: datetime) -> list[Chosen]:
        """Return our valid assurances of some kinds to a country that speak about a case.

        Of one kind under one agreement one is enough: the newest, first of those about this very case.
        """
        if not kinds:
            return []
        with self.store.read() as tx:
            held = table.between(tx, self.country, to, kinds, int(at.timestamp()))
        opened = [self.open(each)[1] for each in held if each.status in (GIVEN, VERIFIED)]
        found = [Chosen(signed.read_assurance(each), each.encode()) for each in opened]
        valid = [each for each in found if each.assurance.covers(each.assurance.agreement, case, at)]
        valid.sort(key=lambda each: (bool(each.assurance.case), each.assurance.issued_at, each.assurance.id))
        return list({(each.assurance.kind, each.assurance.agreement): each for each in valid}.values())[:MAX_CARRIED]

    def untold(self) -> dict[str, list[tuple[str, bytes]]]:
        """Return, by country, id and signed withdrawal of what we took back and the country does not know yet."""
        found: dict[str, list[tuple[str, bytes]]] = {}
        with self.store.read() as tx:
            for assurance_id, recipient, proof in table.untold(tx, self.country):
                found.setdefault(recipient, []).append((assurance_id, proof))
        return found

    def told(self, ids: tuple[str, ...], at: datetime) -> None:
        """Note that withdrawals arrived; noting it twice changes nothing."""
        for assurance_id in ids:
            try:
                with self.store.write() as tx:
                    insert_rows(tx, [table.event_row(assurance_id, _event(table.TOLD, at))])
            except IntegrityError:
                continue

    def open(self, held: Held) -> tuple[Assurance, Envelope]:
        """Return the promise itself and its envelope, from the vault; raises `NotFound`, `Tampered`."""
        with self.store.read() as tx:
            kept = self.vault.open(tx, held.id, self._other(held), Part.REQUEST)
        envelope = Envelope(kept.payload_type, kept.payload, kept.signature, kept.key_id, held.certificate)
        return signed.read_assurance(envelope), envelope

    def note(self, held: Held) -> str:
        """Return what was noted of a breach, or nothing."""
        if held.status != BREACHED:
            return ""
        with self.store.read() as tx:
            return self.vault.open(tx, held.id, self._other(held), Part.REPLY).payload.decode()

    def verify(self, assurance_id: str, giver: Peer, officer: Official, at: datetime) -> Held:
        """Prove the signature once more and note that an officer holds the assurance for good."""
        held = self._judged(assurance_id, officer, (GIVEN,))
        given, envelope = self.open(held)
        signed.prove(envelope, given.issued_at, giver.prove)
        self._mark(held, giver, VERIFIED, officer, at)
        return self.get(assurance_id)

    def withdraw(self, assurance_id: str, other: Peer, officer: Official, at: datetime) -> Held:
        """Take back one of ours (the other country is told with the next question), or stop counting one of theirs."""
        held = self.get(assurance_id)
        ours = held.giver == self.country
        _allow(officer, "give" if ours else "judge")
        _in_state(held, (GIVEN, VERIFIED))
        proof = b""
        if ours:
            proof = self._sign(Withdrawal(held.id, held.giver, held.recipient, int(at.timestamp()))).encode()
        self._mark(held, other, WITHDRAWN, officer, at, proof=proof)
        return self.get(assurance_id)

    def breach(self, assurance_id: str, giver: Peer, note: str, officer: Official, at: datetime) -> Held:
        """Note that another country broke its promise; raises `Malformed` without a note."""
        if not note.strip():
            raise Malformed("note: is required: what was done against the assurance")
        held = self._judged(assurance_id, officer, (GIVEN, VERIFIED, WITHDRAWN))
        nonce, payload = os.urandom(32), note.encode()
        message = SignedMessage(_NOTE, payload, b"", "", nonce)
        place = Place(held.id, held.giver, Part.REPLY, _until(held.expires_at))
        sealed = self.vault.seal(message, place)
        bound = commitment(nonce, sha256(payload).digest())
        self._mark(held, giver, BREACHED, officer, at, rows=(sealed,), note_commitment=bound)
        return self.get(assurance_id)

    def get(self, assurance_id: str) -> Held:
        """Return one assurance as it may be listed; raises `NotFound`."""
        with self.store.read() as tx:
            return table.get(tx, assurance_id)

    def every(self, other: str = "") -> list[Held]:
        """Return all, or those with one country, newest first."""
        with self.store.read() as tx:
            return table.every(tx, other)

    def _take_assurance(self, peer: Peer, envelope: Envelope, at: datetime) -> None:
        given = signed.read_assurance(envelope)
        self._addressed(peer, given)
        signed.prove(envelope, given.issued_at, peer.prove)
        if self._known(given):
            return
        try:
            self._keep(given, envelope, peer, Official(given.official, "", given.authority), at)
        except Conflict:  # another question brought it meanwhile
            if not self._known(given):
                raise

    def _take_withdrawal(self, peer: Peer, envelope: Envelope, at: datetime) -> None:
        taken = signed.read_withdrawal(envelope)
        self._addressed(peer, taken)
        signed.prove(envelope, taken.withdrawn_at, peer.prove)
        with self.store.read() as tx:
            held = table.find(tx, [taken.assurance]).get(taken.assurance)
        if held is None or held.giver != peer.country or any(each.status == WITHDRAWN for each in held.events):
            return
        try:
            self._mark(held, peer, WITHDRAWN, Official("", "", ""), at, proof=envelope.encode())
        except Conflict:  # another question brought it meanwhile
            return

    def _addressed(self, peer: Peer, document: Assurance | Withdrawal) -> None:
        if document.giver != peer.country:
            raise Unauthenticated("assurance: it is another country's", reason=Reason.SIGNATURE_INVALID)
        if document.recipient != self.country:
            raise Precondition("assurance: it was given to another country", reason=Reason.WRONG_AUDIENCE)

    def _known(self, given: Assurance) -> bool:
        with self.store.read() as tx:
            held = table.find(tx, [given.id]).get(given.id)
        if held is not None and held.digest != _digest(given):
            raise Conflict("assurance: its id was used before with other content", reason=Reason.REPLAY)
        return held is not None

    def _keep(self, given: Assurance, envelope: Envelope, other: Peer, officer: Official, at: datetime) -> None:
        nonce = bytes.fromhex(given.nonce)
        message = SignedMessage(envelope.kind, envelope.payload, envelope.signature, envelope.key_id, nonce)
        digest = _digest(given)
        rows = [
            table.assurance_row(given, envelope, digest),
            table.event_row(given.id, _event(GIVEN, at, officer)),
            self.vault.seal(message, Place(given.id, other.country, Part.REQUEST, _until(given.expires_at))),
        ]
        entry = self._entry(
            given.id, given.kind, given.agreement, GIVEN, officer, at, parties=self._parties(given.giver, other),
            promise=commitment(nonce, digest),
        )  # fmt: skip
        self.ledger.append(entry, rows)

    def _mark(  # noqa: PLR0913  what a step brings with it
        self,
        held: Held,
        other: Peer,
        status: str,
        officer: Official,
        at: datetime,
        *,
        proof: bytes = b"",
        rows: tuple[Row, ...] = (),
        note_commitment: bytes = b"",
    ) -> None:
        entry = self._entry(
            held.id, held.kind, held.agreement, status, officer, at, parties=self._parties(held.giver, other),
            note=note_commitment,
        )  # fmt: skip
        self.ledger.append(entry, [table.event_row(held.id, _event(status, at, officer, proof)), *rows])

    def _entry(  # noqa: PLR0913
        self,
        assurance_id: str,
        kind: str,
        agreement: str,
        status: str,
        officer: Official,
        at: datetime,
        *,
        parties: tuple[str, str],
        promise: bytes = b"",
        note: bytes = b"",
    ) -> LedgerEntry:
        """Return the entry of one step: the giver asks, the recipient answers, the assurance's id is the exchange's."""
        return LedgerEntry(
            kind=EntryKind.ASSURANCE_CHANGED,
            time_ms=int(at.timestamp() * 1000),
            exchange_id=UUID(assurance_id),
            requester=parties[0],
            responder=parties[1],
            official=officer.id,
            official_role=officer.role,
            action=f"assurance.{kind}",
            outcome=status,
            agreement_id=agreement,
            request_commitment=promise,
            answer_commitment=note,
        )

    def _parties(self, giver: str, other: Peer) -> tuple[str, str]:
        own = str(self.identity.node_id)
        return (own, other.node) if giver == self.country else (other.node, own)

    def _other(self, held: Held) -> str:
        return held.recipient if held.giver == self.country else held.giver

    def _judged(self, assurance_id: str, officer: Official, states: tuple[str, ...]) -> Held:
        """Return an assurance of another country that an officer of ours may judge."""
        held = self.get(assurance_id)
        _allow(officer, "judge")
        if held.giver == self.country:
            raise Precondition(
                "the assurance is our own: the country that holds it judges it", reason=Reason.ASSURANCE_STATE
            )
        _in_state(held, states)
        return held

    def _sign(self, document: Assurance | Withdrawal) -> Envelope:
        kind = signed.ASSURANCE if isinstance(document, Assurance) else signed.WITHDRAWAL
        payload, mine = signed.payload_of(document), self.identity
        return Envelope(kind, payload, sign(mine.key, kind, payload), mine.key_id, mine.certificate_pem)


def _allow(officer: Official, act: str) -> None:
    if officer.role not in ROLES[act]:
        raise Forbidden(f"role {officer.role} may not do this with assurances: {', '.join(ROLES[act])} may")


def _in_state(held: Held, states: tuple[str, ...]) -> None:
    if held.status not in states:
        raise Precondition(f"the assurance is {held.status} already", reason=Reason.ASSURANCE_STATE)


def _digest(given: Assurance) -> bytes:
    return sha256(signed.payload_of(given)).digest()


def _until(expires_at: int) -> int:
    """Return until when a promise is kept, in milliseconds: as long as the log of a question it came with."""
    return (expires_at + int(KEEP / timedelta(seconds=1))) * 1000


def _event(status: str, at: datetime, officer: Official | None = None, proof: bytes = b"") -> Event:
    return Event(status, int(at.timestamp()), officer.id if officer else "", officer.role if officer else "", proof)
