"""C2SP signed notes with Ed25519 keys (c2sp.org/signed-note, signature type 0x01).

Parsing is strict: one text has one note, byte for byte, so a changed byte is always found.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from comity.errors import Malformed, Tampered

MAX_NOTE_BYTES = 64 * 1024
MAX_SIGNATURES = 64  # the specification asks for room for at least 16

_ED25519 = b"\x01"
_ID_SIZE = 4
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_BAD_NAME = re.compile(r"[\s+]")
_DASH = "\u2014 "


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A verification key: a name and a raw Ed25519 public key of 32 bytes. Raises `Malformed` on a bad name or key."""

    name: str
    public: bytes

    def __post_init__(self) -> None:
        if not self.name or _BAD_NAME.search(self.name) or _CONTROL.search(self.name):
            raise Malformed("key name: it must not be empty nor hold spaces, `+` or control characters")
        if len(self.public) != 32:
            raise Malformed("key: an Ed25519 public key has 32 bytes")

    @property
    def id(self) -> bytes:
        """The four bytes that stand before each signature of this key."""
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:_ID_SIZE]

    @property
    def vkey(self) -> str:
        """The text form `name+id+base64(type, key)`, as a peer descriptor carries it."""
        return f"{self.name}+{self.id.hex()}+{b64(_ED25519 + self.public)}"


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line of a note, not yet checked."""

    name: str
    key_id: bytes
    signature: bytes

    def line(self) -> str:
        """Return the line as it stands in a note."""
        return f"{_DASH}{self.name} {b64(self.key_id + self.signature)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A parsed note whose signatures are not yet checked: `text` ends with a newline."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def encode(self) -> bytes:
        """Return the bytes of the note."""
        return (self.text + "\n" + "".join(item.line() for item in self.signatures)).encode()


class NoteSigner:
    """A signing key and its name. Thread-safe."""

    def __init__(self, name: str, private: Ed25519PrivateKey) -> None:
        self.key = NoteKey(name, private.public_key().public_bytes_raw())
        self._private = private
        self._head = f"\n{_DASH}{name} ".encode()
        self._id = self.key.id

    def sign(self, text: str) -> bytes:
        """Return `text`, which ends with a newline, as a note with this one signature."""
        data = text.encode()
        signature = base64.b64encode(self._id + self._private.sign(data))
        return b"%b%b%b\n" % (data, self._head, signature)


@lru_cache(maxsize=256)
def parse_vkey(vkey: str) -> NoteKey:
    """Return the key of its text form; raises `Malformed` when it is not one or its id is not its own."""
    name, _, rest = vkey.partition("+")
    key_id, _, encoded = rest.partition("+")
    data = strict_b64(encoded, "ledger key")
    if data[:1] != _ED25519:
        raise Malformed("ledger key: only Ed25519 keys (type 01) are known: ask the peer for one")
    key = NoteKey(name, data[1:])
    if key.id.hex() != key_id:
        raise Malformed("ledger key: its id does not belong to it: it was damaged or put together by hand")
    return key


def parse_note(data: bytes) -> Note:
    """Return the note in `data`, unchecked; raises `Malformed` on anything that is not exactly one note."""
    if len(data) > MAX_NOTE_BYTES:
        raise Malformed(f"note: longer than {MAX_NOTE_BYTES} bytes")
    try:
        whole = data.decode()
    except UnicodeDecodeError as cause:
        raise Malformed("note: not UTF-8") from cause
    text, blank, tail = whole.rpartition("\n\n")
    if not blank or not tail.endswith("\n") or _CONTROL.search(whole):
        raise Malformed("note: it is not a text, an empty line and signature lines")
    lines = tail[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise Malformed(f"note: more than {MAX_SIGNATURES} signatures")
    return Note(text + "\n", tuple(_parse_signature(line) for line in lines))


def verify_note(data: bytes, keys: Sequence[NoteKey]) -> tuple[Note, frozenset[NoteKey]]:
    """Return the note and the keys, each once, that signed it.

    Lines of unknown keys are ignored. Raises `Tampered` when a line of a known key does not verify, or there is none.
    """
    try:
        note = parse_note(data)
    except Malformed as cause:
        raise _broken(str(cause)) from cause
    known = {(key.name, key.id): key for key in keys}
    signers: set[NoteKey] = set()
    text = note.text.encode()
    for item in note.signatures:
        key = known.get((item.name, item.key_id))
        if key is not None:
            _check(key, item.signature, text)
            signers.add(key)
    if not signers:
        raise _broken("note: no known key signed it: compare the ledger key with the peer's by telephone")
    return note, frozenset(signers)


def strict_b64(text: str, field: str) -> bytes:
    """Return what base64 `text` says; raises `Malformed` unless it is the one canonical spelling."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as cause:
        raise Malformed(f"{field}: not base64") from cause
    if b64(data) != text:
        raise Malformed(f"{field}: not the canonical base64 spelling")
    return data


def _parse_signature(line: str) -> NoteSignature:
    dash, space, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    if dash + space != _DASH or not name or _BAD_NAME.search(name):
        raise Malformed("note: a signature line is not `— name base64`")
    data = strict_b64(encoded, "note signature")
    if len(data) <= _ID_SIZE:
        raise Malformed("note: a signature is empty")
    return NoteSignature(name, data[:_ID_SIZE], data[_ID_SIZE:])


def _check(key: NoteKey, signature: bytes, text: bytes) -> None:
    try:
        _public(key.public).verify(signature, text)
    except (InvalidSignature, ValueError) as cause:
        raise _broken(f"note: the signature of {key.name} does not verify") from cause


@lru_cache(maxsize=256)
def _public(raw: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(raw)


def b64(data: bytes) -> str:
    """Return standard base64 with padding (RFC 4648, section 4)."""
    return base64.b64encode(data).decode()


def _broken(problem: str) -> Tampered:
    return Tampered(problem, detail={"where": "checkpoint"})
