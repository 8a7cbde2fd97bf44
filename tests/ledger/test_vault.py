"""Sealing, opening, erasing; a row that was moved, changed or opened with another key does not open."""

from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger_samples import EXAMPLE, ORIGIN, PRIVATE, VKEY
from sqlalchemy import select, text, update

from comity.errors import Conflict, Malformed, NotFound, Tampered
from comity.ledger.entry import commitment
from comity.ledger.ledger import Ledger
from comity.ledger.store import vault_message
from comity.ledger.vault import Part, Place, SignedMessage, Vault, erase, expired
from comity.ledger.verify import verify_ledger, verify_vault
from comity.store import Store
from comity.store.engine import insert_rows

KEK = bytes(range(32))
VAULT = Vault(KEK)
ID, PEER = str(EXAMPLE.exchange_id), "FI"
ASKED = SignedMessage("application/vnd.comity.v1.SearchRequest+protobuf", b"the question", b"sig", "ab" * 32, b"n" * 32)
SAID = SignedMessage("application/vnd.comity.v1.SearchResponse+protobuf", b"the answer", b"gis", "cd" * 32, b"n" * 32)


def place(part: Part, retain: int = 5_000) -> Place:
    return Place(ID, PEER, part, retain)


@pytest.fixture
def logged(store: Store) -> Store:
    """One exchange in the ledger, its two messages in the vault, in one transaction."""
    entry = replace(EXAMPLE, request_commitment=ASKED.commitment(), answer_commitment=SAID.commitment())
    rows = [VAULT.seal(ASKED, place(Part.REQUEST)), VAULT.seal(SAID, place(Part.REPLY))]
    Ledger(store, ORIGIN, PRIVATE).append(entry, rows)
    return store


def test_what_was_sealed_opens_as_it_was(logged: Store) -> None:
    with logged.read() as tx:
        assert VAULT.open(tx, ID, PEER, Part.REQUEST) == ASKED
        assert VAULT.open(tx, ID, PEER, Part.REPLY) == SAID
        with pytest.raises(NotFound):
            VAULT.open(tx, ID, "SE", Part.REPLY)
    assert ASKED.commitment() == commitment(b"n" * 32, sha256(b"the question").digest())
    assert verify_vault(logged, VAULT) == []
    assert verify_vault(logged, VAULT, chunk=1) == []


def test_nothing_readable_is_stored_and_no_two_rows_are_alike(logged: Store) -> None:
    again = VAULT.seal(ASKED, place(Part.REQUEST)).values
    with logged.read() as tx:
        row = tx.execute(select(vault_message).where(vault_message.c.part == "request")).one()._asdict()
    for column in ("wrapped_key", "iv", "ciphertext"):
        assert again[column] != row[column]
        assert b"question" not in row[column]
        assert ASKED.nonce not in row[column]
    assert len(row["wrapped_key"]) == 12 + 32 + 16


def test_the_same_message_twice_is_a_conflict(logged: Store) -> None:
    with pytest.raises(Conflict):
        Ledger(logged, ORIGIN, PRIVATE).append(EXAMPLE, [VAULT.seal(ASKED, place(Part.REQUEST))])


def _bends(value: object) -> list[object]:
    if isinstance(value, bytes):
        return [value[:i] + bytes([value[i] ^ 1]) + value[i + 1 :] for i in range(len(value))] + [value[:-1], b""]
    return [value + 1, -1] if isinstance(value, int) else [f"{value}x"[-36:], ""]


def test_every_byte_of_a_row_is_covered(logged: Store) -> None:
    where = vault_message.c.ciphertext == _row(logged)["ciphertext"]
    for column, value in _row(logged).items():
        for bent in _bends(value):
            row = _row(logged) | {column: bent}
            fake = vault_message.alias()  # only for its column names
            mapped = type("Bent", (), {name: row[name] for name in fake.c.keys()})  # noqa: SIM118
            with pytest.raises(Tampered, match="vault"):
                VAULT.open_row(mapped)  # type: ignore[arg-type]
                pytest.fail(f"{column}: {bent!r}")
    with logged.write() as tx:
        tx.execute(update(vault_message).where(where).values(retain_until_ms=9_999))
    assert [finding.where for finding in verify_vault(logged, VAULT)] == [f"vault {ID} request"]


