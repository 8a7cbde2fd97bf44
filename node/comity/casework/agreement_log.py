"""Steps in the life of agreements, written down: event, ledger entry, and whom to tell stand or fall together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from threading import Lock

from comity.errors import Conflict
from comity.exchange.own import OwnNode
from comity.ledger.entry import EntryKind, LedgerEntry
from comity.policy import store as kept
from comity.policy.agreement import Agreement
from comity.policy.lifecycle import Event, Standing, Step, advance
from comity.policy.store import AgreementBook, text_of, to_ms
from comity.store import Row

_ATTEMPTS = 16  # other processes only: within this one, one writes at a time


@dataclass(frozen=True, slots=True)
class Act:
    """One step to write down: by which country's node and official (a pseudonym), and which countries are to be told.

    `effective_at` in milliseconds, by default the moment it is recorded. Where nobody acts but the node, `official` is
    empty.
    """

    step: Step
    country: str
    node: str
    official: str = ""
    role: str = "node"
    envelope: bytes = b""
    note: str = ""
    effective_at: int | None = None
    tell: tuple[str, ...] = ()


class AgreementLog:
    """Writes steps. Thread-safe; whoever acts upon knowledge that is out of date decides again upon the new."""

    def __init__(self, own: OwnNode, book: AgreementBook) -> None:
        self._own = own
        self._book = book
        self._turn = Lock()

    def record(
        self,
        agreement: Agreement,
        decide: Callable[[Standing], Sequence[Act]],
        at: datetime,
        *,
        content: bytes = b"",
        rows: Sequence[Row] = (),
    ) -> Standing:
        """Write down what `decide` makes of the agreement's present standing; durable on return.

        Raises what `decide` and the life cycle raise: nothing was written then. No acts: nothing is written. `content`
        is the text as written, where it may be new here; `rows` stand and fall with the steps.
        """
        with self._turn:
            return self._record(agreement, decide, at, content, rows)

    def _record(
        self,
        agreement: Agreement,
        decide: Callable[[Standing], Sequence[Act]],
        at: datetime,
        content: bytes,
        rows: Sequence[Row],
    ) -> Standing:
        for attempt in range(_ATTEMPTS):
            generation = self._book.generation()
            standing = self._book.standing(agreement.id)  # no older than the generation
            seq = max(generation, standing.seq)
            items = []
            for act in decide(standing):
                seq += 1
                event = _event(seq, agreement, act, at)
                standing = advance(standing, event, text_of(agreement))
                items.append((self._entry(event, act), self._rows(event, act)))
            if not items:
                return standing
            first, more = items[0]
            items[0] = (first, [*more, *rows, *self._text(agreement, content, at)])
            try:
                self._own.ledger.append_many(items)
            except Conflict:
                if attempt + 1 == _ATTEMPTS:
                    raise Conflict(f"{agreement.id}: it keeps changing meanwhile: try again") from None
                continue
            return standing
        raise AssertionError  # the loop returns or raises

    def _text(self, agreement: Agreement, content: bytes, at: datetime) -> list[Row]:
        if not content:
            return []
        with self._own.store.read() as tx:
            known = kept.known_texts(tx, [agreement.digest])
        return [] if known else [kept.text_row(agreement, content, at)]

    def _rows(self, event: Event, act: Act) -> list[Row]:
        return [kept.event_row(event), *(kept.delivery_row(event.seq, country) for country in act.tell)]

    def _entry(self, event: Event, act: Act) -> LedgerEntry:
        return LedgerEntry(
            kind=EntryKind.AGREEMENT_CHANGED,
            time_ms=event.recorded_at,
            requester=act.node,
            responder=self._own.node_id if act.node != self._own.node_id else "",
            official=event.official,
            official_role=event.role,
            agreement_id=event.agreement,
            agreement_revision=event.revision,
            agreement_digest=bytes.fromhex(event.digest),
            object_digest=sha256(event.envelope).digest() if event.envelope else b"",
            note=event.step.value,
        )


def _event(seq: int, agreement: Agreement, act: Act, at: datetime) -> Event:
    moment = to_ms(at)
    return Event(
        seq=seq,
        agreement=agreement.id,
        revision=agreement.revision,
        digest=agreement.digest,
        step=act.step,
        country=act.country,
        official=act.official,
        role=act.role,
        recorded_at=moment,
        effective_at=moment if act.effective_at is None else act.effective_at,
        envelope=act.envelope,
        note=act.note,
    )
