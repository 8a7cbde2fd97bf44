"""Identifiers: which kinds there are, where a record holds them, and the key each is found by. Pure."""

from hashlib import sha256

KINDS: dict[str, tuple[str, ...]] = {
    "passport": ("passportNumber", "number"),
    "national-id": ("idNumber", "personalNumber", "number"),
    "document": ("number", "passportNumber", "idNumber"),
    "iban": ("iban",),
    "account": ("accountNumber", "iban"),
    "vin": ("vin",),
    "plate": ("registrationNumber",),
    "phone": ("phone",),
    "tax": ("taxNumber", "vatCode", "innCode"),
    "registration": ("registrationNumber", "ogrnCode", "leiCode"),
    "imo": ("imoNumber",),
    "wallet": ("publicKey",),
}
"""Which FollowTheMoney properties hold an identifier of each kind."""

PREFIX = "i:"
"""How the key of an identifier begins."""
_LONGEST = 100


def identifier_key(kind: str, normal: str) -> str:
    """Return the key of an identifier in normal form; an overlong one is found by its digest."""
    value = normal if len(normal) <= _LONGEST else sha256(normal.encode()).hexdigest()
    return f"{PREFIX}{kind}:{value}"
