"""What this country's own officers do with agreements: draft, approve, propose, countersign, suspend, resume, end.

Each step is recorded here first, durably and with its ledger entry; then the other parties are told, at once where
they can be reached and otherwise later. Nobody's silence delays what counts here.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from comity.casework.agreement_log import Act, AgreementLog
from comity.casework.agreement_outbox import AgreementOutbox, Delivery
from comity.casework.agreement_turns import AgreementTurns
from comity.casework.statements import Statement, StatementAct, declare
from comity.casework.trial import Trial, try_out
from comity.errors import Forbidden, Malformed, Precondition, Reason, Violation
from comity.exchange.model import Official
from comity.exchange.own import OwnNode
from comity.identity.store import PeerBook
from comity.policy.agreement import Agreement, load_agreement
from comity.policy.engine import Engine
from comity.policy.lifecycle import Standing, State, Step, TextStanding, check_follows, check_replaces
from comity.policy.store import AgreementBook, to_ms

MAX_TEXT_BYTES = 1024 * 1024
SURVIVAL = "survives: purpose, retention, duties and onward-transfer rule of what was given under it"
_MIN_PREFIX = 8

Engines = Callable[[Agreement], AbstractContextManager[Engine]]
"""Makes an engine that decides under one agreement alone, for trying a text out."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step came to: where the text in question stands, what a trial gave, and whether the parties know."""

    standing: Standing
    held: TextStanding
    trial: Trial | None = None
    deliveries: tuple[Delivery, ...] = ()


