"""The verifier names whatever was changed in any column of any table, and finds nothing in a whole ledger."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger_samples import ORIGIN, OTHER, PRIVATE, VKEY, numbered
from sqlalchemy import Table, delete, event, insert, select, text, update
from sqlalchemy.exc import DataError

from comity.errors import Malformed, Unavailable
from comity.ledger import verify
from comity.ledger.checkpoint import sign_checkpoint
from comity.ledger.entry import encode_entry
from comity.ledger.ledger import Ledger
from comity.ledger.merkle import leaf_hash
from comity.ledger.note import NoteSigner
from comity.ledger.store import ledger_entry, ledger_head, ledger_node
from comity.ledger.verify import Finding, verify_ledger
from comity.store import Store

SIZE = 515  # two whole tiles and a little


@pytest.fixture
def whole(store: Store) -> Store:
    """A ledger of 515 entries."""
    Ledger(store, ORIGIN, PRIVATE).append_many([(numbered(i), ()) for i in range(SIZE)])
    return store


def run(store: Store, statement: Any) -> None:
    with store.write() as tx:
        assert tx.execute(statement).rowcount != 0, "the damage was not done"


def places(store: Store, **options: int) -> list[str]:
    return [finding.where for finding in verify_ledger(store, VKEY, **options)]


def test_a_whole_ledger_has_no_findings(store: Store) -> None:
    ledger = Ledger(store, ORIGIN, PRIVATE)
    before = ledger.recover().size
    for size in (0, 1, 255, 256, 257, 512, SIZE):
        ledger.append_many([(numbered(i), ()) for i in range(before, size)])
        before = size
        for chunk in (50, 256, 257, 4096):
            assert verify_ledger(store, VKEY, chunk=chunk) == []


def bends(value: object) -> list[Any]:
    """Each way to change one stored value a little; for texts and bytes every single place."""
    if isinstance(value, bytes):
        flips = [value[:i] + bytes([value[i] ^ 1 << i % 8]) + value[i + 1 :] for i in range(len(value))]
        return [*flips, value[:-1], value + b"\x00", b""]
    if isinstance(value, str):
        flips = [value[:i] + chr(ord(value[i]) ^ 1) + value[i + 1 :] for i in range(len(value))]
        return [*flips, value[:-1], value + " ", value + "\n", ""]
    assert isinstance(value, int)
    return [value + 1, value - 1, -value - 1, value + 2**40]


def _every_bend(store: Store, table: Table, where: Any) -> None:
    with store.read() as tx:
        row = tx.execute(select(table).where(where)).one()._asdict()
    keys = {column.name for column in table.primary_key}
    for column, value in row.items():
        if column in keys:
            continue  # changing a key is moving or dropping a row: tested below
        for bent in bends(value):
            try:
                run(store, update(table).where(where).values({column: bent}))
            except DataError:
                continue  # PostgreSQL refuses it itself
            with store.read() as tx:
                if tx.execute(select(table.c[column]).where(where)).scalar_one() == value:
                    continue  # PostgreSQL cuts spaces that are too many for a VARCHAR
            assert places(store), f"{table.name}.{column} was changed from {value!r} to {bent!r}"
            run(store, update(table).where(where).values({column: value}))
    assert places(store) == []


@pytest.fixture
def small(store: Store) -> Store:
    """A ledger of three entries: small, so that every byte of it can be tried."""
    Ledger(store, ORIGIN, PRIVATE).append_many([(numbered(i), ()) for i in range(3)])
    return store


def test_every_byte_of_the_head_is_covered(small: Store) -> None:
    _every_bend(small, ledger_head, ledger_head.c.id == 1)


def test_every_byte_of_an_entry_row_is_covered(small: Store) -> None:
    _every_bend(small, ledger_entry, ledger_entry.c.idx == 1)


def test_every_byte_of_a_tile_hash_is_covered(whole: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    real = bends
    monkeypatch.setitem(globals(), "bends", lambda value: real(value)[::6])
    _every_bend(whole, ledger_node, ledger_node.c.idx == 1)


idx = ledger_entry.c.idx


def _swap(a: int, b: int) -> list[Any]:
    steps = ((a, 10_000), (b, a), (10_000, b))
    return [update(ledger_entry).where(idx == old).values(idx=new) for old, new in steps]


def _copy(source: int, target: int) -> list[Any]:
    columns = [c for c in ledger_entry.c if c.name != "idx"]
    rows = select(text(str(target)), *columns).where(idx == source)
    return [insert(ledger_entry).from_select(["idx", *(c.name for c in columns)], rows)]


def _forge(index: int) -> list[Any]:
    """A consistent forgery: other bytes with their right hash and columns."""
    entry = numbered(999)
    data = encode_entry(entry)
    values = {
        "entry": data,
        "leaf_hash": leaf_hash(data),
        "exchange_id": str(entry.exchange_id),
        "kind": int(entry.kind),
        "time_ms": entry.time_ms,
    }
    return [update(ledger_entry).where(idx == index).values(values)]


DAMAGE: dict[str, tuple[list[Any], list[str]]] = {
    "first entry dropped": ([delete(ledger_entry).where(idx == 0)], ["entry 1", "node 8/0", "head", "checkpoint"]),
    "an entry dropped": ([delete(ledger_entry).where(idx == 300)], ["entry 301", "node 8/1", "head", "checkpoint"]),
    "three dropped": (
        [delete(ledger_entry).where(idx.in_([3, 4, 5]))],
        ["entry 6", "node 8/0", "head", "checkpoint"],
    ),
    "the last dropped": ([delete(ledger_entry).where(idx == SIZE - 1)], ["head", "checkpoint"]),
    "cut to 300": ([delete(ledger_entry).where(idx >= 300)], ["node 8/1", "head", "checkpoint"]),
    "all dropped": ([delete(ledger_entry)], ["node 8/0", "node 8/1", "head", "checkpoint"]),
    "two swapped": (_swap(100, 101), ["node 8/0", "head", "checkpoint"]),
    "two swapped far apart": (_swap(0, 514), ["node 8/0", "head", "checkpoint"]),
    "one repeated at the end": (_copy(3, SIZE), ["head", "checkpoint"]),
    "one repeated before the start": (_copy(3, -1), ["entry -1"]),
    "one put very far": (_copy(3, 2**60), [f"entry {2**60}"]),
    "forged with its hash": (_forge(301), ["node 8/1", "head", "checkpoint"]),
    "forged in the last tile": (_forge(514), ["head", "checkpoint"]),
    "a tile hash dropped": ([delete(ledger_node).where(ledger_node.c.idx == 1)], ["node 8/1"]),
    "tile hashes dropped": ([delete(ledger_node)], ["node 8/0", "node 8/1"]),
    "a tile hash too many": ([insert(ledger_node).values(level=8, idx=2, hash=bytes(32))], ["node 8/2"]),
    "a tile hash of no level": ([insert(ledger_node).values(level=9, idx=0, hash=bytes(32))], ["node 9/0"]),
    "a tile hash moved": (
        [update(ledger_node).where(ledger_node.c.idx == 1).values(idx=9)],
        ["node 8/1"],
    ),
    "head dropped": ([delete(ledger_head)], ["head"]),
    "head moved": ([update(ledger_head).values(id=2)], ["head"]),
    "two heads": (
        [insert(ledger_head).values(id=2, size=0, frontier=b"", root=b"", checkpoint="", time_ms=0)],
        ["head"],
    ),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_dropped_moved_and_repeated_rows_are_named(whole: Store, damage: str) -> None:
    statements, expected = DAMAGE[damage]
    for statement in statements:
        run(whole, statement)
    for chunk in (100, 4096):
        found = list(dict.fromkeys(places(whole, chunk=chunk)))
        assert [place for place in found if place in expected] == expected
        assert set(found) - set(expected) <= {"node 8/9"}


def test_what_is_wrong_with_an_entry_is_said(whole: Store) -> None:
    run(whole, update(ledger_entry).where(idx == 5).values(entry=b"CLE\x01"))
    run(whole, update(ledger_entry).where(idx == 9).values(exchange_id="x", kind=99, time_ms=1))
    problems = verify_ledger(whole, VKEY)
    assert problems[:5] == [
        Finding("entry 5", "its bytes do not match its stored hash"),
        Finding("entry 5", "its bytes are not an entry: entry: kind or time is missing"),
        Finding("entry 9", "column exchange_id does not say what the entry says"),
        Finding("entry 9", "column kind does not say what the entry says"),
        Finding("entry 9", "column time_ms does not say what the entry says"),
    ]


@pytest.mark.parametrize("note", ["other key", "other origin", "older head", "witness line", "not a note"])
def test_a_checkpoint_that_is_not_this_head_s_is_named(whole: Store, note: str) -> None:
    with whole.read() as tx:
        row = tx.execute(select(ledger_head)).one()
    line = NoteSigner("witness.example/w", OTHER).sign(row.checkpoint.partition("\n\n")[0] + "\n").decode()
    text_ = {
        "other key": sign_checkpoint(SIZE, row.root, NoteSigner(ORIGIN, OTHER)).decode(),
        "other origin": sign_checkpoint(SIZE, row.root, NoteSigner("police.fi/ledger", PRIVATE)).decode(),
        "older head": sign_checkpoint(SIZE - 1, bytes(32), NoteSigner(ORIGIN, PRIVATE)).decode(),
        "witness line": row.checkpoint + line.partition("\n\n")[2],
        "not a note": "x",
    }[note]
    run(whole, update(ledger_head).values(checkpoint=text_))
    assert places(whole) == ["checkpoint"]


def test_values_of_the_wrong_type_are_findings_too(whole: Store) -> None:
    if not whole.is_sqlite:
        pytest.skip("PostgreSQL columns hold only their own type")
    run(whole, text("UPDATE ledger_entry SET entry = 'text', leaf_hash = 7, kind = 'x' WHERE idx = 3"))
    run(whole, text("UPDATE ledger_node SET hash = 'text'"))
    run(whole, text("UPDATE ledger_head SET size = 'x', root = 'text', checkpoint = x'00'"))
    assert {"entry 3", "node 8/0", "head", "checkpoint"} <= set(places(whole))


def test_a_node_that_appends_meanwhile_is_no_finding(whole: Store) -> None:
    ledger, appended = Ledger(whole, ORIGIN, PRIVATE), []

    def meanwhile(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("SELECT ledger_head.id"):  # the verifier has read all entries, and comes to the head
            appended.append(ledger.append(numbered(SIZE)).index)

    event.listen(whole.engine, "before_cursor_execute", meanwhile)
    try:
        assert verify_ledger(whole, VKEY, chunk=100) == []
    finally:
        event.remove(whole.engine, "before_cursor_execute", meanwhile)
    assert appended == [SIZE]
    assert verify_ledger(whole, VKEY) == []


def test_a_flood_of_findings_ends(whole: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "MAX_FINDINGS", 50)
    run(whole, update(ledger_entry).values(leaf_hash=bytes(32)))
    findings = verify_ledger(whole, VKEY, chunk=10)
    assert len(findings) == 51
    assert findings[-1].where == "ledger"


def test_misuse_and_failure_are_errors_not_findings(store: Store) -> None:
    with pytest.raises(Malformed):
        verify_ledger(store, "no key")
    run(store, text("DROP TABLE ledger_head"))
    with pytest.raises(Unavailable):
        verify_ledger(store, VKEY)


def test_a_ledger_that_never_began_is_a_finding(store: Store) -> None:
    assert places(store) == ["head"]


def test_a_new_key_verifies_only_its_own_ledger(whole: Store) -> None:
    other = NoteSigner(ORIGIN, Ed25519PrivateKey.generate()).key.vkey
    assert [finding.where for finding in verify_ledger(whole, other)] == ["checkpoint"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(index=st.integers(0, SIZE - 1), at=st.integers(0, 60), bit=st.integers(0, 7))
def test_any_flipped_bit_of_any_entry_is_named(whole: Store, index: int, at: int, bit: int) -> None:
    with whole.read() as tx:
        data = tx.execute(select(ledger_entry.c.entry).where(idx == index)).scalar_one()
    at %= len(data)
    bent = data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]
    run(whole, update(ledger_entry).where(idx == index).values(entry=bent))
    found = places(whole)
    run(whole, update(ledger_entry).where(idx == index).values(entry=data))
    assert found[0] == f"entry {index}"
    assert {"head", "checkpoint"} <= set(found)
