"""The key that signs policy bundles, and the keys whose bundles this node takes.

`keys/bundle.key` signs what the node itself makes of its agreements. `keys/bundle.pem` holds the public keys that
count, the node's own first; the operator adds the key of a policy workstation by appending its PEM. There is no other
way in: a bundle signed by any other key is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from comity.errors import Unavailable
from comity.identity.keys import key_id, load_identity_key, new_identity_key, private_pem, write_secret

BUNDLE_KEY, BUNDLE_PINS = "bundle.key", "bundle.pem"
_END = b"-----END PUBLIC KEY-----"


@dataclass(frozen=True, slots=True)
class BundleKeys:
    """The node's own bundle key, and every pinned public key by its id."""

    key: ec.EllipticCurvePrivateKey = field(repr=False)
    pinned: Mapping[str, ec.EllipticCurvePublicKey]

    @property
    def key_id(self) -> str:
        """Id of the node's own bundle key."""
        return key_id(self.key.public_key())


def create_bundle_key(folder: Path) -> None:
    """Make the key and pin it; raises `FileExistsError` where there is one."""
    key = new_identity_key()
    write_secret(folder / BUNDLE_KEY, private_pem(key))
    (folder / BUNDLE_PINS).write_bytes(public_pem(key.public_key()))


def load_bundle_keys(folder: Path) -> BundleKeys:
    """Load the key and the pinned ones; raises `Unavailable` where a file is missing, open to others or no key."""
    key = load_identity_key(folder / BUNDLE_KEY)
    pinned = load_public_keys(folder / BUNDLE_PINS)
    if key_id(key.public_key()) not in pinned:
        raise Unavailable(f"{folder / BUNDLE_PINS} does not hold the node's own bundle key: restore it from the backup")
    return BundleKeys(key, pinned)


def load_public_keys(file: Path) -> dict[str, ec.EllipticCurvePublicKey]:
    """Return the P-256 public keys of a PEM file by key id; raises `Unavailable` for anything else in it."""
    try:
        blocks = [block + _END for block in file.read_bytes().split(_END)[:-1]]
        keys = [serialization.load_pem_public_key(block) for block in blocks]
    except FileNotFoundError as cause:
        raise Unavailable(f"{file} is missing: restore it from the backup") from cause
    except (ValueError, UnsupportedAlgorithm) as cause:
        raise Unavailable(f"{file} holds something that is no public key in PEM: remove it") from cause
    found = {
        key_id(key): key
        for key in keys
        if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)
    }
    if not keys or len(found) != len(keys):
        raise Unavailable(f"{file} must hold P-256 public keys in PEM, each once")
    return found


def public_pem(key: ec.EllipticCurvePublicKey) -> bytes:
    """Return a public key in PEM, as `opa --verification-key` reads it."""
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