def _row(store: Store) -> dict[str, object]:
    with store.read() as tx:
        return tx.execute(select(vault_message).where(vault_message.c.part == "request")).one()._asdict()


def test_rows_swapped_between_places_do_not_open(logged: Store) -> None:
    with logged.write() as tx:
        for old, new in (("request", "x"), ("reply", "request"), ("x", "reply")):
            tx.execute(update(vault_message).where(vault_message.c.part == old).values(part=new))
    with logged.read() as tx, pytest.raises(Tampered):
        VAULT.open(tx, ID, PEER, Part.REQUEST)
    assert len(verify_vault(logged, VAULT)) == 2


def test_another_key_opens_nothing(logged: Store) -> None:
    other = Vault(bytes(32))
    with logged.read() as tx, pytest.raises(Tampered):
        other.open(tx, ID, PEER, Part.REQUEST)
    assert len(verify_vault(logged, other)) == 2


@pytest.mark.parametrize("part", list(Part))
def test_a_message_that_the_ledger_does_not_hold_is_named(logged: Store, part: Part) -> None:
    """Someone with the key-encryption key puts another message in its place: the commitment gives it away."""
    forged = VAULT.seal(replace(ASKED if part is Part.REQUEST else SAID, payload=b"forged"), place(part))
    with logged.write() as tx:
        tx.execute(vault_message.delete().where(vault_message.c.part == part.value))
        insert_rows(tx, [forged])
    findings = verify_vault(logged, VAULT)
    assert [(f.where, f.problem) for f in findings] == [
        (f"vault {ID} {part.value}", "no entry of the ledger holds its commitment")
    ]


def test_erasing_ends_it_for_ever_and_leaves_the_ledger_whole(logged: Store) -> None:
    with logged.read() as tx:
        assert expired(tx, 4_999) == []
        assert expired(tx, 5_000) == [ID]
    with logged.write() as tx:
        assert erase(tx, ID) == 2
        assert erase(tx, ID) == 0
    with logged.read() as tx:
        assert expired(tx, 9_999) == []
        with pytest.raises(NotFound):
            VAULT.open(tx, ID, PEER, Part.REQUEST)
        assert tx.execute(text("SELECT count(*) FROM vault_message WHERE length(ciphertext) > 0")).scalar() == 0
    assert verify_ledger(logged, VKEY) == []
    assert verify_vault(logged, VAULT) == []
    half = update(vault_message).where(vault_message.c.part == "reply").values(iv=b"x")
    with logged.write() as tx:
        tx.execute(half)
    assert [finding.where for finding in verify_vault(logged, VAULT)] == [f"vault {ID} reply"]


@given(
    st.text(max_size=20), st.binary(max_size=200), st.binary(max_size=80), st.text(max_size=64), st.binary(max_size=32)
)
def test_every_message_comes_back(kind: str, payload: bytes, signature: bytes, key_id: str, nonce: bytes) -> None:
    message = SignedMessage(kind, payload, signature, key_id, nonce)
    assert SignedMessage.decode(message.encode()) == message
    for cut in range(0, len(message.encode()), 7):
        with pytest.raises(Malformed):
            SignedMessage.decode(message.encode()[:cut])
    with pytest.raises(Malformed):
        SignedMessage.decode(message.encode() + b"x")


def test_golden_plaintext() -> None:
    small = SignedMessage("t", b"p", b"s", "k", b"n")
    assert small.encode() == bytes.fromhex("434c4d01 0000000174 0000000170 0000000173 000000016b 000000016e")


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_a_key_of_the_wrong_size_is_refused(size: int) -> None:
    with pytest.raises(Malformed, match="kek"):
        Vault(bytes(size))
