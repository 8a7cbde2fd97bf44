"""Peer descriptors: what two countries hand each other. Pure.

A descriptor is a JSON document inside a DSSE envelope, signed by the node's key, whose certificate it carries.
Its fingerprint covers what must never change unnoticed: country, trust domain, CA keys and ledger key.
"""

import base64
import hashlib
import json
import re
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from comity.errors import Malformed, Violation
from comity.identity.certificates import Party, load_certificates, verify_party
from comity.identity.signature import sign, verify
from comity.identity.spiffe import SpiffeId, check_trust_domain, parse_spiffe_id

PAYLOAD_TYPE = "application/vnd.comity.peer-descriptor.v1+json"
_COUNTRY = re.compile(r"^[A-Z]{2}\Z")
_ADDRESS = re.compile(r"^([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}\Z")  # host:port, never a scheme or a path
_VKEY = re.compile(r"^([a-z0-9./-]{1,256})\+[0-9a-f]{8}\+[A-Za-z0-9+/]{1,128}={0,2}\Z")  # C2SP signed-note
_TEXTS = ("country", "authority", "node", "ca_pem", "certificate_pem", "ledger_vkey")
_MAX_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Descriptor:
    """One node, as it introduces itself; PEM as text, addresses as `host:port`."""

    country: str
    authority: str
    node: str
    ca_pem: str
    certificate_pem: str
    addresses: tuple[str, ...]
    ledger_vkey: str
    languages: tuple[str, ...]
    protocol_versions: tuple[str, ...] = ("comity.v1",)

    @property
    def node_id(self) -> SpiffeId:
        """The node's SPIFFE id."""
        return parse_spiffe_id(self.node)

    @property
    def trust_domain(self) -> str:
        """The country's trust domain."""
        return self.node_id.trust_domain

    @property
    def ca_bundle(self) -> list[x509.Certificate]:
        """The CA certificates of the country."""
        return load_certificates(self.ca_pem.encode())

    @property
    def fingerprint(self) -> str:
        """Eight groups of four hex digits to compare by telephone: 128 bits of SHA-256."""
        digest = hashlib.sha256(f"comity-peer-v1\n{self.country}\n{self.trust_domain}\n{self.ledger_vkey}\n".encode())
        for ca in sorted(hashlib.sha256(_ca_spki(ca)).digest() for ca in self.ca_bundle):
            digest.update(ca)
        text = digest.hexdigest()[:32]
        return " ".join(text[i : i + 4] for i in range(0, 32, 4))


def seal_descriptor(descriptor: Descriptor, key: ec.EllipticCurvePrivateKey, key_id: str) -> bytes:
    """Return the signed envelope as JSON bytes."""
    payload = json.dumps(asdict(descriptor), sort_keys=True, separators=(",", ":")).encode()
    signature = sign(key, PAYLOAD_TYPE, payload)
    envelope = {
        "payloadType": PAYLOAD_TYPE,
        "payload": base64.b64encode(payload).decode(),
        "signatures": [{"keyid": key_id, "sig": base64.b64encode(signature).decode()}],
    }
    return json.dumps(envelope, indent=2).encode() + b"\n"


def read_descriptor(envelope: bytes) -> Descriptor:
    """Parse an envelope without proving anything; raises `Malformed`. For envelopes proven when they came in."""
    return _open(envelope)[0]


def open_descriptor(envelope: bytes, at: datetime) -> Descriptor:
    """Parse an envelope and prove that the node it names signed it; raises `Malformed` or `Unauthenticated`.

    It proves possession, not who the country is: that is what the fingerprint and a telephone are for.
    """
    descriptor, payload, signature = _open(envelope)
    verify(descriptor_party(descriptor, at).public_key, PAYLOAD_TYPE, payload, signature)
    return descriptor


def descriptor_party(descriptor: Descriptor, at: datetime) -> Party:
    """Return the `Party` of a descriptor's certificate, proven by its own CA bundle; raises `Unauthenticated`."""
    leaf = load_certificates(descriptor.certificate_pem.encode())[0]
    party = verify_party(leaf, descriptor.ca_bundle, descriptor.trust_domain, at)
    if party.spiffe_id != descriptor.node_id:
        raise Malformed("peer descriptor: the certificate names another node")
    return party


def _open(envelope: bytes) -> tuple[Descriptor, bytes, bytes]:
    if len(envelope) > _MAX_BYTES:
        raise Malformed(f"peer descriptor: larger than {_MAX_BYTES} bytes")
    try:
        outer = json.loads(envelope)
        payload = base64.b64decode(outer["payload"], validate=True)
        signature = base64.b64decode(outer["signatures"][0]["sig"], validate=True)
        kind = outer["payloadType"]
        descriptor = _parse(json.loads(payload))
    except (ValueError, KeyError, TypeError, IndexError, RecursionError) as cause:
        raise Malformed("peer descriptor: not a DSSE envelope made by `comity peer export`") from cause
    if kind != PAYLOAD_TYPE:
        raise Malformed(f"peer descriptor: payloadType is not {PAYLOAD_TYPE}")
    return descriptor, payload, signature


def _parse(document: Any) -> Descriptor:
    if not isinstance(document, dict):
        raise Malformed("peer descriptor: the payload is not a JSON object")
    known = Descriptor.__dataclass_fields__.keys()
    strays = sorted(document.keys() ^ known)
    if strays:
        problems = tuple(Violation(name, "unknown or missing") for name in strays)
        raise Malformed(f"peer descriptor: unknown or missing keys {', '.join(strays)}", violations=problems)
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in document.items()
    }
    wrong = [name for name, value in document.items() if not _is_text(value, several=name not in _TEXTS)]
    if wrong:
        problems = tuple(Violation(name, "is not text") for name in wrong)
        raise Malformed(f"peer descriptor: {', '.join(wrong)} must be text, or a list of text", violations=problems)
    descriptor = Descriptor(**values)
    if not _COUNTRY.match(descriptor.country):
        raise Malformed("peer descriptor: country is not an ISO 3166-1 alpha-2 code")
    check_trust_domain(descriptor.trust_domain)
    if not descriptor.addresses or not all(_ADDRESS.match(address) for address in descriptor.addresses):
        raise Malformed("peer descriptor: addresses must be one or more host:port")
    vkey = _VKEY.match(descriptor.ledger_vkey)
    if vkey is None or vkey[1] != f"{descriptor.trust_domain}/ledger":  # else it could stand in for another's ledger
        raise Malformed(f"peer descriptor: ledger_vkey is not a key of {descriptor.trust_domain}/ledger")
    return descriptor


def _is_text(value: Any, *, several: bool) -> bool:
    if several:
        return isinstance(value, list) and all(isinstance(member, str) for member in value)
    return isinstance(value, str)


def _ca_spki(ca: x509.Certificate) -> bytes:
    return ca.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
