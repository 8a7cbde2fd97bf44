"""Appending, group commit, conflicts, crashes and two processes, on both databases; the verifier has the last word."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from ledger_samples import EXAMPLE, ORIGIN, OTHER, PRIVATE, VKEY, numbered
from sqlalchemy import Column, Connection, Integer, MetaData, Table, delete, event, insert, select, text, update
from sqlalchemy.exc import OperationalError

from comity.errors import ComityError, Conflict, Malformed, NotFound, Reason, Tampered, Unavailable
from comity.ledger import sequencer
from comity.ledger.checkpoint import verify_checkpoint
from comity.ledger.entry import EntryKind, LedgerEntry, encode_entry
from comity.ledger.ledger import Ledger, StoredEntry
from comity.ledger.merkle import EMPTY_ROOT, verify_consistency
from comity.ledger.receipt import Receipt, verify_receipt
from comity.ledger.store import ledger_entry, ledger_head, vault_message
from comity.ledger.verify import verify_ledger
from comity.store import Row, Store
from comity.store.tables import node_state


@pytest.fixture
def ledger(store: Store) -> Ledger:
    made = Ledger(store, ORIGIN, PRIVATE)
    assert made.recover().root == EMPTY_ROOT
    return made


def claim(key: str, value: int = 1) -> Row:
    """A caller's row that only one append can insert."""
    return Row(node_state, {"key": key, "value": value})


def keys(store: Store) -> set[str]:
    with store.read() as tx:
        return set(tx.execute(select(node_state.c.key)).scalars())


def test_append_returns_a_receipt_that_proves_the_entry(ledger: Ledger, store: Store) -> None:
    for number in range(20):
        receipt = ledger.append(numbered(number))
        assert receipt.index == number
        assert verify_receipt(receipt, VKEY) == numbered(number)
        assert receipt.checkpoint == ledger.checkpoint()
    assert ledger.vkey == VKEY
    assert ledger.recover().size == 20
    assert verify_ledger(store, VKEY) == []


def test_many_are_appended_as_one(ledger: Ledger, store: Store) -> None:
    assert ledger.append_many([]) == []
    receipts = ledger.append_many([(numbered(i), [claim(f"k{i}")]) for i in range(600)])
    assert [r.index for r in receipts] == list(range(600))
    assert len({r.checkpoint for r in receipts}) == 1
    for number in (0, 255, 256, 511, 599):
        assert verify_receipt(receipts[number], VKEY) == numbered(number)
    with pytest.raises(Conflict):
        ledger.append_many([(numbered(600), [claim("new")]), (numbered(601), [claim("k3")])])
    assert "new" not in keys(store)
    assert ledger.recover().size == 600
    assert verify_ledger(store, VKEY) == []


def test_old_entries_are_proven_from_what_is_kept(ledger: Ledger) -> None:
    heads = []
    for start in (0, 1, 7, 255, 256, 500, 700):
        ledger.append_many([(numbered(i), ()) for i in range(start, start + 300)])
        heads.append(verify_checkpoint(ledger.checkpoint(), VKEY))
    size = heads[-1].size
    for index in (0, 1, 254, 255, 256, 257, 300, 1023, 1024, size - 1):
        assert verify_receipt(ledger.receipt(index), VKEY) == ledger.entry(index).entry
    for old in heads:
        for new in heads:
            if old.size <= new.size:
                verify_consistency(old.size, new.size, ledger.consistency(old.size, new.size), old.root, new.root)
    for wrong in (-1, size):
        with pytest.raises(NotFound):
            ledger.receipt(wrong)
        with pytest.raises(NotFound):
            ledger.entry(wrong)
    for old_size, new_size in ((0, 1), (3, 2), (1, size + 1)):
        with pytest.raises(NotFound):
            ledger.consistency(old_size, new_size)


def test_entries_are_found_by_place_and_by_exchange(ledger: Ledger) -> None:
    asked = replace(EXAMPLE, kind=EntryKind.QUESTION_ASKED)
    ledger.append_many([(numbered(0), ()), (asked, ()), (numbered(2), ()), (EXAMPLE, ())])
    assert [found.index for found in ledger.range(1, 9)] == [1, 2, 3]
    assert [(found.index, found.entry) for found in ledger.by_exchange(str(EXAMPLE.exchange_id))] == [
        (1, asked),
        (3, EXAMPLE),
    ]
    assert ledger.by_exchange(str(UUID(int=99))) == []


def test_a_broken_entry_never_queues(ledger: Ledger) -> None:
    with pytest.raises(Malformed, match=r"^note"):
        ledger.append(replace(EXAMPLE, note="a\nb"))
    assert ledger.recover().size == 0


