"""The whole-log verifier: an auditor's second opinion on the database of a ledger.

It shares the hash functions, the entry decoder and the note verifier with the rest of the room, and none of the code
that appends or proves. It raises nothing about what it finds: all findings come back, in the order of the log.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import LargeBinary, Select, Table, func, select, type_coerce
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.types import NullType

from comity.errors import ComityError, Malformed
from comity.ledger.checkpoint import Checkpoint, verify_checkpoint
from comity.ledger.entry import LedgerEntry, decode_entry
from comity.ledger.group import unavailable
from comity.ledger.merkle import EMPTY_ROOT, leaf_hash, node_hash
from comity.ledger.note import parse_vkey
from comity.ledger.store import TILE_HEIGHT, ledger_entry, ledger_head, ledger_node, vault_message
from comity.ledger.vault import Part, Vault, is_erased
from comity.store import Store, Tx

CHUNK = 4096
MAX_FINDINGS = 1000
MAX_GAP = 1_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: `where` is a place in the log (`entry 17`, `head`), `problem` says what."""

    where: str
    problem: str


def verify_ledger(store: Store, vkey: str, *, chunk: int = CHUNK) -> list[Finding]:
    """Check everything that a ledger keeps against its entries and its signed head; an empty list means whole.

    After `MAX_FINDINGS` it stops looking. Raises `Malformed` on a bad key, `Unavailable` when the database fails.
    """
    parse_vkey(vkey)  # a mistyped key is the caller's mistake, not a finding
    walk = _Walk()
    try:
        with _snapshot(store) as tx:
            for rows in _chunks(tx, chunk):
                for row in rows:
                    _check_entry(walk, row)
                _check_nodes(tx, walk)
                if len(walk.findings) >= MAX_FINDINGS:
                    return [*walk.findings, Finding("ledger", "too many findings: the rest was not looked at")]
            _check_extra_nodes(tx, walk)
            _check_head(tx, walk, vkey)
    except SQLAlchemyError as cause:
        raise unavailable(cause) from cause
    return walk.findings


def verify_vault(store: Store, vault: Vault, *, chunk: int = 256) -> list[Finding]:
    """Open every kept message and compare its commitment with the ledger's entries of that exchange."""
    findings: list[Finding] = []
    try:
        with _snapshot(store) as tx:
            for row in _vault_rows(tx, chunk):
                where = f"vault {row.exchange_id} {row.part}"
                problem = _vault_problem(tx, vault, row)
                if problem:
                    findings.append(Finding(where, problem))
    except SQLAlchemyError as cause:
        raise unavailable(cause) from cause
    return findings


@dataclass(slots=True)
class _Walk:
    """What follows from the entries read so far: `edge` holds the complete subtrees as (level, hash), left to right."""

    size: int = 0
    edge: list[tuple[int, bytes]] = field(default_factory=list)
    nodes: dict[tuple[int, int], bytes] = field(default_factory=dict)
    node_count: int = 0
    latest: int = 0
    findings: list[Finding] = field(default_factory=list)

    def found(self, where: str, problem: str) -> None:
        self.findings.append(Finding(where, problem))

    def add(self, leaf: bytes) -> None:
        level, value = 0, leaf
        self.size += 1
        while self.edge and self.edge[-1][0] == level:
            value = node_hash(self.edge.pop()[1], value)
            level += 1
            if level % TILE_HEIGHT == 0:
                self.nodes[level, (self.size >> level) - 1] = value
                self.node_count += 1
        self.edge.append((level, value))

    def root(self) -> bytes:
        if not self.edge:
            return EMPTY_ROOT
        value = self.edge[-1][1]
        for _, left in self.edge[-2::-1]:
            value = node_hash(left, value)
        return value


def _check_entry(walk: _Walk, row: Any) -> None:
    where = f"entry {row.idx}"
    if not walk.size <= row.idx < walk.size + MAX_GAP:
        walk.found(where, "its index is out of place")
        return
    if row.idx > walk.size:
        walk.found(where, f"entries {walk.size} to {row.idx - 1} are missing before it")
        for _ in range(walk.size, row.idx):
            walk.add(_MISSING)  # keeps later tiles in their places, so that only what is wrong is named
    data = row.entry if isinstance(row.entry, bytes) else b""
    leaf = leaf_hash(data)
    walk.add(leaf)
    if leaf != row.leaf_hash:
        walk.found(where, "its bytes do not match its stored hash")
    try:
        entry = decode_entry(data)
    except Malformed as cause:
        walk.found(where, f"its bytes are not an entry: {cause}")
        return
    walk.latest = max(walk.latest, entry.time_ms)
    for column, said in _columns(entry).items():
        if getattr(row, column) != said:
            walk.found(where, f"column {column} does not say what the entry says")


def _columns(entry: LedgerEntry) -> dict[str, object]:
    return {"exchange_id": str(entry.exchange_id), "kind": int(entry.kind), "time_ms": entry.time_ms}


