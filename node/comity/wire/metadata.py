"""The metadata keys of a signed message, and both directions of them."""

from collections.abc import Iterable
from typing import Any

from comity.errors import Reason, Unauthenticated
from comity.identity.signature import SignedMessage

SIGNATURE = "comity-signature-bin"
KEY_ID = "comity-key-id"
RECEIPT = "comity-receipt-bin"


def of_message(message: SignedMessage) -> tuple[tuple[str, str | bytes], ...]:
    """Return the metadata that carries a message's signature."""
    return ((SIGNATURE, message.signature), (KEY_ID, message.key_id))


def signed_message(type_name: str, payload: bytes, metadata: Iterable[Any]) -> SignedMessage:
    """Return the signed message of a payload and its metadata; raises `Unauthenticated` if a key is not there once."""
    found: dict[str, str | bytes] = {}
    for key, value in metadata:
        if key in (SIGNATURE, KEY_ID):
            if key in found:
                raise Unauthenticated(f"{key} is there twice", reason=Reason.SIGNATURE_INVALID)
            found[key] = value
    signature, key_id = found.get(SIGNATURE), found.get(KEY_ID)
    if not isinstance(signature, bytes) or not isinstance(key_id, str):
        raise Unauthenticated(f"the message carries no {SIGNATURE} or no {KEY_ID}", reason=Reason.SIGNATURE_INVALID)
    return SignedMessage(type_name, payload, signature, key_id)


def receipt_of(metadata: Iterable[Any]) -> bytes:
    """Return the receipt of a reply's trailing metadata, or nothing."""
    return next((value for key, value in metadata if key == RECEIPT), b"")
