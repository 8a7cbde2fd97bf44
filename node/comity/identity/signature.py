"""Detached signatures over the exact bytes of a message: DSSE's pre-authentication encoding, ECDSA P-256.

Pure. The type is part of what is signed, so that a signed request can never pass for a reply.
Source: https://github.com/secure-systems-lab/dsse/blob/master/protocol.md
"""

from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from comity.errors import Reason, Unauthenticated

_ECDSA = ec.ECDSA(hashes.SHA256())


@dataclass(frozen=True, slots=True)
class SignedMessage:
    """The exact bytes that were signed, with signature (DER) and the signer's key id (hex)."""

    type_name: str
    payload: bytes
    signature: bytes
    key_id: str


def payload_type(type_name: str) -> str:
    """Return the DSSE payload type of a protobuf message, e.g. `SearchRequest`."""
    return f"application/vnd.comity.v1.{type_name}+protobuf"


def pae(payload_kind: str, payload: bytes) -> bytes:
    """Return DSSE's pre-authentication encoding of a payload and its type."""
    kind = payload_kind.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def sign(key: ec.EllipticCurvePrivateKey, payload_kind: str, payload: bytes) -> bytes:
    """Sign a payload under its type; returns a DER signature."""
    return key.sign(pae(payload_kind, payload), _ECDSA)


def verify(key: ec.EllipticCurvePublicKey, payload_kind: str, payload: bytes, signature: bytes) -> None:
    """Check a signature; raises `Unauthenticated` (SIGNATURE_INVALID) for anything but a valid one."""
    if not signature:
        raise Unauthenticated("the message carries no signature", reason=Reason.SIGNATURE_INVALID)
    try:
        key.verify(signature, pae(payload_kind, payload), _ECDSA)
    except InvalidSignature as cause:
        raise Unauthenticated("the signature does not match the message", reason=Reason.SIGNATURE_INVALID) from cause
