"""The signed messages of an exchange, sealed into the vault and opened again."""

from datetime import datetime, timedelta

from comity.errors import Tampered
from comity.exchange.model import Header
from comity.identity.signature import SignedMessage, payload_type
from comity.ledger import vault as sealed
from comity.ledger.vault import Part, Place, Vault
from comity.store import Row, Tx

KEEP = timedelta(days=3 * 365)
"""Messages are kept as long as logs: three years (Reg. (EU) 2024/982 arts. 18, 40)."""

_PREFIX, _SUFFIX = payload_type("\0").split("\0")


def seal(vault: Vault, header: Header, peer: str, messages: tuple[SignedMessage, ...], at: datetime) -> list[Row]:
    """Return the rows of request and, where there is one, reply."""
    parts = zip(messages, (Part.REQUEST, Part.REPLY), strict=False)
    return [seal_part(vault, header, peer, message, part, at) for message, part in parts]


def seal_part(vault: Vault, header: Header, peer: str, message: SignedMessage, part: str, at: datetime) -> Row:
    """Return the row of one message."""
    until = int((at + KEEP).timestamp() * 1000)
    kind, place = payload_type(message.type_name), Place(header.exchange_id, peer, part, until)
    return vault.seal(
        sealed.SignedMessage(kind, message.payload, message.signature, message.key_id, header.nonce), place
    )


def open_message(vault: Vault, tx: Tx, exchange_id: str, peer: str, part: str) -> SignedMessage:
    """Return a kept message; raises `NotFound` when it is not kept, `Tampered` when it does not open."""
    kept = vault.open(tx, exchange_id, peer, part)
    type_name = kept.payload_type.removeprefix(_PREFIX).removesuffix(_SUFFIX)
    if payload_type(type_name) != kept.payload_type:
        raise Tampered("vault: a kept message has an unknown type", detail={"where": f"vault {exchange_id}"})
    return SignedMessage(type_name, kept.payload, kept.signature, kept.key_id)
