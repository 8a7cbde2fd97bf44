"""The ledger of one node: durable appends in group commits, receipts, and proofs from what is kept.

Crash order: entries, caller's rows, tile hashes and the new signed head are one transaction; receipts are handed
out only after its commit. A crash before it leaves nothing, a crash after it leaves a complete signed ledger.
The head row is the truth. What stands in memory is only compared with it, so several processes may share a ledger.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.exc import SQLAlchemyError

from comity.errors import Malformed, NotFound, Tampered
from comity.ledger import store as kept
from comity.ledger.checkpoint import Checkpoint
from comity.ledger.entry import EntryKind, LedgerEntry, decode_entry
from comity.ledger.group import GroupCommit, unavailable
from comity.ledger.merkle import consistency_proof, inclusion_proof, leaf_hash, verify_inclusion
from comity.ledger.note import NoteSigner
from comity.ledger.receipt import Receipt
from comity.ledger.sequencer import Appendix, Sequencer
from comity.store import Row, Store, Tx

MAX_WAITING = 1024
MAX_BATCH = 256


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry with its index and its encoding."""

    index: int
    data: bytes
    entry: LedgerEntry


class Ledger:
    """The ledger of one node. Thread-safe; several processes may open the same one.

    `origin` is `<trust-domain>/ledger` and the name of the key. Every method raises `Unavailable` (LEDGER_UNAVAILABLE)
    when the database fails, and `Tampered` when what is kept contradicts the signed head.
    """

    def __init__(self, store: Store, origin: str, signer: Ed25519PrivateKey) -> None:
        self._store = store
        self._signer = NoteSigner(origin, signer)
        self._sequencer = Sequencer(store, self._signer)
        self._group: GroupCommit[Appendix, list[Receipt]] = GroupCommit(
            self._sequencer.commit, max_waiting=MAX_WAITING, max_batch=MAX_BATCH
        )

    @property
    def vkey(self) -> str:
        """The verification key in C2SP text form, for the peer descriptor."""
        return self._signer.key.vkey

    def recover(self) -> Checkpoint:
        """Check the signed head against the entries, or begin a new ledger; return the head.

        Call it at start-up: it counts all entries, which appending does not. Raises `Tampered` and signs nothing when
        head and entries disagree.
        """
        with _guarded():
            return self._sequencer.recover()

    def append(self, entry: LedgerEntry, rows: Sequence[Row] = ()) -> Receipt:
        """Log one entry, with rows that stand or fall with it; durable on return.

        Raises `Malformed` on a broken field, `Conflict` (REPLAY) when a row repeats a key that is stored.
        """
        return self._group.submit(Appendix.of([(entry, rows)]))[0]

    def append_many(self, items: Sequence[tuple[LedgerEntry, Sequence[Row]]]) -> list[Receipt]:
        """Log several entries as one: all of them durable on return, or none of them."""
        return self._group.submit(Appendix.of(items)) if items else []

    def checkpoint(self) -> bytes:
        """Return the newest signed checkpoint; raises `NotFound` before `recover` began the ledger."""
        with _guarded(), self._store.read() as tx:
            return _encoded(_head(tx))

    def entry(self, index: int) -> StoredEntry:
        """Return the entry at an index; raises `NotFound`."""
        found = self.range(index, index + 1)
        if not found:
            raise NotFound("index: the ledger has no entry there")
        return found[0]

    def range(self, start: int, stop: int) -> list[StoredEntry]:
        """Return the entries from `start` to before `stop`, as far as they exist."""
        with _guarded(), self._store.read() as tx:
            return [_stored(row) for row in kept.read_entries(tx, start, stop)]

    def by_exchange(self, exchange_id: str) -> list[StoredEntry]:
        """Return the entries of one exchange, by its id as text, oldest first."""
        with _guarded(), self._store.read() as tx:
            return [_stored(row) for row in kept.entries_of(tx, exchange_id)]

    def newest(self, kind: EntryKind) -> StoredEntry | None:
        """Return the newest entry of a kind, if there is one: a scan backwards, for start-up and commands."""
        with _guarded(), self._store.read() as tx:
            row = kept.newest_of(tx, kind)
            return _stored(row) if row else None

    def receipt(self, index: int) -> Receipt:
        """Return a receipt of an old entry under the newest checkpoint; raises `NotFound`."""
        with _guarded(), self._store.read() as tx:
            head = _head(tx)
            rows = kept.read_entries(tx, index, index + 1) if 0 <= index < head.size else []
            if not rows:
                raise NotFound("index: the ledger has no entry there")
            data = _stored(rows[0]).data
            proof = inclusion_proof(index, head.size, kept.NodeReader(tx))
            verify_inclusion(leaf_hash(data), index, head.size, proof, head.root)  # a changed hash must not get out
            return Receipt(data, index, proof, _encoded(head))

    def consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        """Return the proof that the first `new` entries begin with the first `old`; raises `NotFound` past the head."""
        with _guarded(), self._store.read() as tx:
            if not 0 < old <= new <= _head(tx).size:
                raise NotFound("size: a proof needs 0 < old <= new <= the ledger's size")
            return consistency_proof(old, new, kept.NodeReader(tx))


@contextmanager
def _guarded() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as cause:
        raise unavailable(cause) from cause


def _head(tx: Tx) -> kept.AnyRow:
    row = kept.read_head(tx)
    if row is None:
        raise NotFound("ledger: it has no head yet: start the node once, or run `comity init`")
    return row


def _encoded(head: kept.AnyRow) -> bytes:
    checkpoint: str = head.checkpoint
    return checkpoint.encode()


def _stored(row: kept.AnyRow) -> StoredEntry:
    data = bytes(row.entry)
    where = {"where": f"entry {row.idx}"}
    if leaf_hash(data) != row.leaf_hash:
        raise Tampered(f"entry {row.idx}: it does not match its hash: run `comity ledger verify`", detail=where)
    try:
        return StoredEntry(row.idx, data, decode_entry(data))
    except Malformed as cause:
        raise Tampered(f"entry {row.idx}: {cause}", detail=where) from cause