def test_rows_of_one_table_with_other_columns_are_not_mixed_up(ledger: Ledger, store: Store) -> None:
    """SQLAlchemy takes the columns of the first row for all: of a row with more it would lose some, without a word."""
    loose = Table(
        "loose", MetaData(), Column("id", Integer, primary_key=True), Column("a", Integer), Column("b", Integer)
    )
    with store.write() as tx:
        loose.create(tx)
    ledger.append(
        EXAMPLE, [Row(loose, row) for row in ({"id": 1, "a": 1}, {"id": 2, "a": 2, "b": 2}, {"b": 3, "id": 3})]
    )
    with store.read() as tx:
        assert tx.execute(select(loose).order_by(loose.c.id)).all() == [(1, 1, None), (2, 2, 2), (3, None, 3)]


def test_threads_hammering_append(ledger: Ledger, store: Store) -> None:
    each, threads = 40, 16

    def work(number: int) -> list[tuple[LedgerEntry, Receipt]]:
        done = []
        for i in range(each):
            entry = replace(EXAMPLE, exchange_id=uuid4(), note=f"{number}.{i}")
            done.append((entry, ledger.append(entry, [claim(f"{number}.{i}")])))
        return done

    with ThreadPoolExecutor(threads) as pool:
        done = [pair for result in pool.map(work, range(threads)) for pair in result]
    assert sorted(receipt.index for _, receipt in done) == list(range(each * threads))
    for entry, receipt in done:
        assert verify_receipt(receipt, VKEY) == entry
    assert len(keys(store)) == each * threads
    assert verify_ledger(store, VKEY) == []


def test_only_the_guilty_of_a_batch_gets_the_conflict(ledger: Ledger, store: Store) -> None:
    ledger.append(numbered(0), [claim("taken")])
    barrier = threading.Barrier(12)

    def work(number: int) -> Receipt | ComityError:
        barrier.wait()
        try:
            return ledger.append(numbered(number), [claim("taken" if number % 4 == 0 else f"k{number}")])
        except ComityError as error:
            return error

    with ThreadPoolExecutor(12) as pool:
        outcomes = list(pool.map(work, range(12)))
    for number, outcome in enumerate(outcomes):
        if number % 4 == 0:
            assert isinstance(outcome, Conflict)
            assert outcome.reason is Reason.REPLAY
        else:
            assert isinstance(outcome, Receipt)
            assert verify_receipt(outcome, VKEY) == numbered(number)
    assert keys(store) == {"taken"} | {f"k{n}" for n in range(12) if n % 4}
    assert ledger.recover().size == 10
    assert verify_ledger(store, VKEY) == []


def test_a_batch_of_one_row_twice_lets_exactly_one_win(ledger: Ledger, store: Store) -> None:
    batch = [sequencer.Appendix.of([(numbered(i), [claim("same")])]) for i in range(3)]
    first, *others = ledger._sequencer.commit(batch)
    assert not isinstance(first, ComityError)
    assert verify_receipt(first[0], VKEY) == numbered(0)
    assert [type(outcome) for outcome in others] == [Conflict, Conflict]
    assert verify_ledger(store, VKEY) == []


def test_a_row_that_is_no_replay_but_broken_is_not_called_one(ledger: Ledger, store: Store) -> None:
    with pytest.raises(Unavailable) as caught:
        ledger.append(numbered(0), [Row(node_state, {"key": "k", "value": None})])
    assert caught.value.reason is Reason.LEDGER_UNAVAILABLE
    assert verify_receipt(ledger.append(numbered(1)), VKEY) == numbered(1)
    assert verify_ledger(store, VKEY) == []


class Crash(Exception):
    """Stands for a failing disk or a lost connection."""


CRASH_POINTS = ["SELECT ledger_head", "INSERT INTO node_state", "INSERT INTO ledger_entry", "UPDATE ledger_head"]


