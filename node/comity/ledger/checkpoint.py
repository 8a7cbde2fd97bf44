"""Checkpoints: signed heads of a ledger (c2sp.org/tlog-checkpoint). The key's name is the origin."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from comity.errors import Malformed, Tampered
from comity.ledger.merkle import HASH_SIZE
from comity.ledger.note import NoteSigner, b64, parse_note, parse_vkey, strict_b64, verify_note

MAX_SIZE = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How large a ledger is and its root. `extensions` are opaque further lines, which this ledger never writes."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return what a note's text says; raises `Malformed` unless it is exactly a checkpoint."""
        origin, *rest = text.removesuffix("\n").split("\n")
        if len(rest) < 2 or not origin or "" in rest:
            raise Malformed("checkpoint: it needs the lines origin, size and root, none of them empty")
        size, root, *extensions = rest
        canonical = size.isascii() and size.isdecimal() and (size == "0" or not size.startswith("0"))
        if not canonical or len(size) > 19 or int(size) > MAX_SIZE:
            raise Malformed("checkpoint: the size is not a decimal number in range")
        decoded = strict_b64(root, "checkpoint root")
        if len(decoded) != HASH_SIZE:
            raise Malformed(f"checkpoint: the root is not {HASH_SIZE} bytes")
        return cls(origin, int(size), decoded, tuple(extensions))

    def text(self) -> str:
        """Return the text that is signed."""
        lines = (self.origin, str(self.size), b64(self.root), *self.extensions)
        return "\n".join(lines) + "\n"


def sign_checkpoint(size: int, root: bytes, signer: NoteSigner) -> bytes:
    """Return the signed note of a head; the origin is the signer's name."""
    return signer.sign(f"{signer.key.name}\n{size}\n{b64(root)}\n")


@lru_cache(maxsize=256)  # receipts of one batch share their checkpoint: a signature is checked once
def verify_checkpoint(note: bytes, vkey: str) -> Checkpoint:
    """Return the checkpoint that the holder of `vkey` signed; raises `Tampered`.

    The origin must be the key's name. Other signature lines, such as witnesses', are ignored.
    """
    key = parse_vkey(vkey)
    parsed, _ = verify_note(note, (key,))
    try:
        checkpoint = Checkpoint.parse(parsed.text)
    except Malformed as cause:
        raise Tampered(str(cause), detail={"where": "checkpoint"}) from cause
    if checkpoint.origin != key.name:
        raise Tampered(f"checkpoint: signed by {key.name} for another ledger's origin", detail={"where": "checkpoint"})
    return checkpoint


def unverified_checkpoint(note: bytes) -> Checkpoint:
    """Return what a note claims without checking any signature; raises `Malformed`. Never act on it."""
    return Checkpoint.parse(parse_note(note).text)
