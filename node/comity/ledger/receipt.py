"""Receipts: proof that the other side logged an exchange. They verify offline, with the ledger's public key alone.

A receipt says that *some* entry is in a ledger. Whoever relies on it compares the returned entry's exchange id, parties
and commitments with the exchange it is meant to prove.
"""

from dataclasses import dataclass
from typing import Self

from comity.errors import Malformed, Tampered
from comity.ledger.checkpoint import verify_checkpoint
from comity.ledger.codec import Cursor, sized
from comity.ledger.entry import MAX_ENTRY_BYTES, LedgerEntry, decode_entry
from comity.ledger.merkle import HASH_SIZE, leaf_hash, verify_inclusion
from comity.ledger.note import MAX_NOTE_BYTES, b64, strict_b64

TAG = b"CLR\x01"
TEXT_HEAD = "c2sp.org/tlog-proof@v1"
MAX_PROOF = 63  # a tree of 2^63 leaves, the most a checkpoint can tell
MAX_RECEIPT_BYTES = MAX_ENTRY_BYTES + MAX_NOTE_BYTES + MAX_PROOF * HASH_SIZE + 64


@dataclass(frozen=True, slots=True)
class Receipt:
    """An encoded entry, its index, the hashes from its sibling to the root's child, and the signed checkpoint."""

    entry: bytes
    index: int
    proof: tuple[bytes, ...]
    checkpoint: bytes

    def encode(self) -> bytes:
        """Return the one binary form: tag, entry (4-byte length), index (8), count (1) and hashes, checkpoint (4)."""
        head = TAG + sized(self.entry, 4) + self.index.to_bytes(8, "big") + bytes((len(self.proof),))
        return head + b"".join(self.proof) + sized(self.checkpoint, 4)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Return the receipt in `data`, unchecked; raises `Malformed` unless it is exactly one."""
        if len(data) > MAX_RECEIPT_BYTES:
            raise Malformed(f"receipt: longer than {MAX_RECEIPT_BYTES} bytes")
        cursor = Cursor(data, "receipt")
        cursor.tag(TAG)
        entry, index, count = cursor.sized(4), cursor.number(8), cursor.number(1)
        if count > MAX_PROOF:
            raise Malformed(f"receipt: more than {MAX_PROOF} proof hashes")
        proof = tuple(cursor.take(HASH_SIZE) for _ in range(count))
        checkpoint = cursor.sized(4)
        cursor.finish()
        return cls(entry, index, proof, checkpoint)

    def to_text(self) -> str:
        """Return the C2SP `tlog-proof` form for a file, with the entry as its extra data."""
        lines = [TEXT_HEAD, f"extra {b64(self.entry)}", f"index {self.index}", *map(b64, self.proof), ""]
        return "\n".join(lines) + "\n" + self.checkpoint.decode()

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Return the receipt of its `tlog-proof` form, unchecked; raises `Malformed` naming the line."""
        head, blank, checkpoint = text.partition("\n\n")
        lines = head.split("\n")
        if len(text) > 2 * MAX_RECEIPT_BYTES or not blank or len(lines) < 3 or lines[0] != TEXT_HEAD:
            raise Malformed(f"receipt: it is not a proof that begins with `{TEXT_HEAD}`")
        extra, index, hashes = lines[1], lines[2], lines[3:]
        if not extra.startswith("extra "):
            raise Malformed("receipt: line 2 is not `extra` and the entry; only proofs with their entry are receipts")
        proof = tuple(strict_b64(item, "receipt: proof line") for item in hashes)
        if len(proof) > MAX_PROOF or any(len(item) != HASH_SIZE for item in proof):
            raise Malformed(f"receipt: the proof is not at most {MAX_PROOF} hashes of {HASH_SIZE} bytes")
        entry = strict_b64(extra.removeprefix("extra "), "receipt: extra")
        return cls(entry, _index(index), proof, checkpoint.encode())


def verify_receipt(receipt: Receipt, vkey: str) -> LedgerEntry:
    """Return the entry that the ledger with `vkey` holds at the receipt's index.

    Raises `Tampered` whose detail `where` says what is wrong: `checkpoint` (form, key or signature), `entry` (not an
    entry), `index` (beyond the checkpoint's size) or `proof` (entry, index and hashes do not lead to its root).
    """
    head = verify_checkpoint(receipt.checkpoint, vkey)
    try:
        entry = decode_entry(receipt.entry)
    except Malformed as cause:
        raise Tampered(str(cause), detail={"where": "entry"}) from cause
    verify_inclusion(leaf_hash(receipt.entry), receipt.index, head.size, receipt.proof, head.root)
    return entry


def _index(line: str) -> int:
    value = line.removeprefix("index ")
    canonical = value.isascii() and value.isdecimal() and (value == "0" or not value.startswith("0"))
    if value == line or not canonical or len(value) > 19:
        raise Malformed("receipt: line 3 is not `index` and a decimal number")
    return int(value)
