"""The signature of a bundle in OPA's format: one JWS (ES256) over the hash of every file. Pure.

`.signatures.json` holds `{"signatures": [JWS]}`; its payload names each file with its hash, the id of the key and
the scope. joserfc reads the JWS of others; what may stand in one is decided here.
"""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from comity.errors import Tampered
from comity.policy.structured import file_hash

SIGNATURES = ".signatures.json"
SCOPE = "comity"
ALGORITHM = "ES256"
_HASH = "SHA-256"
_HEX = re.compile(r"[0-9a-f]{64}\Z")

Pinned = Mapping[str, EllipticCurvePublicKey]
"""The keys whose bundles this node takes, by key id (SHA-256 of the SubjectPublicKeyInfo in hex)."""


@dataclass(frozen=True, slots=True)
class BundleSigner:
    """A bundle key (P-256) and its id."""

    key: EllipticCurvePrivateKey = field(repr=False)
    key_id: str

    def sign(self, files: Mapping[str, bytes]) -> bytes:
        """Return the `.signatures.json` of these files."""
        named = [{"name": name, "hash": file_hash(name, files[name]), "algorithm": _HASH} for name in sorted(files)]
        payload = {"files": named, "keyid": self.key_id, "scope": SCOPE}
        header = {"alg": ALGORITHM, "kid": self.key_id}
        text = f"{_base64(_json(header))}.{_base64(_json(payload))}"
        # joserfc would sign with chance in it; so (RFC 6979) the same set gives the same bundle, byte for byte
        signature = self.key.sign(text.encode(), ECDSA(SHA256(), deterministic_signing=True))
        pair = b"".join(number.to_bytes(32, "big") for number in decode_dss_signature(signature))
        return _json({"signatures": [f"{text}.{_base64(pair)}"]})


def passing_signer() -> BundleSigner:
    """Return a signer for bundles that this process hands to a program of its own: its key is never kept."""
    return BundleSigner(generate_private_key(SECP256R1()), "passing")


def check_signature(files: Mapping[str, bytes], pinned: Pinned) -> str:
    """Return the id of the pinned key that signed exactly these files; raises `Tampered` saying what is wrong.

    Nothing is optional: a signature, its key id, the scope, and a hash for every file and no other.
    """
    if SIGNATURES not in files:
        raise refused("unsigned", "it is not signed")
    try:
        token = _token(files[SIGNATURES])
        key_id = _key_id(token)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, JoseError) as cause:
        raise refused("unsigned", "its signature file holds no single JWS with a key id") from cause
    if key_id not in pinned:
        raise refused("key", "the key that signed it is not one this node has pinned")
    try:
        signed = jws.deserialize_compact(token, ECKey.import_key(pinned[key_id]), algorithms=[ALGORITHM])
        payload = json.loads(signed.payload)
    except (ValueError, TypeError, RecursionError, JoseError) as cause:
        raise refused("signature", "its signature is not that key's") from cause
    if not isinstance(payload, dict) or payload.get("scope") != SCOPE or payload.get("keyid") != key_id:
        raise refused("signature", f"its signature is not for scope {SCOPE} and that key")
    _check_files({name: content for name, content in files.items() if name != SIGNATURES}, payload.get("files"))
    return key_id


def refused(code: str, problem: str) -> Tampered:
    """Return the error of a bundle that is not taken: `code` is one plain word, for the ledger."""
    said = f"the bundle is refused: {problem}; take it again from where it was built"
    return Tampered(said, detail={"where": problem, "code": code})


def _token(content: bytes) -> Any:
    ((name, (token,)),) = json.loads(content).items()
    if name != "signatures":  # OPA knows another key beside it, which names a verifier of one's own
        raise ValueError(name)
    return token


def _key_id(token: Any) -> str:
    header = jws.extract_compact(token.encode()).headers()
    key_id = header["kid"]
    if header["alg"] != ALGORITHM or set(header) - {"alg", "kid", "typ"} or not isinstance(key_id, str) or not key_id:
        raise ValueError("header")
    return key_id


def _check_files(files: Mapping[str, bytes], named: Any) -> None:
    """Refuse files that are not signed, signed files that are missing, and changed ones."""
    try:
        signed = {each["name"]: each["hash"] for each in named}
        sound = len(signed) == len(named) and all(each["algorithm"] == _HASH for each in named)
        sound = sound and all(_HEX.match(each) for each in signed.values())
    except (TypeError, KeyError) as cause:
        raise refused("files", "its signature names no files") from cause
    if not sound:
        raise refused("files", "its signature names a file twice or without its SHA-256")
    if extra := sorted(files.keys() - signed.keys()):
        raise refused("files", f"{extra[0]} is not signed")
    if missing := sorted(signed.keys() - files.keys()):
        raise refused("files", f"{missing[0]} is missing")
    for name, content in sorted(files.items()):
        try:
            right = file_hash(name, content) == signed[name]
        except ValueError as cause:
            raise refused("files", f"{name} is not strict JSON") from cause
        if not right:
            raise refused("files", f"{name} was changed")


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