class Agreements:
    """The steps of this country. Thread-safe; every method raises `ComityError` with the remedy."""

    def __init__(
        self,
        own: OwnNode,
        book: AgreementBook,
        log: AgreementLog,
        turns: AgreementTurns,
        peers: PeerBook,
        outbox: AgreementOutbox,
        engines: Engines,
    ) -> None:
        self._own = own
        self._book = book
        self._log = log
        self._turns = turns
        self._peers = peers
        self._outbox = outbox
        self._engines = engines

    def draft(self, content: bytes, official: Official, replaces: str) -> Outcome:
        """Save a text as the draft of its agreement and try it out; `replaces` is the digest of the draft seen."""
        if len(content) > MAX_TEXT_BYTES:
            raise Malformed(f"text: larger than {MAX_TEXT_BYTES} bytes")
        agreement = load_agreement(content, "text")
        if self._own.country not in agreement.parties:
            problem = f"{self._own.country} is no party: a country writes only what it can sign"
            raise Malformed(f"parties: {problem}", violations=(Violation("parties", problem),))
        trial = self._try_out(agreement)

        def acts(known: Standing) -> list[Act]:
            held = known.draft
            check_replaces(known, held.text.digest if held and _names(replaces, held) else replaces)
            passed = [Step.CHECKED, Step.SIMULATED] if trial.passed else []
            return [self._by(official, step, note=trial.note(step)) for step in (Step.DRAFTED, *passed)]

        standing = self._log.record(agreement, acts, self._now(), content=content)
        return Outcome(standing, standing.text(agreement.digest), trial)

    def discard(self, agreement_id: str, digest: str, official: Official) -> Outcome:
        """Throw a draft away."""
        return self._simple(agreement_id, digest, lambda _known: [self._by(official, Step.DISCARDED)])

    def approve(self, agreement_id: str, digest: str, official: Official) -> Outcome:
        """Approve a draft as its second officer, or a peer's proposal as the first; a proposal is tried out before."""
        agreement = self._book.agreement(self._find(agreement_id, digest).text.digest)
        held = self._book.standing(agreement_id).text(agreement.digest)
        trial = self._try_out(agreement) if held.state is State.PROPOSED else None
        if trial and not trial.passed:
            failed = ", ".join(case.name for case in trial.cases if not case.passed)
            raise Precondition(
                f"{agreement.id} revision {agreement.revision}: these scenarios give another result at this node than "
                f"the text says: {failed}; ask the proposer what they mean",
                reason=Reason.AGREEMENT_STATE,
            )

        def acts(_known: Standing) -> list[Act]:
            tried = (Step.CHECKED, Step.SIMULATED) if trial else ()
            checked = [self._by(official, step, note=trial.note(step) if trial else "") for step in tried]
            return [*checked, self._by(official, Step.APPROVED)]

        standing = self._log.record(agreement, acts, self._now())
        return Outcome(standing, standing.text(agreement.digest), trial)

    def propose(self, agreement_id: str, digest: str, official: Official) -> Outcome:
        """Sign an approved draft for the country and send it to the other parties."""
        agreement = self._book.agreement(self._find(agreement_id, digest).text.digest)
        others = self._others(agreement)
        now = self._now()

        def acts(known: Standing) -> list[Act]:
            amends = known.newest.text.digest if known.newest else ""
            check_follows(known, known.text(agreement.digest).text, amends)
            return [self._declared(agreement, Step.PROPOSED, official, now, amends=amends, tell=others)]

        return self._told(self._log.record(agreement, acts, now), agreement)

    def countersign(self, agreement_id: str, digest: str, official: Official) -> Outcome:
        """Sign a peer's proposal for the country; with the last signature the text is agreed."""
        agreement = self._book.agreement(self._find(agreement_id, digest).text.digest)
        others = self._others(agreement)
        now = self._now()

        def acts(known: Standing) -> list[Act]:
            held = known.text(agreement.digest)
            amends = self._turns.amended_by(agreement)
            check_follows(known, held.text, amends)
            signed = self._declared(agreement, Step.COUNTERSIGNED, official, now, amends=amends, tell=others)
            return [signed, *self._turns.concluded(agreement, held.signed_by | {self._own.country}, now)]

        return self._told(self._log.record(agreement, acts, now), agreement)

    def activate(self, agreement_id: str, official: Official) -> Outcome:
        """Put an agreed text whose day has come into force; raises `Precondition` where there is none."""
        agreement = self._newest(agreement_id)
        now = self._now()

        def acts(known: Standing) -> list[Act]:
            if not self._turns.due(known, now):
                raise Precondition(
                    f"{agreement_id}: nothing to put into force: revision {agreement.revision} is in force already, or "
                    f"its day ({agreement.document['instrument']['in_force']}) has not come",
                    reason=Reason.AGREEMENT_STATE,
                )
            return [self._by(official, Step.IN_FORCE)]

        standing = self._log.record(agreement, acts, now)
        return Outcome(standing, standing.text(agreement.digest))

    def suspend(self, agreement_id: str, official: Official, reason: str = "") -> Outcome:
        """Suspend an agreement from this moment; the parties are told."""
        return self._announce(agreement_id, Step.SUSPENDED, official, reason)

    def resume(self, agreement_id: str, official: Official, reason: str = "") -> Outcome:
        """Take this country's suspension back."""
        return self._announce(agreement_id, Step.RESUMED, official, reason)

    def end(self, agreement_id: str, official: Official, reason: str = "", from_ms: int = 0) -> Outcome:
        """End an agreement for this country, now or from a later moment; what was given before stays bound."""
        if from_ms and from_ms < to_ms(self._now()):
            problem = "is past: an agreement ends now or later, never before"
            raise Malformed(f"from {problem}", violations=(Violation("from", problem),))
        note = f"{reason}; {SURVIVAL}" if reason else SURVIVAL
        return self._announce(agreement_id, Step.ENDED, official, note, from_ms or None)

    def _announce(
        self, agreement_id: str, step: Step, official: Official, reason: str, effective_at: int | None = None
    ) -> Outcome:
        agreement, now = self._newest(agreement_id), self._now()
        others = tuple(party for party in agreement.parties if party != self._own.country)

        def acts(_known: Standing) -> list[Act]:
            return [self._declared(agreement, step, official, now, note=reason, effective_at=effective_at, tell=others)]

        return self._told(self._log.record(agreement, acts, now), agreement)

    def _declared(  # noqa: PLR0913  the parts of a statement, each named
        self,
        agreement: Agreement,
        step: Step,
        official: Official,
        at: datetime,
        *,
        amends: str = "",
        note: str = "",
        effective_at: int | None = None,
        tell: tuple[str, ...],
    ) -> Act:
        statement = Statement(
            agreement=agreement.id,
            revision=agreement.revision,
            digest=agreement.digest,
            amends=amends,
            act=_DECLARED[step],
            country=self._own.country,
            node=self._own.node_id,
            official=official.id,
            role=official.role,
            at=to_ms(at),
            effective_at=effective_at or to_ms(at),
            note=note,
        )
        envelope = declare(self._own.identity, statement).envelope
        return self._by(official, step, envelope=envelope, note=note, effective_at=effective_at, tell=tell)

    def _by(
        self,
        official: Official,
        step: Step,
        *,
        envelope: bytes = b"",
        note: str = "",
        effective_at: int | None = None,
        tell: tuple[str, ...] = (),
    ) -> Act:
        own = self._own
        return Act(step, own.country, own.node_id, official.id, official.role, envelope, note, effective_at, tell)

    def _simple(self, agreement_id: str, digest: str, acts: Callable[[Standing], list[Act]]) -> Outcome:
        agreement = self._book.agreement(self._find(agreement_id, digest).text.digest)
        standing = self._log.record(agreement, acts, self._now())
        return Outcome(standing, standing.text(agreement.digest))

    def _told(self, standing: Standing, agreement: Agreement) -> Outcome:
        deliveries = self._outbox.flush(agreement.id)
        return Outcome(standing, standing.text(agreement.digest), deliveries=tuple(deliveries))

    def _try_out(self, agreement: Agreement) -> Trial:
        held = self._book.standing(agreement.id).in_force(to_ms(self._now()))
        return try_out(agreement, self._book.agreement(held.text.digest) if held else None, self._engines)

    def _find(self, agreement_id: str, digest: str) -> TextStanding:
        """Return the one text that a digest, or its first digits, names; raises `Malformed` or `NotFound`."""
        standing = self._book.standing(agreement_id)
        if len(digest) < _MIN_PREFIX:
            problem = f"needs the digest of the text that you read, at least its first {_MIN_PREFIX} digits"
            raise Malformed(f"digest {problem}", violations=(Violation("digest", problem),))
        found = [held for held in standing.texts.values() if held.text.digest.startswith(digest)]
        return found[0] if len(found) == 1 else standing.text(digest)

    def _newest(self, agreement_id: str) -> Agreement:
        """Return the text that counts, or will first; raises `Precondition` where nothing is agreed."""
        standing = self._book.standing(agreement_id)
        held = standing.in_force(to_ms(self._now())) or standing.newest
        if held is None:
            raise Precondition(
                f"{agreement_id}: there is no text here that every party signed: `comity agreement list`",
                reason=Reason.AGREEMENT_STATE,
            )
        return self._book.agreement(held.text.digest)

    def _others(self, agreement: Agreement) -> tuple[str, ...]:
        """Return the other parties; raises `Forbidden` for one that is no peer, because it could not be asked."""
        self._peers.refresh()
        others = tuple(party for party in agreement.parties if party != self._own.country)
        unknown = sorted(set(others) - {peer.country for peer in self._peers.all()})
        if unknown:
            raise Forbidden(
                f"{agreement.id}: {', '.join(unknown)} is no peer of this node: `comity peer add` enters one",
                reason=Reason.UNKNOWN_PEER,
            )
        return others

    def _now(self) -> datetime:
        return self._own.clock()


_DECLARED = {
    Step.PROPOSED: StatementAct.SIGNED,
    Step.COUNTERSIGNED: StatementAct.SIGNED,
    Step.SUSPENDED: StatementAct.SUSPENDED,
    Step.RESUMED: StatementAct.RESUMED,
    Step.ENDED: StatementAct.ENDED,
}


def _names(prefix: str, held: TextStanding) -> bool:
    return len(prefix) >= _MIN_PREFIX and held.text.digest.startswith(prefix)
