"""The metadata keys of a signed message, and both directions of them."""

from collections.abc import Iterable
from typing import Any

from google.protobuf.message import DecodeError

from comity.errors import Malformed, Reason, Unauthenticated
from comity.exchange.model import SignedReply
from comity.identity.signature import SignedMessage
from comity.ledger.receipt import Receipt
from comity.v1 import common_pb2

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


def of_reply(reply: SignedReply) -> tuple[tuple[str, str | bytes], ...]:
    """Return the trailing metadata of a signed reply."""
    fields = of_message(reply.message)
    if reply.receipt is None:
        return fields
    return (*fields, (RECEIPT, receipt_to_proto(reply.receipt).SerializeToString()))


def receipt_of(metadata: Iterable[Any]) -> Receipt | None:
    """Return the receipt of a reply's trailing metadata, or None; raises `Malformed`."""
    found = next((value for key, value in metadata if key == RECEIPT), None)
    if found is None:
        return None
    try:
        message = common_pb2.Receipt.FromString(found)
    except DecodeError as cause:
        raise Malformed(f"{RECEIPT} is not a Receipt") from cause
    return receipt_from_proto(message)


def receipt_to_proto(held: Receipt) -> common_pb2.Receipt:
    """Return the message of a receipt."""
    return common_pb2.Receipt(entry=held.entry, index=held.index, proof=held.proof, checkpoint=held.checkpoint)


def receipt_from_proto(message: common_pb2.Receipt) -> Receipt:
    """Return the receipt of a message, unchecked."""
    return Receipt(message.entry, message.index, tuple(message.proof), message.checkpoint)
