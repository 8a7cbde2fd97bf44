"""The vault: signed messages kept encrypted until their retention ends.

Each message has its own random AES-256-GCM key, which the node's key-encryption key (KEK) wraps. Exchange, peer, part
and retention are bound in as associated data, so a row that was moved or prolonged does not open. Erasing removes key
and ciphertext and leaves the row as a tombstone; the nonce of the commitments goes with it, so the ledger entry then
says nothing about the message, and the Merkle tree stays as it is.
"""

import os
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import bindparam, select, update

from comity.errors import Malformed, NotFound, Tampered
from comity.ledger.codec import Cursor, sized
from comity.ledger.entry import commitment
from comity.ledger.store import AnyRow, vault_message
from comity.store import Row, Tx

KEY_SIZE = 32
_IV_SIZE = 12
_MESSAGE_TAG = b"CLM\x01"
_ROW_TAG = b"comity-vault-1"


class Part(StrEnum):
    """Which message of an exchange; replies after the first have names of their own, of at most 16 characters."""

    REQUEST = "request"
    REPLY = "reply"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message belongs: exchange id as text, peer, part, and when it may go (milliseconds since the epoch)."""

    exchange_id: str
    peer: str
    part: str
    retain_until_ms: int


@dataclass(frozen=True, slots=True)
class SignedMessage:
    """Exactly the bytes that were signed, their DSSE payload type, signature and key id, and the commitment's nonce."""

    payload_type: str
    payload: bytes
    signature: bytes
    key_id: str
    nonce: bytes

    def commitment(self) -> bytes:
        """Return what the ledger entry holds for this message."""
        return commitment(self.nonce, sha256(self.payload).digest())

    def encode(self) -> bytes:
        """Return the plaintext of the vault: each part behind its 4-byte length."""
        parts = (self.payload_type.encode(), self.payload, self.signature, self.key_id.encode(), self.nonce)
        return _MESSAGE_TAG + b"".join([sized(part, 4) for part in parts])

    @classmethod
    def decode(cls, data: bytes) -> "SignedMessage":
        """Return the message in `data`; raises `Malformed`."""
        cursor = Cursor(data, "vault message")
        cursor.tag(_MESSAGE_TAG)
        kind, payload, signature, key_id, nonce = (cursor.sized(4) for _ in range(5))
        cursor.finish()
        try:
            return cls(kind.decode(), payload, signature, key_id.decode(), nonce)
        except UnicodeDecodeError as cause:
            raise Malformed("vault message: not UTF-8") from cause


class Vault:
    """Seals and opens messages under one key-encryption key of 32 bytes. Thread-safe.

    Random 96-bit values under one KEK are safe for 2^32 messages (NIST SP 800-38D, 8.3).
    """

    def __init__(self, kek: bytes) -> None:
        if len(kek) != KEY_SIZE:
            raise Malformed(f"kek: the key-encryption key has {KEY_SIZE} bytes")
        self._wrap = AESGCM(kek)

    def seal(self, message: SignedMessage, place: Place) -> Row:
        """Return the row to insert, in the same transaction as the ledger entry."""
        random = os.urandom(KEY_SIZE + 2 * _IV_SIZE)
        key, wrap_iv, iv = random[:KEY_SIZE], random[KEY_SIZE:-_IV_SIZE], random[-_IV_SIZE:]
        bound = _bound(place)
        values = {
            "exchange_id": place.exchange_id,
            "peer": place.peer,
            "part": str(place.part),
            "wrapped_key": wrap_iv + self._wrap.encrypt(wrap_iv, key, bound),
            "iv": iv,
            "ciphertext": AESGCM(key).encrypt(iv, message.encode(), bound),
            "retain_until_ms": place.retain_until_ms,
        }
        return Row(vault_message, values)

    def open(self, tx: Tx, exchange_id: str, peer: str, part: str) -> SignedMessage:
        """Return a kept message; raises `NotFound` when it is not kept any more, `Tampered` when it does not open."""
        where = {"exchange_id": exchange_id, "peer": peer, "part": str(part)}
        row = tx.execute(_ONE, where).first()
        if row is None or is_erased(row):
            raise NotFound("vault: this message is not kept, or its retention has ended")
        return self.open_row(row)

    def open_row(self, row: AnyRow) -> SignedMessage:
        """Return the message of a row of `vault_message` that is not erased; raises `Tampered`."""
        where = f"vault {row.exchange_id} {row.part}"
        try:
            bound = _bound(Place(row.exchange_id, row.peer, row.part, row.retain_until_ms))
            key = self._wrap.decrypt(row.wrapped_key[:_IV_SIZE], row.wrapped_key[_IV_SIZE:], bound)
            return SignedMessage.decode(AESGCM(key).decrypt(row.iv, row.ciphertext, bound))
        except (InvalidTag, Malformed, ValueError, TypeError, OverflowError, AttributeError) as cause:
            raise Tampered(
                "vault: a kept message does not open: it was changed, or the key-encryption key is another one",
                detail={"where": where},
            ) from cause


def erase(tx: Tx, exchange_id: str) -> int:
    """Erase all messages of an exchange, keys and nonces included, for ever; return how many there were."""
    return int(tx.execute(_ERASE, {"gone": exchange_id}).rowcount)


def expired(tx: Tx, now_ms: int, limit: int = 1000) -> list[str]:
    """Return exchange ids with a message whose retention has ended, the longest ended first."""
    rows = tx.execute(_EXPIRED, {"now": now_ms, "most": limit})
    return list(dict.fromkeys(row.exchange_id for row in rows))


def is_erased(row: AnyRow) -> bool:
    """Return whether a row of `vault_message` is a tombstone: no key, no value, no ciphertext."""
    return not (row.wrapped_key or row.iv or row.ciphertext)


def _bound(place: Place) -> bytes:
    texts = (place.exchange_id.encode(), place.peer.encode(), place.part.encode())
    return _ROW_TAG + b"".join([sized(text, 2) for text in texts]) + place.retain_until_ms.to_bytes(8, "big")


_v = vault_message.c
_ONE = select(vault_message).where(
    _v.exchange_id == bindparam("exchange_id"), _v.peer == bindparam("peer"), _v.part == bindparam("part")
)
_ERASE = (
    update(vault_message)
    .where(_v.exchange_id == bindparam("gone"), _v.wrapped_key != b"")
    .values(wrapped_key=b"", iv=b"", ciphertext=b"")
)
_EXPIRED = (
    select(_v.exchange_id)
    .where(_v.retain_until_ms <= bindparam("now"), _v.wrapped_key != b"")
    .order_by(_v.retain_until_ms)
    .limit(bindparam("most"))
)
