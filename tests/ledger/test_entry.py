"""The encoding of a leaf: golden bytes, one encoding per entry, nothing else decodes."""

from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger_samples import EXAMPLE, entries

from comity.errors import Malformed
from comity.ledger.entry import (
    _FIELDS,
    MAX_ENTRY_BYTES,
    EntryKind,
    LedgerEntry,
    commitment,
    decode_entry,
    encode_entry,
)

GOLDEN = bytes.fromhex(
    "434c450101000200020200080000019c936e387b0300100195400a7b1c7d108f310123456789ab0400197370696666653a2f2f706f6c"
    "6963652e66692f6e6f64652f610500197370696666653a2f2f706f6c6963652e65652f6e6f64652f61060006702d3766336307000c69"
    "6e76657374696761746f720800166372696d696e616c2d696e7665737469676174696f6e09000e77616e7465642d706572736f6e730a"
    "0007737573706563740b000c71756572792e7365617263680c00097065726d69747465640d0004636f72650e0012000a62697274685f"
    "6461746500046e616d650f000b00097468726573686f6c6410001165652d66692d706f6c6963652d3230323611000400000003120020"
    "010101010101010101010101010101010101010101010101010101010101010113002002020202020202020202020202020202020202"
    "020202020202020202020202021400200303030303030303030303030303030303030303030303030303030303030303150020040404"
    "040404040404040404040404040404040404040404040404040404040416002005050505050505050505050505050505050505050505"
    "0505050505050505050517000852c3a97365727665"
)
SMALLEST = bytes.fromhex("434c4501 010002000f 0200080000000000000001")

NAMES = (
    "kind",
    "time_ms",
    "exchange_id",
    "requester",
    "responder",
    "official",
    "official_role",
    "purpose",
    "category",
    "subject_category",
    "action",
    "outcome",
    "disclosure",
    "released_fields",
    "refusal_codes",
    "agreement_id",
    "agreement_revision",
    "agreement_digest",
    "policy_digest",
    "request_commitment",
    "answer_commitment",
    "object_digest",
    "note",
)
KINDS = (
    "QUESTION_ASKED",
    "QUESTION_ANSWERED",
    "ANSWER_RECEIVED",
    "ANSWER_MISSING",
    "REFUSED_AT_HOME",
    "RECORDS_IMPORTED",
    "RECORDS_ERASED",
    "RECORDS_VIEWED",
    "AGREEMENT_CHANGED",
    "POLICY_ACTIVATED",
    "PEER_CHANGED",
    "KEY_CHANGED",
    "MESSAGE_ERASED",
    "REVIEW_DECIDED",
    "ALARM",
    "ASSURANCE_CHANGED",
)


def test_golden_bytes() -> None:
    assert encode_entry(EXAMPLE) == GOLDEN
    assert decode_entry(GOLDEN) == EXAMPLE
    smallest = LedgerEntry(kind=EntryKind.ALARM, time_ms=1)
    assert encode_entry(smallest) == SMALLEST
    assert decode_entry(SMALLEST) == smallest


def test_numbers_and_names_of_fields_and_kinds_never_change() -> None:
    """Renumbering breaks every ledger that exists: this list only ever grows at its end."""
    assert [(field.number, field.name) for field in _FIELDS] == list(enumerate(NAMES, start=1))
    assert [(kind.value, kind.name) for kind in EntryKind] == list(enumerate(KINDS, start=1))
    assert set(LedgerEntry.__dataclass_fields__) == {field.name for field in _FIELDS}


@given(entries)
def test_every_entry_comes_back(entry: LedgerEntry) -> None:
    assert decode_entry(encode_entry(entry)) == entry


@given(entries, st.data())
def test_no_other_bytes_say_the_same(entry: LedgerEntry, data: st.DataObject) -> None:
    good = encode_entry(entry)
    at = data.draw(st.integers(0, len(good) - 1))
    bent = good[:at] + bytes([good[at] ^ (1 << data.draw(st.integers(0, 7)))]) + good[at + 1 :]
    for other in (bent, good[:at], good + b"\x00", good[:at] + good[at + 1 :]):
        try:
            decoded = decode_entry(other)
        except Malformed:
            continue
        assert decoded != entry
        assert encode_entry(decoded) == other


