"""Private keys: made, kept in files that only the owner reads, and loaded with that checked."""

import hashlib
import os
import stat
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from comity.errors import Unavailable

PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey
PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


def new_identity_key() -> ec.EllipticCurvePrivateKey:
    """Make a P-256 key: identity and message signatures."""
    return ec.generate_private_key(ec.SECP256R1())


def new_ledger_key() -> ed25519.Ed25519PrivateKey:
    """Make an Ed25519 key: C2SP signed notes ask for it."""
    return ed25519.Ed25519PrivateKey.generate()


def spki(key: PublicKey) -> bytes:
    """Return the DER of a SubjectPublicKeyInfo (RFC 5280 section 4.1)."""
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def key_id(key: PublicKey) -> str:
    """Return the SHA-256 of the SubjectPublicKeyInfo in hex: the `comity-key-id` of a signer."""
    return hashlib.sha256(spki(key)).hexdigest()


def private_pem(key: PrivateKey) -> bytes:
    """Return PKCS#8 PEM, unencrypted: the file mode and the host protect it."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def write_secret(path: Path, content: bytes) -> None:
    """Write a secret that only its owner may read (0600), never replacing one that exists."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def read_secret(path: Path) -> bytes:
    """Read a secret; raises `Unavailable` where others could read it too, or where it is missing."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as cause:
        raise Unavailable(f"key file {path} is missing: restore it from the backup or run `comity init`") from cause
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise Unavailable(f"key file {path} can be read by others: run `chmod 600 {path}`")
    return path.read_bytes()


def load_identity_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """Load a P-256 key; raises `Unavailable`."""
    key = _load(path)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise Unavailable(f"key file {path} does not hold a P-256 key")
    return key


def load_ledger_key(path: Path) -> ed25519.Ed25519PrivateKey:
    """Load an Ed25519 key; raises `Unavailable`."""
    key = _load(path)
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise Unavailable(f"key file {path} does not hold an Ed25519 key")
    return key


def _load(path: Path) -> object:
    try:
        return serialization.load_pem_private_key(read_secret(path), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as cause:
        raise Unavailable(f"key file {path} holds no private key in PEM: restore it from the backup") from cause
