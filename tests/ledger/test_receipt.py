"""Receipts: golden bytes, both forms, and a verdict that says where."""

import subprocess
import sys
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger_samples import EXAMPLE, ORIGIN, OTHER, SIGNER, VKEY, numbered

from comity.errors import Malformed, Tampered
from comity.ledger.checkpoint import sign_checkpoint
from comity.ledger.entry import encode_entry
from comity.ledger.merkle import Frontier, leaf_hash
from comity.ledger.note import NoteSigner
from comity.ledger.receipt import MAX_PROOF, MAX_RECEIPT_BYTES, Receipt, verify_receipt

ENTRIES = [encode_entry(numbered(i)) for i in range(13)]
ENTRIES[1] = encode_entry(EXAMPLE)


def made(index: int, size: int = 13) -> Receipt:
    growth = Frontier().extend([leaf_hash(entry) for entry in ENTRIES[:size]])
    return Receipt(ENTRIES[index], index, growth.inclusion(index), sign_checkpoint(size, growth.root, SIGNER))


GOOD = made(1, 3)


def test_golden_forms() -> None:
    data = GOOD.encode()
    assert (len(data), sha256(data).hexdigest()) == (
        717,
        "b9275fc15a761c2540a1928e90cf920e760a1b0528171caf32d04a444da8d2c0",
    )
    assert data[:8].hex() == "434c5201000001c5"
    text = GOOD.to_text()
    assert sha256(text.encode()).hexdigest() == "2de45cad70b608dad15c8d75bfb522c1bc4fe32c6fde4b9da2ce0f37e6063397"
    assert text.startswith("c2sp.org/tlog-proof@v1\nextra Q0xFAQEAAgACAgAI")
    assert text.split("\n")[2] == "index 1"
    assert text.endswith("\n\n" + GOOD.checkpoint.decode())


@given(st.integers(1, 13), st.data())
def test_every_receipt_verifies_and_both_forms_come_back(size: int, data: st.DataObject) -> None:
    receipt = made(data.draw(st.integers(0, size - 1)), size)
    assert encode_entry(verify_receipt(receipt, VKEY)) == receipt.entry
    assert Receipt.decode(receipt.encode()) == receipt
    assert Receipt.from_text(receipt.to_text()) == receipt


def test_any_changed_byte_of_either_form_is_found() -> None:
    for at, byte in enumerate(GOOD.encode()):
        bent = GOOD.encode()[:at] + bytes([byte ^ 1 << at % 8]) + GOOD.encode()[at + 1 :]
        with pytest.raises((Malformed, Tampered)):
            verify_receipt(Receipt.decode(bent), VKEY)
            pytest.fail(f"byte {at}")
    text = GOOD.to_text()
    for at, letter in enumerate(text):
        bent_text = text[:at] + chr(ord(letter) ^ 1) + text[at + 1 :]
        with pytest.raises((Malformed, Tampered)):
            verify_receipt(Receipt.from_text(bent_text), VKEY)
            pytest.fail(f"letter {at}")


@pytest.mark.parametrize(
    ("receipt", "where"),
    [
        (replace(GOOD, entry=ENTRIES[0]), "proof"),
        (replace(GOOD, entry=GOOD.entry[:-1] + b"f"), "proof"),
        (replace(GOOD, entry=GOOD.entry + b"f"), "entry"),
        (replace(GOOD, entry=b""), "entry"),
        (replace(GOOD, index=3), "index"),
        (replace(GOOD, index=0), "proof"),
        (replace(GOOD, proof=GOOD.proof[:1]), "proof"),
        (replace(GOOD, proof=GOOD.proof[::-1]), "proof"),
        (replace(GOOD, proof=(*GOOD.proof, GOOD.proof[0])), "proof"),
        (replace(GOOD, proof=(b"", *GOOD.proof)), "proof"),
        (replace(GOOD, checkpoint=made(1, 2).checkpoint), "proof"),
        (replace(GOOD, checkpoint=GOOD.checkpoint[:-2] + b"\n"), "checkpoint"),
        (replace(GOOD, checkpoint=b""), "checkpoint"),
        (replace(GOOD, checkpoint=sign_checkpoint(3, bytes(32), NoteSigner(ORIGIN, OTHER))), "checkpoint"),
        (made(2), None),
    ],
)
def test_the_verdict_says_where(receipt: Receipt, where: str | None) -> None:
    if where is None:
        assert verify_receipt(receipt, VKEY) == numbered(2)
        return
    with pytest.raises(Tampered) as caught:
        verify_receipt(receipt, VKEY)
    assert caught.value.detail["where"] == where


@given(st.binary(max_size=100), st.text(max_size=100))
def test_garbage_is_malformed_and_nothing_else(data: bytes, text: str) -> None:
    for candidate in (data, b"CLR\x01" + data, GOOD.encode() + data + b"x", GOOD.encode()[:100] + data):
        with pytest.raises(Malformed):
            Receipt.decode(candidate)
    head = GOOD.to_text()[:60]
    for said in (text, head + text, "c2sp.org/tlog-proof@v1\n" + text):
        with pytest.raises(Malformed):
            Receipt.from_text(said)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("index 1\n", "index 01\n"),
        ("index 1\n", "index  1\n"),
        ("index 1\n", "index -1\n"),
        ("index 1\n", "index 99999999999999999999\n"),
        ("index 1\n", "1\n"),
        ("extra ", ""),
        ("extra ", "extra  "),
        ("index 1\n", "index 1\nAAAA\n"),
        ("index 1\n", "index 1\n" + "A" * 43 + "=\n" * MAX_PROOF),
    ],
)
def test_a_broken_line_is_malformed(old: str, new: str) -> None:
    with pytest.raises(Malformed, match=r"^receipt"):
        Receipt.from_text(GOOD.to_text().replace(old, new, 1))


def test_limits() -> None:
    with pytest.raises(Malformed, match="longer"):
        Receipt.decode(bytes(MAX_RECEIPT_BYTES + 1))
    with pytest.raises(Malformed, match="proof"):
        Receipt.decode(replace(GOOD, proof=(bytes(32),) * (MAX_PROOF + 1)).encode())


def test_verifying_a_receipt_needs_no_database_library() -> None:
    """`comity receipt verify` starts fast and runs where only the file and the public key are."""
    code = "import sys, comity.ledger.receipt; print({'sqlalchemy', 'grpc', 'psycopg'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