@pytest.mark.parametrize("point", [*CRASH_POINTS, "COMMIT"])
def test_a_failure_at_any_step_releases_nothing(ledger: Ledger, store: Store, point: str) -> None:
    ledger.append(numbered(0))
    before = ledger.checkpoint()

    def fail(_connection: Connection, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith(point):
            raise OperationalError(statement, {}, Crash())

    def fail_commit(_connection: Connection) -> None:
        raise OperationalError("COMMIT", {}, Crash())

    hook = ("commit", fail_commit) if point == "COMMIT" else ("before_cursor_execute", fail)
    event.listen(store.engine, *hook)
    try:
        for _ in range(2):
            with pytest.raises(Unavailable) as caught:
                ledger.append(numbered(1), [claim("k")])
            assert caught.value.reason is Reason.LEDGER_UNAVAILABLE
    finally:
        event.remove(store.engine, *hook)
    assert (ledger.checkpoint(), keys(store)) == (before, set())
    receipt = ledger.append(numbered(1), [claim("k")])
    assert (receipt.index, verify_receipt(receipt, VKEY)) == (1, numbered(1))
    assert verify_ledger(store, VKEY) == []


def test_a_commit_that_was_kept_though_it_failed_is_not_lost(ledger: Ledger, store: Store) -> None:
    """The connection is lost after the server committed: the caller hears `Unavailable`, the entry is in the log."""
    ledger.append(numbered(0))
    write, lost = store.write, []

    class _Lost:
        def __init__(self) -> None:
            self.inner = write()

        def __enter__(self) -> Connection:
            return self.inner.__enter__()

        def __exit__(self, *details: object) -> None:
            self.inner.__exit__(*details)
            lost.append(True)
            raise OperationalError("COMMIT", {}, Crash())

    store.write = _Lost  # type: ignore[assignment,method-assign]
    try:
        with pytest.raises(Unavailable):
            ledger.append(numbered(1), [claim("k")])
    finally:
        del store.write  # type: ignore[method-assign]
    assert lost == [True]
    with pytest.raises(Conflict):
        ledger.append(numbered(1), [claim("k")])
    assert ledger.append(numbered(2)).index == 2
    assert verify_ledger(store, VKEY) == []


def test_two_ledgers_on_one_database_interleave(store: Store) -> None:
    first, second = Ledger(store, ORIGIN, PRIVATE), Ledger(store, ORIGIN, PRIVATE)
    with ThreadPoolExecutor(2) as pool:  # both begin the ledger at once
        list(pool.map(lambda ledger: ledger.recover(), (first, second)))
    for number in range(20):
        receipt = (first, second)[number // 3 % 2].append(numbered(number))
        assert (receipt.index, verify_receipt(receipt, VKEY)) == (number, numbered(number))

    def work(job: int) -> Receipt:
        return (first, second)[job % 2].append(numbered(20 + job))

    with ThreadPoolExecutor(8) as pool:
        indexes = [receipt.index for receipt in pool.map(work, range(80))]
    assert sorted(indexes) == list(range(20, 100))
    assert verify_ledger(store, VKEY) == []


def test_a_ledger_begins_by_itself_and_only_once(store: Store) -> None:
    ledger = Ledger(store, ORIGIN, PRIVATE)
    with pytest.raises(NotFound):
        ledger.checkpoint()
    assert ledger.append(numbered(0)).index == 0
    assert Ledger(store, ORIGIN, PRIVATE).append(numbered(1)).index == 1


def test_too_many_waiting_are_turned_away(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger._group, "_max_waiting", 0)
    with pytest.raises(Unavailable, match="overloaded") as caught:
        ledger.append(numbered(0))
    assert caught.value.reason is Reason.LEDGER_UNAVAILABLE


E_IDX = ledger_entry.c.idx
DAMAGE = {
    "another key signed": None,
    "head deleted": delete(ledger_head),
    "last entry deleted": delete(ledger_entry).where(E_IDX == 299),
    "an entry in between deleted": delete(ledger_entry).where(E_IDX == 17),
    "an entry added": insert(ledger_entry).values(
        idx=300, leaf_hash=bytes(32), entry=b"", exchange_id="", kind=1, time_ms=1
    ),
    "a late leaf flipped": update(ledger_entry).where(E_IDX == 290).values(entry=b"CLE\x01"),
    "a leaf hash in the last tile flipped": update(ledger_entry).where(E_IDX == 290).values(leaf_hash=bytes(32)),
    "a tile hash flipped": text("UPDATE ledger_node SET hash = :h").bindparams(h=bytes(32)),
    "head size changed": update(ledger_head).values(size=299),
    "frontier changed": update(ledger_head).values(frontier=bytes(32 * 4)),
    "root changed": update(ledger_head).values(root=bytes(32)),
    "checkpoint cut": update(ledger_head).values(checkpoint="x"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_start_up_refuses_to_sign_over_a_damaged_ledger(ledger: Ledger, store: Store, damage: str) -> None:
    ledger.append_many([(numbered(i), ()) for i in range(300)])
    statement = DAMAGE[damage]
    if statement is not None:
        with store.write() as tx:
            tx.execute(statement)
    fresh = Ledger(store, ORIGIN, PRIVATE if statement is not None else OTHER)
    with pytest.raises(Tampered):
        fresh.recover()
    if damage != "an entry in between deleted":  # only counting finds that one; the rest is found when appending
        with pytest.raises(Tampered):
            Ledger(store, ORIGIN, PRIVATE if statement is not None else OTHER).append(numbered(300))


def test_a_running_node_notices_that_the_head_was_changed_or_rolled_back(ledger: Ledger, store: Store) -> None:
    ledger.append_many([(numbered(i), ()) for i in range(5)])
    with store.read() as tx:
        old = tx.execute(select(ledger_head)).one()._asdict()
    ledger.append_many([(numbered(i), ()) for i in range(5, 8)])
    with store.write() as tx:  # yesterday's backup: whole, signed, and too short
        tx.execute(delete(ledger_entry).where(E_IDX >= 5))
        tx.execute(update(ledger_head).values(**old))
    for _ in range(2):
        with pytest.raises(Tampered, match="went back"):
            ledger.append(numbered(8))
    assert verify_ledger(store, VKEY) == [], "the copy itself is whole: only memory, peers and witnesses can tell"
    with store.write() as tx:
        tx.execute(delete(ledger_entry))
        tx.execute(delete(ledger_head))
    with pytest.raises(Tampered, match="missing"):
        ledger.append(numbered(8))


@pytest.mark.parametrize("column", ["frontier", "checkpoint"])
def test_a_running_node_notices_a_changed_column(ledger: Ledger, store: Store, column: str) -> None:
    ledger.append(numbered(0))
    with store.write() as tx:
        tx.execute(update(ledger_head).values({column: bytes(32) if column == "frontier" else "x"}))
    with pytest.raises(Tampered, match="changed"):
        ledger.append(numbered(1))


@pytest.mark.parametrize(
    "values",
    [
        {"size": 10},  # as many one-bits as 6: the frontier would fit
        {"root": bytes(32)},
        {"frontier": bytes(64)},
        {"frontier": bytes(32)},
        {"checkpoint": "x"},
    ],
    ids=lambda values: "-".join(f"{k}" for k in values),
)
def test_a_running_node_does_not_build_on_a_bent_head_of_another_process(store: Store, values: dict[str, Any]) -> None:
    first, second = Ledger(store, ORIGIN, PRIVATE), Ledger(store, ORIGIN, PRIVATE)
    first.append(numbered(0))
    second.append_many([(numbered(i), ()) for i in range(1, 6)])
    with store.write() as tx:
        tx.execute(update(ledger_head).values(**values))
    with pytest.raises(Tampered):
        first.append(numbered(6))


def test_after_a_failure_what_is_stored_is_examined_again(ledger: Ledger, store: Store) -> None:
    ledger.append(numbered(0))
    with pytest.raises(Unavailable):
        ledger.append(numbered(1), [Row(Table("absent", MetaData(), Column("id", Integer)), {"id": 1})])
    with store.write() as tx:
        tx.execute(update(ledger_entry).values(entry=b"CLE\x01"))
    with pytest.raises(Tampered, match="entry 0"):
        ledger.append(numbered(1))


@pytest.mark.parametrize("data", [b"CLE\x01", encode_entry(numbered(7))], ids=["no entry", "another entry"])
def test_reading_a_changed_entry_says_so(ledger: Ledger, store: Store, data: bytes) -> None:
    ledger.append(EXAMPLE)
    with store.write() as tx:
        tx.execute(update(ledger_entry).values(entry=data))
    for read in (lambda: ledger.entry(0), lambda: ledger.receipt(0), lambda: ledger.range(0, 1)):
        with pytest.raises(Tampered, match="entry 0"):
            read()


def test_a_proof_over_missing_entries_is_refused(ledger: Ledger, store: Store) -> None:
    ledger.append_many([(numbered(i), ()) for i in range(300)])
    with store.write() as tx:
        tx.execute(delete(ledger_entry).where(E_IDX == 17))
    assert ledger.entry(16).index == 16
    # 255: every hash on its path moved by one, and none of them is the missing last one
    for call in (lambda: ledger.receipt(255), lambda: ledger.receipt(0), lambda: ledger.consistency(20, 300)):
        with pytest.raises(Tampered, match="missing"):
            call()


def test_a_receipt_from_changed_hashes_does_not_leave(ledger: Ledger, store: Store) -> None:
    ledger.append_many([(numbered(i), ()) for i in range(300)])
    with store.write() as tx:
        tx.execute(update(ledger_entry).where(E_IDX == 17).values(leaf_hash=bytes(32)))
    with pytest.raises(Tampered):
        ledger.receipt(20)


def test_a_dead_database_is_unavailable(ledger: Ledger, store: Store) -> None:
    with store.write() as tx:
        for table in (ledger_entry, ledger_head, vault_message):
            tx.execute(text(f"DROP TABLE {table.name}"))
    for call in (ledger.checkpoint, lambda: ledger.entry(0), lambda: ledger.append(EXAMPLE), ledger.recover):
        with pytest.raises(Unavailable) as caught:
            call()
        assert caught.value.reason is Reason.LEDGER_UNAVAILABLE


def test_stored_entries_hold_their_bytes(ledger: Ledger) -> None:
    receipt = ledger.append(EXAMPLE)
    assert ledger.entry(0) == StoredEntry(0, receipt.entry, EXAMPLE)
