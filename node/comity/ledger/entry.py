"""What one leaf of the ledger says, and its one encoding.

The fields are those that art. 25 of Directive (EU) 2016/680 asks to log, and no personal data of a subject. The
encoding is the tag `CLE` and version 1, then each field that is not empty as number (1 byte), length (2 bytes) and
value, numbers rising. Fields may be added with higher numbers, never moved, reused or retyped; an entry that does not
use a new field keeps its bytes.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

from comity.errors import Malformed
from comity.ledger.codec import Cursor, sized

TAG = b"CLE\x01"
MAX_ENTRY_BYTES = 32 * 1024  # an entry of a C2SP tile bundle must stay below 64 KiB
MAX_TEXT_BYTES = 256
MAX_LIST_ITEMS = 128
MAX_TIME_MS = 253_402_300_799_999  # the end of year 9999, the last that a datetime can hold

NIL_EXCHANGE = UUID(int=0)
"""The exchange id of entries that belong to no exchange."""


class EntryKind(IntEnum):
    """What happened. Numbers are never reused."""

    QUESTION_ASKED = 1  # requester, before the question is sent
    QUESTION_ANSWERED = 2  # responder, before the reply is sent: permitted, under review or refused
    ANSWER_RECEIVED = 3  # requester, when the verified reply came in
    ANSWER_MISSING = 4  # requester: no reply, or none that verifies
    REFUSED_AT_HOME = 5  # requester: our own policy did not let our official ask
    RECORDS_IMPORTED = 6
    RECORDS_ERASED = 7
    RECORDS_VIEWED = 8  # a member of staff looked at records at home
    AGREEMENT_CHANGED = 9
    POLICY_ACTIVATED = 10
    PEER_CHANGED = 11
    KEY_CHANGED = 12
    MESSAGE_ERASED = 13  # the kept messages of an exchange, at the end of their retention
    REVIEW_DECIDED = 14  # an officer of the responder approved, refused or returned a question
    ALARM = 15
    ASSURANCE_CHANGED = 16  # given, taken in, verified, withdrawn or breached; the outcome says which


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One leaf. Empty text, empty bytes, 0 and empty tuples mean "does not apply".

    `time_ms` counts milliseconds since the Unix epoch in UTC. Digests and commitments are SHA-256 (32 bytes). The two
    lists are sets: they are sorted here. `note` is a short remark of the program (never of a person about a subject).
    """

    kind: EntryKind
    time_ms: int
    exchange_id: UUID = NIL_EXCHANGE
    requester: str = ""
    responder: str = ""
    official: str = ""
    official_role: str = ""
    purpose: str = ""
    category: str = ""
    subject_category: str = ""
    action: str = ""
    outcome: str = ""
    disclosure: str = ""
    released_fields: tuple[str, ...] = ()
    refusal_codes: tuple[str, ...] = ()
    agreement_id: str = ""
    agreement_revision: int = 0
    agreement_digest: bytes = b""
    policy_digest: bytes = b""
    request_commitment: bytes = b""
    answer_commitment: bytes = b""
    object_digest: bytes = b""
    note: str = ""

    def __post_init__(self) -> None:
        for name in ("released_fields", "refusal_codes"):
            given = getattr(self, name)
            if len(given) > 1:
                object.__setattr__(self, name, tuple(sorted(set(given))))


# control, soft hyphen, zero-width, line separators, bidirectional overrides, byte order mark: invisible ways to make
# two different entries look alike. Spelled out, because Python's own classes change with its Unicode version.
_INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)


def commitment(nonce: bytes, signed_bytes_digest: bytes) -> bytes:
    """Return SHA-256(nonce ‖ SHA-256 of the signed bytes): binds to a message, says nothing once the nonce is gone."""
    if len(nonce) != _DIGEST_SIZE or len(signed_bytes_digest) != _DIGEST_SIZE:
        raise Malformed("commitment: nonce and digest need 32 bytes each")
    return sha256(nonce + signed_bytes_digest).digest()


def encode_entry(entry: LedgerEntry) -> bytes:
    """Return the one encoding of an entry; raises `Malformed` naming the field that breaks a rule."""
    if not 0 < entry.time_ms <= MAX_TIME_MS:
        raise Malformed("time_ms: not a moment between 1970 and 9999, in milliseconds")
    parts = [TAG]
    for field in _FIELDS:
        value = getattr(entry, field.name)
        if value:
            parts.append(field.encode(field, value))
    data = b"".join(parts)
    if len(data) > MAX_ENTRY_BYTES:
        raise Malformed(f"entry: longer than {MAX_ENTRY_BYTES} bytes: shorten its lists")
    return data


def decode_entry(data: bytes) -> LedgerEntry:
    """Return the entry in `data`; raises `Malformed` unless these are exactly the bytes of its encoding."""
    if len(data) > MAX_ENTRY_BYTES:
        raise Malformed(f"entry: longer than {MAX_ENTRY_BYTES} bytes")
    values = {field.name: field.decode(field, value) for field, value in _split(data)}
    if "kind" not in values or "time_ms" not in values:
        raise Malformed("entry: kind or time is missing")
    entry = LedgerEntry(**values)
    if encode_entry(entry) != data:  # order, repetition, empty values: whatever is not canonical shows here
        raise Malformed("entry: not the canonical encoding of what it says")
    return entry


