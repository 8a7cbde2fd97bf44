"""Texts and events in the database: what is in force, as of when, as known when; on SQLite and PostgreSQL."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from support.agreements import read, sample

from comity.errors import NotFound, Tampered
from comity.policy import store as kept
from comity.policy.agreement import Agreement
from comity.policy.lifecycle import Event, Step
from comity.policy.store import AgreementBook, to_ms
from comity.store import Store
from comity.store.engine import insert_rows

T0 = datetime(2026, 6, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Writer:
    """Writes events as the orchestration does, without its ledger."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.seq = 0

    def text(self, content: bytes, at: datetime = T0) -> Agreement:
        agreement = read(content)
        with self.store.write() as tx:
            insert_rows(tx, [kept.text_row(agreement, content, at)])
        return agreement

    def event(self, step: Step, of: Agreement, country: str = "EE", at: datetime = T0, effective: int = 0) -> Event:
        self.seq += 1
        moment = to_ms(at)
        made = Event(
            self.seq, of.id, of.revision, of.digest, step, country, f"officer-{self.seq}", "policy-officer", moment,
            effective or moment,
        )  # fmt: skip
        with self.store.write() as tx:
            insert_rows(tx, [kept.event_row(made)])
        return made

    def adopt(self, content: bytes, at: datetime = T0) -> Agreement:
        agreement = self.text(content, at)
        self.event(Step.ADOPTED, agreement, at=at, effective=agreement.in_force[0] * 1000)
        return agreement


@pytest.fixture
def writer(store: Store) -> Writer:
    return Writer(store)


def test_nothing_is_in_force_in_an_empty_database(store: Store) -> None:
    book = AgreementBook(store, "EE")
    found = book.in_force(T0)
    assert (found.agreements, found.suspended, found.generation, found.changes_at) == ((), frozenset(), 0, None)
    assert book.generation() == 0
    assert book.standing("x").texts == {}
    with pytest.raises(NotFound):
        book.agreement("0" * 64)


def test_an_adopted_text_is_in_force_between_its_days(store: Store, writer: Writer) -> None:
    agreement, book = writer.adopt(sample()), AgreementBook(store, "EE")
    start, end = (datetime.fromtimestamp(second, UTC) for second in agreement.in_force)
    assert book.in_force(start - HOUR).changes_at == to_ms(start)
    assert book.in_force(start).changes_at == to_ms(end)
    for moment, counts in ((start - HOUR, False), (start, True), (end - HOUR, True), (end, False)):
        assert book.in_force(moment).agreements == (agreement,)  # its own dates say whether it counts
        assert (book.standing(agreement.id).in_force(to_ms(moment)) is not None) is counts


def test_a_text_that_is_signed_late_counts_from_the_last_signature(store: Store, writer: Writer) -> None:
    agreement, book = writer.text(sample()), AgreementBook(store, "EE")
    writer.event(Step.PROPOSED, agreement, "FI")
    for step in (Step.CHECKED, Step.APPROVED, Step.COUNTERSIGNED):
        writer.event(step, agreement, "EE")
    assert book.in_force(T0 + HOUR).agreements == ()
    writer.event(Step.AGREED, agreement, "EE", T0 + HOUR)
    assert book.in_force(T0).agreements == ()
    assert book.in_force(T0 + HOUR).agreements == (agreement,)


def test_another_book_on_the_same_database_sees_a_suspension_by_its_generation(store: Store, writer: Writer) -> None:
    agreement, book = writer.adopt(sample()), AgreementBook(store, "EE")
    assert book.in_force(T0).suspended == frozenset()
    before = book.generation()
    writer.event(Step.SUSPENDED, agreement, "FI", T0 + HOUR)
    assert book.generation() > before
    assert book.in_force(T0 + HOUR).suspended == {agreement.id}
    assert book.in_force(T0).suspended == frozenset()
    assert book.in_force(T0 + HOUR).generation == book.generation()
    writer.event(Step.RESUMED, agreement, "FI", T0 + 2 * HOUR)
    assert book.in_force(T0 + 2 * HOUR).suspended == frozenset()


def test_two_who_act_upon_the_same_knowledge(writer: Writer) -> None:
    agreement = writer.adopt(sample())
    writer.event(Step.SUSPENDED, agreement)
    writer.seq -= 1
    with pytest.raises(IntegrityError):
        writer.event(Step.SUSPENDED, agreement, "FI")


