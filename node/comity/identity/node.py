"""A node's own identity: keys and certificates in one folder, made once, loaded at start."""

import hmac
import os
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from comity.errors import Conflict, NotFound, Unavailable
from comity.identity.bundle_key import create_bundle_key
from comity.identity.certificates import (
    NODE_DAYS,
    STAFF_DAYS,
    certificate_pem,
    issue,
    load_certificates,
    new_ca,
)
from comity.identity.keys import (
    key_id,
    load_identity_key,
    load_ledger_key,
    new_identity_key,
    new_ledger_key,
    private_pem,
    read_secret,
    write_secret,
)
from comity.identity.signature import SignedMessage, payload_type, sign
from comity.identity.spiffe import SpiffeId, check_name, check_trust_domain

CA_KEY, CA_CERTIFICATE = "ca.key", "ca.pem"
NODE_KEY, NODE_CERTIFICATE = "node.key", "node.pem"
LEDGER_KEY, KEK, PSEUDONYM_KEY = "ledger.key", "kek.key", "pseudonym.key"


@dataclass(frozen=True, slots=True)
class NodeIdentity:
    """What a running node needs to say who it is; `kek` and `pseudonym_key` are 32 random bytes each."""

    node_id: SpiffeId
    key: ec.EllipticCurvePrivateKey = field(repr=False)
    key_id: str
    certificate: x509.Certificate
    ca_pem: bytes
    ledger_key: ed25519.Ed25519PrivateKey = field(repr=False)
    kek: bytes = field(repr=False)
    pseudonym_key: bytes = field(repr=False)
    key_pem: bytes = field(repr=False)

    @property
    def certificate_pem(self) -> bytes:
        """The node's certificate in PEM."""
        return certificate_pem(self.certificate)

    @property
    def ledger_origin(self) -> str:
        """The origin line of the node's checkpoints."""
        return f"{self.node_id.trust_domain}/ledger"

    def staff_pseudonym(self, country: str, name: str) -> str:
        """Return a staff member's pseudonym: only this node, with its secret, can resolve it."""
        tag = hmac.new(self.pseudonym_key, b"staff\0" + name.encode(), sha256).hexdigest()
        return f"{country.lower()}-{tag[:20]}"

    def sign(self, type_name: str, payload: bytes) -> SignedMessage:
        """Sign the exact bytes of a protobuf message."""
        return SignedMessage(type_name, payload, sign(self.key, payload_type(type_name), payload), self.key_id)


def create_identity(folder: Path, country: str, trust_domain: str, name: str, at: datetime) -> None:
    """Make all keys and certificates of a node in an empty folder; raises `Conflict` if there are any."""
    check_trust_domain(trust_domain)
    check_name(name)
    if folder.exists() and any(folder.iterdir()):
        raise Conflict(f"{folder} already holds keys: a node's identity is made once")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    ca_key, node_key = new_identity_key(), new_identity_key()
    ca = new_ca(ca_key, trust_domain, country, at)
    holder = SpiffeId(trust_domain, "node", name)
    certificate = issue(ca, ca_key, holder, node_key.public_key(), at=at, days=NODE_DAYS)
    write_secret(folder / CA_KEY, private_pem(ca_key))
    write_secret(folder / NODE_KEY, private_pem(node_key))
    write_secret(folder / LEDGER_KEY, private_pem(new_ledger_key()))
    write_secret(folder / KEK, os.urandom(32))
    write_secret(folder / PSEUDONYM_KEY, os.urandom(32))
    create_bundle_key(folder)
    (folder / CA_CERTIFICATE).write_bytes(certificate_pem(ca))
    (folder / NODE_CERTIFICATE).write_bytes(certificate_pem(certificate))


def load_identity(folder: Path, node_id: SpiffeId) -> NodeIdentity:
    """Load a node's identity; raises `Unavailable` where a file is missing, readable by others, or not its own."""
    key = load_identity_key(folder / NODE_KEY)
    certificate = load_certificates(_read(folder / NODE_CERTIFICATE))[0]
    if certificate.public_key() != key.public_key():
        raise Unavailable(f"{folder / NODE_CERTIFICATE} was not issued for {folder / NODE_KEY}: restore the pair")
    return NodeIdentity(
        node_id=node_id,
        key=key,
        key_id=key_id(key.public_key()),
        certificate=certificate,
        ca_pem=_read(folder / CA_CERTIFICATE),
        ledger_key=load_ledger_key(folder / LEDGER_KEY),
        kek=read_secret(folder / KEK),
        pseudonym_key=read_secret(folder / PSEUDONYM_KEY),
        key_pem=read_secret(folder / NODE_KEY),
    )


def issue_staff(keys: Path, staff: Path, trust_domain: str, name: str, at: datetime) -> SpiffeId:
    """Make a staff member's key and certificate, signed by the node's own CA; raises `Conflict` if there is one."""
    holder = SpiffeId(trust_domain, "staff", check_name(name))
    ca_key, ca = load_identity_key(keys / CA_KEY), load_certificates(_read(keys / CA_CERTIFICATE))[0]
    key = new_identity_key()
    staff.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        write_secret(staff / f"{name}.key", private_pem(key))
    except FileExistsError:
        raise Conflict(f"staff member {name} already has a key") from None
    certificate = issue(ca, ca_key, holder, key.public_key(), at=at, days=STAFF_DAYS)
    (staff / f"{name}.pem").write_bytes(certificate_pem(certificate))
    return holder


def load_staff(staff: Path, name: str) -> tuple[bytes, bytes]:
    """Return a staff member's key and certificate in PEM; raises `NotFound`."""
    if not (staff / f"{name}.pem").exists():
        raise NotFound(f"no staff certificate {name} in {staff}: `comity staff add {name} --role …` makes one")
    return read_secret(staff / f"{name}.key"), (staff / f"{name}.pem").read_bytes()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as cause:
        raise Unavailable(f"{path} is missing: restore it from the backup or run `comity init`") from cause
