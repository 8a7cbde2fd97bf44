"""Notes and checkpoints: golden bytes, outside notes, and every change found."""

import tarfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from ledger_samples import ORIGIN, OTHER, SIGNER, VKEY

from comity.errors import Malformed, Tampered
from comity.ledger.checkpoint import Checkpoint, sign_checkpoint, unverified_checkpoint, verify_checkpoint
from comity.ledger.merkle import EMPTY_ROOT, Frontier, leaf_hash
from comity.ledger.note import MAX_SIGNATURES, NoteKey, NoteSigner, parse_note, parse_vkey, verify_note

GOLDEN = (
    "police.ee/ledger\n3\n/yMEui+Y8F/AOkh/dgUI8Oe+72TOAApqB2lQQAm06Bg=\n\n"
    "— police.ee/ledger vD2bfHKSd+OXMNplORRGLZemYU3S7sZCHegBVY53wXYTVgOBUCMUBhVeYac+VmUaSkDZqOKdrWGs9lSER8z1jKAGrwk=\n"
).encode()
ROOT = unverified_checkpoint(GOLDEN).root

# the example of golang.org/x/mod/sumdb/note, the first implementation
GO_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
TESSERA_VKEY = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"


def test_golden_checkpoint() -> None:
    assert VKEY == "police.ee/ledger+bc3d9b7c+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
    assert sign_checkpoint(3, ROOT, SIGNER) == GOLDEN
    assert verify_checkpoint(GOLDEN, VKEY) == Checkpoint(ORIGIN, 3, ROOT)
    assert parse_note(GOLDEN).encode() == GOLDEN
    assert Checkpoint(ORIGIN, 3, ROOT).text().encode() == GOLDEN.partition(b"\n\n")[0] + b"\n"
    empty = sign_checkpoint(0, EMPTY_ROOT, SIGNER)
    assert verify_checkpoint(empty, VKEY).size == 0


def test_notes_of_go_verify_and_are_made_alike() -> None:
    key = parse_vkey(GO_VKEY)
    assert key.vkey == GO_VKEY
    note, signers = verify_note(GO_NOTE.encode(), (key,))
    assert signers == {key}
    assert note.encode().decode() == GO_NOTE


def test_the_log_of_tessera_verifies(shared: Path) -> None:
    """Checkpoints, key and entries of transparency-dev/tessera's `testdata/log`, whose keys are published for tests."""
    archive = shared / "data" / "vectors" / "tlog_tiles" / "tessera-testdata-log.tar.gz"
    with tarfile.open(archive) as tar:
        files = {m.name.removeprefix("testdata/log/"): tar.extractfile(m).read() for m in tar if m.isfile()}
    bundle, leaves = files["tile/entries/000.p/15"], []
    while bundle:
        length = int.from_bytes(bundle[:2], "big")
        leaves.append(leaf_hash(bundle[2 : 2 + length]))
        bundle = bundle[2 + length :]
    assert files["tile/0/000.p/15"] == b"".join(leaves)
    for size in range(16):
        head = verify_checkpoint(files[f"checkpoint.{size}"], TESSERA_VKEY)
        root = Frontier().extend(leaves[:size]).root if size else EMPTY_ROOT
        assert (head.size, head.root) == (size, root)


def test_any_changed_byte_is_found() -> None:
    """Every byte, every bit: either it is no note any more, or no known key signed it, or the signature is wrong."""
    for at in range(len(GOLDEN)):
        for bit in range(8):
            bent = GOLDEN[:at] + bytes([GOLDEN[at] ^ 1 << bit]) + GOLDEN[at + 1 :]
            with pytest.raises(Tampered) as caught:
                verify_checkpoint(bent, VKEY)
                pytest.fail(f"byte {at}, bit {bit}")
            assert caught.value.detail == {"where": "checkpoint"}


def test_unknown_signatures_are_ignored_and_wrong_ones_of_known_keys_are_not() -> None:
    text = GOLDEN.decode().partition("\n\n")[0] + "\n"
    line = GOLDEN.decode().partition("\n\n")[2]
    witness = NoteSigner("witness.example/w", OTHER)
    other_line = witness.sign(text).decode().partition("\n\n")[2]
    twin = NoteSigner(ORIGIN, OTHER).sign(text).decode().partition("\n\n")[2]  # our name, another key id
    for lines in (other_line + line, line + other_line, twin + line):
        assert verify_checkpoint(f"{text}\n{lines}".encode(), VKEY).size == 3
    _, signers = verify_note(f"{text}\n{line}{other_line}{other_line}".encode(), (SIGNER.key, witness.key))
    assert len(signers) == 2, "a key counts once however often it signed"
    for lines in (other_line, twin, line + _bend(line)):
        with pytest.raises(Tampered):
            verify_checkpoint(f"{text}\n{lines}".encode(), VKEY)


