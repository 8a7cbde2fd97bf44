"""What a country declares about an agreement: a statement, signed by its node, that proves itself. Pure.

A statement is RFC 8785 JSON in a DSSE envelope (JSON) whose one signature carries the signer's certificate, so that
any party, and a court years later, can check it with nothing but the country's CA certificates.
"""

import base64
import binascii
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import rfc8785
from cryptography import x509

from comity.errors import Malformed, Reason, Unauthenticated
from comity.identity.certificates import load_certificates
from comity.identity.node import NodeIdentity
from comity.identity.signature import sign, verify
from comity.identity.store import Peer, utc_from_ms

PAYLOAD_TYPE = "application/vnd.comity.agreement-statement.v1+json"
MAX_BYTES = 16 * 1024
_MAX_AHEAD_SECONDS = 600  # the most that `clock_skew_seconds` can be set to
_MAX_TIME = 253_402_300_800_000  # the year 10000: later no calendar shows it
_TEXTS = {
    "agreement": 128, "digest": 64, "amends": 64, "act": 16, "country": 2, "node": 512, "official": 64, "role": 64,
    "note": 500,
}  # fmt: skip
"""How long each text may be: what an event of the life cycle holds."""
_NUMBERS = ("revision", "at", "effective_at")


class StatementAct(StrEnum):
    """What a country declares."""

    SIGNED = "signed"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Statement:
    """One declaration; `official` is a pseudonym, times are milliseconds since the Unix epoch.

    `amends` is the digest of the text that a signed one amends, empty for a first text.
    """

    agreement: str
    revision: int
    digest: str
    amends: str
    act: StatementAct
    country: str
    node: str
    official: str
    role: str
    at: int
    effective_at: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class SignedStatement:
    """A statement with the envelope that proves it."""

    statement: Statement
    envelope: bytes


def declare(identity: NodeIdentity, statement: Statement) -> SignedStatement:
    """Sign a declaration of this country."""
    payload = rfc8785.dumps(asdict(statement))
    signature = {
        "keyid": identity.key_id,
        "sig": _base64(sign(identity.key, PAYLOAD_TYPE, payload)),
        "cert": identity.certificate_pem.decode(),
    }
    envelope = {"payloadType": PAYLOAD_TYPE, "payload": _base64(payload), "signatures": [signature]}
    return SignedStatement(statement, json.dumps(envelope, sort_keys=True).encode())


def read_statement(envelope: bytes) -> Statement:
    """Parse an envelope without proving anything; raises `Malformed`. For envelopes proven when they came in."""
    return _open(envelope)[0]


def prove_statement(envelope: bytes, signer: Peer, at: datetime) -> SignedStatement:
    """Prove that a peer's node made a statement; raises `Malformed` or `Unauthenticated`.

    The certificate must have been valid when it was signed, and chain to the CA of the country that it speaks for.
    """
    statement, payload, signature, named, leaf = _open(envelope)
    if statement.country != signer.country or statement.node != signer.node:
        raise Unauthenticated(
            f"a signature for {statement.country} is not by the node that this node knows as {signer.country}'s",
            reason=Reason.SIGNATURE_INVALID,
        )
    signed_at = utc_from_ms(statement.at)
    party = signer.prove(leaf, signed_at)
    if party.key_id != named:
        raise Unauthenticated("the statement's key is not that of its certificate", reason=Reason.SIGNATURE_INVALID)
    verify(party.public_key, PAYLOAD_TYPE, payload, signature)
    if signed_at.timestamp() - at.timestamp() > _MAX_AHEAD_SECONDS:
        raise Malformed("statement: it is dated in the future: check the clocks")
    return SignedStatement(statement, envelope)


def _open(envelope: bytes) -> tuple[Statement, bytes, bytes, str, x509.Certificate]:
    if len(envelope) > MAX_BYTES:
        raise Malformed(f"statement: larger than {MAX_BYTES} bytes")
    try:
        outer = json.loads(envelope)
        payload = base64.b64decode(outer["payload"], validate=True)
        (signature,) = outer["signatures"]
        proof = base64.b64decode(signature["sig"], validate=True)
        leaf = load_certificates(signature["cert"].encode())[0]
        named, kind, document = signature["keyid"], outer["payloadType"], json.loads(payload)
        canonical = rfc8785.dumps(document)
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error, RecursionError) as cause:
        raise Malformed("statement: not a DSSE envelope with one signature and its certificate") from cause
    if kind != PAYLOAD_TYPE:
        raise Malformed(f"statement: payloadType is not {PAYLOAD_TYPE}")
    if canonical != payload:
        raise Malformed("statement: its payload is not canonical JSON (RFC 8785)")
    return _parse(document), payload, proof, named, leaf


def _parse(document: Any) -> Statement:
    if not isinstance(document, dict) or document.keys() != Statement.__dataclass_fields__.keys():
        raise Malformed("statement: unknown or missing keys")
    texts = all(isinstance(document[name], str) and len(document[name]) <= most for name, most in _TEXTS.items())
    numbers = all(type(document[name]) is int and 0 < document[name] < _MAX_TIME for name in _NUMBERS)
    if not texts or not numbers or any(not letter.isprintable() for name in _TEXTS for letter in document[name]):
        raise Malformed("statement: a value has the wrong type, is too long or holds control characters")
    if document["act"] not in set(StatementAct):
        raise Malformed("statement: it declares something that this program does not know")
    return Statement(**{**document, "act": StatementAct(document["act"])})


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