def test_in_force_at_a_moment_as_known_at_another(store: Store, writer: Writer) -> None:
    old, book = writer.adopt(sample(), T0), AgreementBook(store, "EE")
    new = writer.adopt(sample(revision=4, instrument={"in_force": "2026-05-01"}), T0 + HOUR)
    may, april = datetime(2026, 5, 2, tzinfo=UTC), datetime(2026, 4, 2, tzinfo=UTC)
    now = book.standing(old.id)
    then = book.standing(old.id, known_at=T0)
    assert now.in_force(to_ms(may)).text.digest == new.digest
    assert then.in_force(to_ms(may)).text.digest == old.digest
    assert now.in_force(to_ms(april)).text.digest == old.digest
    assert book.standing(old.id, known_at=T0 - HOUR).texts == {}
    assert [held.digest for held in book.in_force(may).agreements] == [new.digest]


def test_one_of_many_parties_leaves_or_suspends(store: Store, writer: Writer) -> None:
    agreement = writer.adopt(sample("baltic-nordic-2026"))
    parties = set(agreement.parties)
    book = AgreementBook(store, "EE")
    assert len(parties) > 2
    writer.event(Step.SUSPENDED, agreement, "FI", T0 + HOUR)
    (held,) = book.in_force(T0 + HOUR).agreements
    assert set(held.parties) == parties == set(held.data["parties"])
    assert (held.data["suspended_by"], held.narrowed) == (["FI"], True)
    assert held.digest == agreement.digest
    assert book.in_force(T0 + HOUR).suspended == frozenset()
    writer.event(Step.ENDED, agreement, "FI", T0 + 2 * HOUR)
    assert set(book.in_force(T0 + 2 * HOUR).agreements[0].parties) == parties - {"FI"}
    writer.event(Step.SUSPENDED, agreement, "EE", T0 + 2 * HOUR)
    assert book.in_force(T0 + 2 * HOUR).suspended == {agreement.id}
    for country in sorted(parties - {"FI", "EE"}):
        writer.event(Step.ENDED, agreement, country, T0 + 3 * HOUR)
    assert book.in_force(T0 + 3 * HOUR).agreements == ()


def test_a_changed_text_is_found(store: Store, writer: Writer) -> None:
    agreement = writer.adopt(sample())
    with store.write() as tx:
        tx.execute(update(kept.agreement_text).values(content=sample(revision=9)))
    with pytest.raises(Tampered):
        AgreementBook(store, "EE").in_force(T0)
    assert agreement.revision == 3


def test_what_peers_are_still_to_be_told(store: Store, writer: Writer) -> None:
    made = writer.event(Step.ADOPTED, writer.text(sample()))
    with store.write() as tx:
        insert_rows(tx, [kept.delivery_row(made.seq, "FI"), kept.delivery_row(made.seq, "LV")])
        insert_rows(tx, [kept.message_row("FI", "m-1", T0)])
    with store.write() as tx:
        kept.mark_delivered(tx, made.seq, "LV", T0)
    with store.read() as tx:
        assert kept.undelivered(tx) == [("FI", made)]
        assert kept.seen_message(tx, "FI", "m-1")
        assert not kept.seen_message(tx, "LV", "m-1")
        assert (kept.messages_since(tx, "FI", T0), kept.messages_since(tx, "FI", T0 + HOUR)) == (1, 0)
        assert (kept.holds_messages(tx, T0), kept.holds_messages(tx, T0 + HOUR)) == (False, True)
        assert kept.refusals(tx) == []
        assert kept.known_texts(tx, [made.digest, "0" * 64]) == {made.digest}
    with store.write() as tx:
        kept.mark_delivered(tx, made.seq, "FI", T0, "AGREEMENT_MISMATCH")
    with store.read() as tx:
        assert kept.undelivered(tx) == []
        assert kept.refusals(tx) == [("FI", made, "AGREEMENT_MISMATCH")]
    with store.write() as tx:
        kept.forget_messages(tx, T0)
        assert kept.seen_message(tx, "FI", "m-1")
        kept.forget_messages(tx, T0 + HOUR)
        assert not kept.seen_message(tx, "FI", "m-1")