def _bend(line: str) -> str:
    """Another signature under the same name and key id."""
    return line.replace("KSd", "KSe")


def test_the_origin_is_the_key_s_name() -> None:
    foreign = SIGNER.sign(Checkpoint("police.fi/ledger", 3, ROOT).text())
    with pytest.raises(Tampered, match="another ledger"):
        verify_checkpoint(foreign, VKEY)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "o\n3\n",
        f"o\n03\n{ROOT.hex()}\n",
        "o\n3\nAAAA\n",
        "o\n-1\n/yMEui+Y8F/AOkh/dgUI8Oe+72TOAApqB2lQQAm06Bg=\n",
        "o\n٣\n/yMEui+Y8F/AOkh/dgUI8Oe+72TOAApqB2lQQAm06Bg=\n",
        "o\n9223372036854775808\n/yMEui+Y8F/AOkh/dgUI8Oe+72TOAApqB2lQQAm06Bg=\n",
        "o\n3\n/yMEui+Y8F/AOkh/dgUI8Oe+72TOAApqB2lQQAm06Bh=\n",  # the same bytes, spelled otherwise
        "o\n3\n/yMEui+Y8F/AOkh/dgUI8Oe+72TOAApqB2lQQAm06Bg=\n\nx\n",
        "\n3\n/yMEui+Y8F/AOkh/dgUI8Oe+72TOAApqB2lQQAm06Bg=\n",
    ],
)
def test_what_is_not_exactly_a_checkpoint_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        Checkpoint.parse(text)


def test_extension_lines_survive() -> None:
    text = Checkpoint("o", 1, ROOT, ("a", "b c")).text()
    assert Checkpoint.parse(text).text() == text


@given(st.integers(0, 2**63 - 1), st.binary(min_size=32, max_size=32))
def test_every_head_comes_back(size: int, root: bytes) -> None:
    note = sign_checkpoint(size, root, SIGNER)
    assert verify_checkpoint(note, VKEY) == Checkpoint(ORIGIN, size, root) == unverified_checkpoint(note)


@given(st.binary(max_size=120))
def test_garbage_is_tampered_and_nothing_else(data: bytes) -> None:
    for candidate in (data, GOLDEN + data[:0] + data if data else b"", GOLDEN[:80] + data):
        with pytest.raises(Tampered):
            verify_checkpoint(candidate, VKEY)


@pytest.mark.parametrize("bad", [b"a\n\n", b"a\n\nb\n", b"a\n", b"a\t\n\n\xe2\x80\x94 k AAAAAAA=\n", b"\xff\n\n"])
def test_what_is_not_a_note_is_malformed(bad: bytes) -> None:
    with pytest.raises(Malformed):
        parse_note(bad)


def test_limits_of_a_note() -> None:
    line = GOLDEN.decode().partition("\n\n")[2]
    text = GOLDEN.decode().removesuffix(line)
    assert len(parse_note((text + line * MAX_SIGNATURES).encode()).signatures) == MAX_SIGNATURES
    with pytest.raises(Malformed, match="signatures"):
        parse_note((text + line * (MAX_SIGNATURES + 1)).encode())
    with pytest.raises(Malformed, match="longer"):
        parse_note(b"x" * 70_000 + GOLDEN)


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "name",
        "a+b",
        VKEY.replace("bc3d9b7c", "bc3d9b7d"),
        VKEY.replace("bc3d9b7c", "BC3D9B7C"),
        VKEY.replace("police.ee", "police.fi"),
        VKEY.replace("+AQ", "+BA"),  # a witness's key type
        VKEY[:-4],
        VKEY + "+",
        " " + VKEY,
    ],
)
def test_a_damaged_key_is_malformed(bad: str) -> None:
    with pytest.raises(Malformed):
        parse_vkey(bad)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\nb", "a\x01"])
def test_a_bad_key_name_is_malformed(name: str) -> None:
    with pytest.raises(Malformed, match=r"^key name"):
        NoteKey(name, Ed25519PrivateKey.generate().public_key().public_bytes_raw())
