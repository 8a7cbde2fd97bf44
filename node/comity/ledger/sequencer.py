"""Turning a batch of appends into one transaction under the lock of the head row."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from comity.errors import ComityError, Conflict, Tampered
from comity.ledger import store as kept
from comity.ledger.checkpoint import Checkpoint, sign_checkpoint, verify_checkpoint
from comity.ledger.entry import LedgerEntry, encode_entry
from comity.ledger.group import unavailable
from comity.ledger.merkle import EMPTY_ROOT, Frontier, Growth, frontier_at, leaf_hash
from comity.ledger.note import NoteSigner
from comity.ledger.receipt import Receipt
from comity.store import Row, Store, Tx
from comity.store.engine import insert_rows

_REHASHED = 1 << kept.TILE_HEIGHT
_DUPLICATE_SQLSTATE = "23505"
_DUPLICATE_SQLITE = {"SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_ROWID"}


@dataclass(slots=True)
class Appendix:
    """What one caller wants appended: encoded before it queues, so that the lock is held for less."""

    data: list[bytes]
    leaves: list[bytes]
    values: list[dict[str, Any]]  # rows of `ledger_entry`, still without their index
    rows: list[Row]
    time_ms: int
    error: ComityError | None = field(default=None)

    @classmethod
    def of(cls, items: Sequence[tuple[LedgerEntry, Sequence[Row]]]) -> Self:
        """Encode entries; raises `Malformed`."""
        data = [encode_entry(entry) for entry, _ in items]
        leaves = [leaf_hash(item) for item in data]
        values = [
            {
                "leaf_hash": leaf,
                "entry": item,
                "exchange_id": str(entry.exchange_id),
                "kind": int(entry.kind),
                "time_ms": entry.time_ms,
            }
            for (entry, _), item, leaf in zip(items, data, leaves, strict=True)
        ]
        rows = [row for _, given in items for row in given]
        return cls(data, leaves, values, rows, max(entry.time_ms for entry, _ in items))


class Sequencer:
    """Appends batches. One thread at a time may call it; other processes are kept apart by the head row's lock."""

    def __init__(self, store: Store, signer: NoteSigner) -> None:
        self._store = store
        self._signer = signer
        self._known: kept.Head | None = None  # None: the next batch examines what is stored before it signs
        self._seen = (0, EMPTY_ROOT)  # the largest head this process saw committed

    def commit(self, batch: list[Appendix]) -> list[list[Receipt] | ComityError]:
        """Append a batch in one transaction; return receipts, or the error, of each. Raises nothing."""
        try:
            try:
                return self._append(batch, apart=False)
            except (IntegrityError, DataError):  # some row is bad: find whose
                return self._append(batch, apart=True)
        except ComityError as cause:
            self._known = None
            return [_again(cause) for _ in batch]
        except Exception as cause:  # noqa: BLE001  whatever failed, all of them must hear that nothing was released
            self._known = None
            return [unavailable(cause) for _ in batch]

    def recover(self) -> Checkpoint:
        """Check the head against all entries, or begin a new ledger; raises `Tampered`, database errors."""
        self._known = None
        self._begin()
        with self._store.write() as tx:
            head = self._lock(tx)
            count = kept.count_entries(tx)
            if count != head.size:
                raise _disagree(f"the head is signed over {head.size} entries, {count} are stored")
        self._known, self._seen = head, (head.size, head.root)
        return Checkpoint(self._signer.key.name, head.size, head.root)

    def _append(self, batch: list[Appendix], *, apart: bool) -> list[list[Receipt] | ComityError]:
        if self._known is None:
            self._begin()
        with self._store.write() as tx:
            head = self._lock(tx)
            if apart:
                _insert_apart(tx, batch)
            else:
                insert_rows(tx, [row for item in batch for row in item.rows])
            good = [item for item in batch if item.error is None]
            head, growth = self._extend(tx, head, good)
        self._known, self._seen = head, (head.size, head.root)
        return _receipts(batch, growth, head.checkpoint)

    def _extend(self, tx: Tx, head: kept.Head, good: list[Appendix]) -> tuple[kept.Head, Growth | None]:
        if not good:
            return head, None
        growth = head.frontier.extend([leaf for item in good for leaf in item.leaves])
        values = [row for item in good for row in item.values]
        for index, row in enumerate(values, head.size):
            row["idx"] = index
        kept.insert_entries(tx, values)
        kept.insert_nodes(tx, growth.completed(kept.TILE_HEIGHT))
        time_ms = max(head.time_ms, *(item.time_ms for item in good))
        note = sign_checkpoint(growth.size, growth.root, self._signer)
        head = kept.Head(growth.size, growth.frontier(), growth.root, note, time_ms)
        kept.save_head(tx, head)
        return head, growth

    def _lock(self, tx: Tx) -> kept.Head:
        """Lock the head row and return it, checked as far as what is known in memory leaves room for doubt."""
        row = kept.lock_head(tx)
        if row is None:
            raise _disagree("the head row is missing")
        known = self._known
        if known is not None and (row.size, row.root) == (known.size, known.root):
            if row.checkpoint.encode() != known.checkpoint or row.frontier != known.frontier.encode():
                raise _disagree("the head row was changed")
            return known
        head = self._examine(row)
        if known is None:
            _examine_entries(tx, head)
        return head

    def _examine(self, row: kept.HeadRow) -> kept.Head:
        """Check that a head row that another process wrote, or an earlier run, is whole, ours and not an older one."""
        frontier = Frontier.decode(row.size, row.frontier)
        head = kept.Head(row.size, frontier, row.root, row.checkpoint.encode(), row.time_ms)
        signed = verify_checkpoint(head.checkpoint, self._signer.key.vkey)
        if (signed.size, signed.root) != (head.size, head.root) or frontier.root() != head.root:
            raise _disagree("size, frontier and root are not those of its signed checkpoint")
        size, root = self._seen
        if head.size < size or (head.size == size and size and head.root != root):
            raise _disagree(f"it went back from {size} entries to {head.size}: an old copy was restored")
        return head

    def _begin(self) -> None:
        """Write the head of an empty ledger, unless there is one or entries show that there was."""
        empty = kept.Head(0, Frontier(), EMPTY_ROOT, sign_checkpoint(0, EMPTY_ROOT, self._signer), 0)
        with (
            suppress(IntegrityError),
            self._store.write() as tx,
        ):  # another process may begin it between look and insert
            if self._seen[0] == 0 and kept.lock_head(tx) is None and kept.last_index(tx) < 0:
                kept.create_head(tx, empty)


