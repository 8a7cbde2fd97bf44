"""The ledger's tables, and reading hashes from them.

| table          | what someone who owns the database can do to it                                       |
|----------------|---------------------------------------------------------------------------------------|
| ledger_head    | roll back to an older signed head: found by a running node, by peers and by witnesses |
| ledger_entry   | nothing unseen: the signed root covers every byte; the other columns are compared     |
| ledger_node    | nothing unseen: recomputed by the verifier, checked before each start                 |
| vault_message  | delete or roll back; not read or change: encrypted, bound to its place                |
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Row,
    String,
    Table,
    Text,
    bindparam,
    func,
    insert,
    select,
    text,
    update,
)

from comity.errors import Tampered
from comity.ledger.merkle import Frontier, node_hash
from comity.store import Tx, metadata
from comity.store.prepared import Prepared

TILE_HEIGHT = 8
"""Levels per C2SP tile: hashes at levels 8, 16, 24 … are kept, those between are recomputed from 256 below."""

_TILE_WIDTH = 1 << TILE_HEIGHT
_HEAD_ID = 1

AnyRow = Row[*tuple[Any, ...]]

# an SQLite key of type INTEGER is the row id itself: appending then costs no second index
_INDEX = BigInteger().with_variant(Integer(), "sqlite")

ledger_head = Table(
    "ledger_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("checkpoint", Text, nullable=False),
    Column("time_ms", BigInteger, nullable=False),
)

ledger_entry = Table(
    "ledger_entry",
    metadata,
    Column("idx", _INDEX, primary_key=True, autoincrement=False),
    Column("leaf_hash", LargeBinary, nullable=False),
    Column("entry", LargeBinary, nullable=False),
    Column("exchange_id", String(36), nullable=False, index=True),
    Column("kind", Integer, nullable=False),
    Column("time_ms", BigInteger, nullable=False),
)

_ACTIVATED = text("kind = 10")  # EntryKind.POLICY_ACTIVATED: found at once among millions, at no cost for the others
Index("ix_ledger_entry_activated", ledger_entry.c.idx, sqlite_where=_ACTIVATED, postgresql_where=_ACTIVATED)

ledger_node = Table(
    "ledger_node",
    metadata,
    Column("level", Integer, nullable=False),
    Column("idx", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("level", "idx"),
)

vault_message = Table(
    "vault_message",
    metadata,
    Column("exchange_id", String(36), nullable=False),
    Column("peer", String(255), nullable=False),
    Column("part", String(16), nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("iv", LargeBinary, nullable=False),
    Column("ciphertext", LargeBinary, nullable=False),
    Column("retain_until_ms", BigInteger, nullable=False, index=True),
    PrimaryKeyConstraint("exchange_id", "peer", "part"),
)


@dataclass(frozen=True, slots=True)
class Head:
    """The head row: `time_ms` is the latest time of any entry."""

    size: int
    frontier: Frontier
    root: bytes
    checkpoint: bytes
    time_ms: int


class HeadRow(NamedTuple):
    """The head row as it is stored."""

    size: int
    frontier: bytes
    root: bytes
    checkpoint: str
    time_ms: int


def lock_head(tx: Tx) -> HeadRow | None:
    """Return the head row as it stands, locked until the transaction ends: the lock is the sequencer."""
    found = _LOCK_HEAD.rows(tx, {})
    return HeadRow(*found[0]) if found else None


def read_head(tx: Tx) -> AnyRow | None:
    """Return the head row as it stands."""
    return tx.execute(_READ_HEAD).first()


def create_head(tx: Tx, head: Head) -> None:
    """Insert the head row of a new ledger."""
    tx.execute(insert(ledger_head).values(id=_HEAD_ID, **_head_values(head)))


def save_head(tx: Tx, head: Head) -> None:
    """Replace the head row."""
    _UPDATE_HEAD.run(tx, _head_values(head))


def insert_entries(tx: Tx, values: list[dict[str, Any]]) -> None:
    """Insert entry rows."""
    _INSERT_ENTRY.run_many(tx, values)


def insert_nodes(tx: Tx, nodes: Iterable[tuple[int, int, bytes]]) -> None:
    """Insert `(level, idx, hash)` rows; none is fine."""
    values = [{"level": level, "idx": index, "hash": value} for level, index, value in nodes]
    if values:
        _INSERT_NODE.run_many(tx, values)


def count_entries(tx: Tx) -> int:
    """Return how many entry rows there are: a scan of the whole index."""
    return int(tx.execute(select(func.count()).select_from(ledger_entry)).scalar_one())


def last_index(tx: Tx) -> int:
    """Return the highest index of any entry row, -1 when there is none."""
    found = tx.execute(_LAST_INDEX).scalar()
    return -1 if found is None else int(found)


def read_entries(tx: Tx, start: int, stop: int) -> list[AnyRow]:
    """Return `(idx, leaf_hash, entry)` of the entries from `start` to before `stop`."""
    return list(tx.execute(_RANGE, {"start": start, "stop": stop}).all())


def entries_of(tx: Tx, exchange_id: str) -> list[AnyRow]:
    """Return `(idx, leaf_hash, entry)` of the entries of one exchange, oldest first."""
    return list(tx.execute(_OF_EXCHANGE, {"exchange_id": exchange_id}).all())


def newest_of(tx: Tx, kind: int) -> AnyRow | None:
    """Return `(idx, leaf_hash, entry)` of the newest entry of a kind, if there is one: quick for activations."""
    return tx.execute(_NEWEST_OF, {"kind": kind}).first()


class NodeReader:
    """Reads hashes of complete subtrees inside one transaction, tile by tile, each tile once."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self._tiles: dict[tuple[int, int], list[bytes]] = {}

    def __call__(self, level: int, index: int) -> bytes:
        """Return the hash of node `(level, index)`; raises `Tampered` when hashes below it are missing."""
        base = level - level % TILE_HEIGHT
        width = 1 << level - base
        first = index * width
        offset = first % _TILE_WIDTH
        hashes = self._tile(base, first // _TILE_WIDTH)[offset : offset + width]
        if len(hashes) != width:
            raise Tampered(
                f"ledger: hashes of level {base} are missing from {first}: restore the ledger from a backup",
                detail={"where": f"level {base}, index {first}"},
            )
        while len(hashes) > 1:
            hashes = [node_hash(hashes[at], hashes[at + 1]) for at in range(0, len(hashes), 2)]
        return hashes[0]

    def _tile(self, level: int, tile: int) -> list[bytes]:
        found = self._tiles.get((level, tile))
        if found is None:
            start = tile * _TILE_WIDTH
            where = {"start": start, "stop": start + _TILE_WIDTH}
            rows = self._tx.execute(_NODES, where | {"level": level}) if level else self._tx.execute(_LEAVES, where)
            found = self._tiles[level, tile] = list(_unbroken(rows, start))
        return found


def _unbroken(rows: Iterable[AnyRow], start: int) -> Iterator[bytes]:
    for expected, (index, value) in enumerate(rows, start):
        if index != expected:
            return
        yield value


def _head_values(head: Head) -> dict[str, Any]:
    return {
        "size": head.size,
        "frontier": head.frontier.encode(),
        "root": head.root,
        "checkpoint": head.checkpoint.decode(),
        "time_ms": head.time_ms,
    }


_HEAD = select(
    ledger_head.c.size, ledger_head.c.frontier, ledger_head.c.root, ledger_head.c.checkpoint, ledger_head.c.time_ms
).where(ledger_head.c.id == _HEAD_ID)
_READ_HEAD = _HEAD
_LOCK_HEAD = Prepared(_HEAD.with_for_update())
_UPDATE_HEAD = Prepared(
    update(ledger_head).where(ledger_head.c.id == _HEAD_ID), ("size", "frontier", "root", "checkpoint", "time_ms")
)
_INSERT_ENTRY = Prepared(insert(ledger_entry), [column.name for column in ledger_entry.c])
_INSERT_NODE = Prepared(insert(ledger_node), [column.name for column in ledger_node.c])
_LAST_INDEX = select(func.max(ledger_entry.c.idx))
_ENTRIES = select(ledger_entry.c.idx, ledger_entry.c.leaf_hash, ledger_entry.c.entry).order_by(ledger_entry.c.idx)
_START, _STOP = bindparam("start", type_=BigInteger), bindparam("stop", type_=BigInteger)
_RANGE = _ENTRIES.where(ledger_entry.c.idx >= _START, ledger_entry.c.idx < _STOP)
_OF_EXCHANGE = _ENTRIES.where(ledger_entry.c.exchange_id == bindparam("exchange_id"))
_NEWEST_OF = (
    select(ledger_entry.c.idx, ledger_entry.c.leaf_hash, ledger_entry.c.entry)
    .where(ledger_entry.c.kind == bindparam("kind", type_=Integer, literal_execute=True))  # as the partial index wants
    .order_by(ledger_entry.c.idx.desc())
    .limit(1)
)
_LEAVES = (
    select(ledger_entry.c.idx, ledger_entry.c.leaf_hash)
    .where(ledger_entry.c.idx >= _START, ledger_entry.c.idx < _STOP)
    .order_by(ledger_entry.c.idx)
)
_NODES = (
    select(ledger_node.c.idx, ledger_node.c.hash)
    .where(ledger_node.c.level == bindparam("level"), ledger_node.c.idx >= _START, ledger_node.c.idx < _STOP)
    .order_by(ledger_node.c.idx)
)