@given(st.binary(max_size=200))
def test_garbage_is_malformed_and_nothing_else(data: bytes) -> None:
    for candidate in (data, b"CLE\x01" + data, SMALLEST + data):
        try:
            decoded = decode_entry(candidate)
        except Malformed:
            continue
        assert encode_entry(decoded) == candidate


def test_order_repetition_and_empty_values_are_refused() -> None:
    tag, kind, time = SMALLEST[:4], SMALLEST[4:9], SMALLEST[9:]
    for wrong in (
        tag + time + kind,
        tag + kind + kind + time,
        tag + kind,
        tag + time,
        SMALLEST + bytes.fromhex("040000"),  # an empty requester
        SMALLEST + bytes.fromhex("040001") + b"\n",
        SMALLEST + bytes.fromhex("040001ff"),
        SMALLEST + bytes.fromhex("0e0006000162000161"),  # a list out of order
        SMALLEST + bytes.fromhex("0e00020000"),  # a list with an empty item
        SMALLEST + bytes.fromhex("110004") + bytes(4),  # revision 0 written out
        SMALLEST + bytes.fromhex("030010") + bytes(16),  # the nil exchange written out
        SMALLEST + bytes.fromhex("03000f") + bytes(15),
        SMALLEST + bytes.fromhex("180001") + b"x",  # field 24 does not exist yet
        tag + bytes.fromhex("0100020063") + time,  # kind 99 neither
        b"CLE\x02" + SMALLEST[4:],
        SMALLEST + bytes.fromhex("0400"),
        SMALLEST + bytes(MAX_ENTRY_BYTES),
    ):
        with pytest.raises(Malformed):
            decode_entry(wrong)
            pytest.fail(wrong.hex())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("requester", "a\nb"),
        ("requester", "a\x7f"),
        ("official", "p\u202e1"),
        ("purpose", "zero\u200bwidth"),
        ("note", "line\u2028separator"),
        ("note", "\ufeffmark"),
        ("note", "x" * 257),
        ("note", "é" * 129),
        ("note", "\ud800"),
        ("released_fields", ("a", "")),
        ("released_fields", tuple(f"f{i}" for i in range(129))),
        ("refusal_codes", ("tab\t",)),
        ("agreement_digest", b"short"),
        ("request_commitment", bytes(33)),
        ("agreement_revision", -1),
        ("agreement_revision", 2**32),
        ("time_ms", 0),
        ("time_ms", 253_402_300_800_000),
    ],
)
def test_a_broken_field_is_named(field: str, value: object) -> None:
    with pytest.raises(Malformed, match=f"^{field}: "):
        encode_entry(replace(EXAMPLE, **{field: value}))


def test_a_whole_entry_has_a_limit() -> None:
    long = tuple(f"{i:0250}" for i in range(128))
    with pytest.raises(Malformed, match=r"^entry: "):
        encode_entry(replace(EXAMPLE, released_fields=long, refusal_codes=long))


def test_lists_are_sets() -> None:
    entry = replace(EXAMPLE, released_fields=("b", "a", "b"))
    assert entry.released_fields == ("a", "b")


def test_commitment_is_sha256_of_nonce_and_digest() -> None:
    nonce, digest = bytes(range(32)), sha256(b"signed bytes").digest()
    assert commitment(nonce, digest) == sha256(nonce + digest).digest()
    assert commitment(nonce, digest).hex() == "924031710083603e5bd6dcf19a5cb47d8cbc39266a99d23015a3a9cf5e8f51ad"
    for wrong in ((nonce[:31], digest), (nonce, digest + b"x"), (b"", digest)):
        with pytest.raises(Malformed):
            commitment(*wrong)