def _examine_entries(tx: Tx, head: kept.Head) -> None:
    """Check the stored hashes against the frontier, and re-hash the last entries, before anything is signed on top."""
    last = kept.last_index(tx)
    if last != head.size - 1:
        raise _disagree(f"the head is signed over {head.size} entries, the last one stored is {last}")
    if frontier_at(head.size, kept.NodeReader(tx)) != head.frontier:
        raise _disagree("the stored hashes do not lead to its frontier")
    for row in kept.read_entries(tx, max(0, head.size - _REHASHED), head.size):
        if leaf_hash(row.entry) != row.leaf_hash:
            raise _disagree(f"entry {row.idx} does not match its hash")


def _insert_apart(tx: Tx, batch: list[Appendix]) -> None:
    """Insert each caller's rows behind a savepoint, so that only the one whose row is bad gets the error."""
    for item in batch:
        try:
            with tx.begin_nested():
                insert_rows(tx, item.rows)
        except (IntegrityError, DataError) as cause:
            item.error = _guilt(cause)


def _guilt(cause: SQLAlchemyError) -> ComityError:
    original = getattr(cause, "orig", None)
    state, name = getattr(original, "sqlstate", None), getattr(original, "sqlite_errorname", None)
    if state != _DUPLICATE_SQLSTATE and name not in _DUPLICATE_SQLITE:
        return unavailable(cause)
    error = Conflict(
        "exchange_id: this id was used before: a retry sends the same bytes, a new question takes a new id"
    )
    error.__cause__ = cause
    return error


def _receipts(batch: list[Appendix], growth: Growth | None, note: bytes) -> list[list[Receipt] | ComityError]:
    outcomes: list[list[Receipt] | ComityError] = []
    index = growth.old_size if growth else 0
    for item in batch:
        if item.error is not None or growth is None:
            outcomes.append(item.error or unavailable(RuntimeError("nothing appended")))
            continue
        numbered = enumerate(item.data, index)
        outcomes.append([Receipt(data, at, growth.inclusion(at), note) for at, data in numbered])
        index += len(item.data)
    return outcomes


def _again(cause: ComityError) -> ComityError:
    """Return a fresh error of the same kind, so that each waiting thread raises its own."""
    error = type(cause)(str(cause), detail=cause.detail)
    error.reason = cause.reason
    error.__cause__ = cause
    return error


def _disagree(problem: str) -> Tampered:
    return Tampered(
        f"ledger head: {problem}: nothing more is signed; run `comity ledger verify` and restore what was lost",
        detail={"where": "head"},
    )