def _split(data: bytes) -> "list[tuple[_Field, bytes]]":
    """Return the fields as they stand; by hand and not by `Cursor`, because receipts are decoded on the hot path."""
    if not data.startswith(TAG):
        raise Malformed("entry: it does not begin with the tag of a known version")
    found, at, end = [], len(TAG), len(data)
    while at < end:
        field = _BY_NUMBER.get(data[at])
        if field is None:
            raise Malformed("entry: it holds a field of a newer version: update this program")
        start = at + 3
        at = start + int.from_bytes(data[at + 1 : start], "big")
        if start > end or at > end:
            raise Malformed("entry: it is cut off")
        found.append((field, data[start:at]))
    return found


class _Field(NamedTuple):
    number: int
    name: str
    encode: "Callable[[_Field, Any], bytes]"
    decode: "Callable[[_Field, bytes], Any]"


def _encode_text(field: _Field, value: str) -> bytes:
    return _cached_text(field.number, value)


@lru_cache(maxsize=4096)  # the same few node names, purposes and officials come again and again
def _cached_text(number: int, value: str) -> bytes:
    return bytes((number,)) + sized(_checked(_BY_NUMBER[number].name, value), 2)


def _encode_list(field: _Field, value: tuple[str, ...]) -> bytes:
    return _cached_list(field.number, value)


@lru_cache(maxsize=512)
def _cached_list(number: int, value: tuple[str, ...]) -> bytes:
    name = _BY_NUMBER[number].name
    if len(value) > MAX_LIST_ITEMS:
        raise Malformed(f"{name}: more than {MAX_LIST_ITEMS} items")
    items = b"".join(sized(_checked(name, item), 2) for item in value)
    return bytes((number,)) + sized(items, 2)


def _encode_digest(field: _Field, value: bytes) -> bytes:
    if len(value) != _DIGEST_SIZE:
        raise Malformed(f"{field.name}: a SHA-256 has {_DIGEST_SIZE} bytes")
    return b"%c\x00\x20%b" % (field.number, value)


def _encode_number(field: _Field, value: int) -> bytes:
    width = _WIDTHS[field.name]
    if not 0 <= value < 1 << 8 * width:
        raise Malformed(f"{field.name}: out of range")
    return bytes((field.number, 0, width)) + value.to_bytes(width, "big")


def _encode_uuid(field: _Field, value: UUID) -> bytes:
    return b"" if value.int == 0 else b"%c\x00\x10%b" % (field.number, value.bytes)


def _checked(name: str, value: str) -> bytes:
    if not value:
        raise Malformed(f"{name}: an item is empty")
    if not (value.isascii() and value.isprintable()) and _INVISIBLE.search(value):
        raise Malformed(f"{name}: control or invisible characters are not allowed")
    try:
        data = value.encode()
    except UnicodeEncodeError as cause:
        raise Malformed(f"{name}: not valid Unicode") from cause
    if len(data) > MAX_TEXT_BYTES:
        raise Malformed(f"{name}: longer than {MAX_TEXT_BYTES} bytes")
    return data


def _decode_text(field: _Field, data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as cause:
        raise Malformed(f"{field.name}: not UTF-8") from cause


def _decode_list(field: _Field, data: bytes) -> tuple[str, ...]:
    cursor, items = Cursor(data, field.name), []
    while not cursor.done:
        items.append(_decode_text(field, cursor.sized(2)))
    return tuple(items)


def _decode_bytes(_field: _Field, data: bytes) -> bytes:
    return data


def _decode_number(_field: _Field, data: bytes) -> int:
    return int.from_bytes(data, "big")


def _decode_kind(_field: _Field, data: bytes) -> EntryKind:
    try:
        return EntryKind(int.from_bytes(data, "big"))
    except ValueError as cause:
        raise Malformed("kind: of a newer version: update this program") from cause


def _decode_uuid(field: _Field, data: bytes) -> UUID:
    if len(data) != 16:
        raise Malformed(f"{field.name}: a UUID has 16 bytes")
    return UUID(bytes=data)


_DIGEST_SIZE = 32
_WIDTHS = {"kind": 2, "time_ms": 8, "agreement_revision": 4}
_FIELDS = (
    _Field(1, "kind", _encode_number, _decode_kind),
    _Field(2, "time_ms", _encode_number, _decode_number),
    _Field(3, "exchange_id", _encode_uuid, _decode_uuid),
    _Field(4, "requester", _encode_text, _decode_text),
    _Field(5, "responder", _encode_text, _decode_text),
    _Field(6, "official", _encode_text, _decode_text),
    _Field(7, "official_role", _encode_text, _decode_text),
    _Field(8, "purpose", _encode_text, _decode_text),
    _Field(9, "category", _encode_text, _decode_text),
    _Field(10, "subject_category", _encode_text, _decode_text),
    _Field(11, "action", _encode_text, _decode_text),
    _Field(12, "outcome", _encode_text, _decode_text),
    _Field(13, "disclosure", _encode_text, _decode_text),
    _Field(14, "released_fields", _encode_list, _decode_list),
    _Field(15, "refusal_codes", _encode_list, _decode_list),
    _Field(16, "agreement_id", _encode_text, _decode_text),
    _Field(17, "agreement_revision", _encode_number, _decode_number),
    _Field(18, "agreement_digest", _encode_digest, _decode_bytes),
    _Field(19, "policy_digest", _encode_digest, _decode_bytes),
    _Field(20, "request_commitment", _encode_digest, _decode_bytes),
    _Field(21, "answer_commitment", _encode_digest, _decode_bytes),
    _Field(22, "object_digest", _encode_digest, _decode_bytes),
    _Field(23, "note", _encode_text, _decode_text),
)
_BY_NUMBER = {field.number: field for field in _FIELDS}