def _check_nodes(tx: Tx, walk: _Walk) -> None:
    """Compare the tile hashes that the last entries completed with those stored, and forget them."""
    for level in sorted({level for level, _ in walk.nodes}):
        due = {index: value for (at, index), value in walk.nodes.items() if at == level}
        n = ledger_node.c
        query = _raw(ledger_node).where(n.level == level, n.idx >= min(due), n.idx <= max(due))
        stored = {row.idx: row.hash for row in tx.execute(query)}
        width = 1 << level
        for index, value in due.items():
            if stored.get(index) != value:
                problem = "is missing" if index not in stored else "does not match its entries"
                walk.found(
                    f"node {level}/{index}",
                    f"the hash over entries {index * width} to {(index + 1) * width - 1} {problem}",
                )
    walk.nodes.clear()


def _check_extra_nodes(tx: Tx, walk: _Walk) -> None:
    count = tx.execute(select(func.count()).select_from(ledger_node)).scalar_one()
    if count == walk.node_count:
        return
    for row in tx.execute(_raw(ledger_node).order_by(ledger_node.c.level, ledger_node.c.idx)):
        whole = row.level > 0 and row.level % TILE_HEIGHT == 0 and 0 <= row.idx < walk.size >> row.level
        if not whole and len(walk.findings) < MAX_FINDINGS:
            walk.found(f"node {row.level}/{row.idx}", "a hash that belongs to no complete tile")


def _check_head(tx: Tx, walk: _Walk, vkey: str) -> None:
    rows = tx.execute(_raw(ledger_head).order_by(ledger_head.c.id)).all()
    if [row.id for row in rows] != [1]:
        walk.found("head", f"there must be one head row, number 1; there are {len(rows)}")
        return
    row = rows[0]
    frontier = b"".join(value for _, value in walk.edge)
    said = {"size": walk.size, "frontier": frontier, "root": walk.root(), "time_ms": walk.latest}
    for column, computed in said.items():
        if getattr(row, column) != computed:
            walk.found("head", f"column {column} does not fit the entries")
    note = row.checkpoint.encode() if isinstance(row.checkpoint, str) else b""
    try:
        signed = verify_checkpoint(note, vkey)
    except ComityError as cause:
        walk.found("checkpoint", str(cause))
        return
    if signed != Checkpoint(signed.origin, walk.size, walk.root()):
        walk.found("checkpoint", f"it is signed over {signed.size} entries with a root that these entries do not have")
    if note.count(b"\n") != _CHECKPOINT_LINES:
        walk.found("checkpoint", "it holds lines that this ledger did not write")


def _vault_problem(tx: Tx, vault: Vault, row: Any) -> str:
    if is_erased(row):
        return ""
    try:
        kept = vault.open_row(row).commitment()
    except ComityError as cause:
        return str(cause)
    e = ledger_entry.c
    entries = tx.execute(select(e.entry).where(e.exchange_id == row.exchange_id)).scalars().all()
    logged = set()
    for data in entries:
        try:
            entry = decode_entry(data)
        except Malformed:
            continue  # verify_ledger names it
        logged.add(entry.request_commitment if row.part == Part.REQUEST else entry.answer_commitment)
    return "" if kept in logged else "no entry of the ledger holds its commitment"


@contextmanager
def _snapshot(store: Store) -> Iterator[Tx]:
    """Read one moment of the database, though the node goes on appending. A read of SQLite already is one."""
    with store.read() as tx:
        yield tx if store.is_sqlite else tx.execution_options(isolation_level="REPEATABLE READ")


def _chunks(tx: Tx, chunk: int) -> Iterator[list[Any]]:
    """Yield all entry rows by rising index, whatever their index is."""
    query = _raw(ledger_entry).order_by(ledger_entry.c.idx).limit(chunk)
    rows = tx.execute(query).all()
    while rows:
        yield list(rows)
        rows = tx.execute(query.where(ledger_entry.c.idx > rows[-1].idx)).all()


def _vault_rows(tx: Tx, chunk: int) -> Iterator[Any]:
    v = vault_message.c
    exchanges = select(v.exchange_id).distinct().order_by(v.exchange_id).limit(chunk)
    found = tx.execute(exchanges).scalars().all()
    while found:
        yield from tx.execute(_raw(vault_message).where(v.exchange_id.in_(found)).order_by(v.exchange_id)).all()
        found = tx.execute(exchanges.where(v.exchange_id > found[-1])).scalars().all()


def _raw(table: Table) -> Select[*tuple[Any, ...]]:
    """Select all columns as the driver gives them: a value of the wrong type must be found, not fail to load."""
    columns = [type_coerce(c, NullType()).label(c.name) if isinstance(c.type, LargeBinary) else c for c in table.c]
    return select(*columns)


_MISSING = bytes(32)
_CHECKPOINT_LINES = 5  # origin, size, root, empty, our signature
