"""DSSE encoding and detached signatures."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_der_public_key
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import Reason, Unauthenticated
from comity.identity.keys import new_identity_key
from comity.identity.signature import pae, payload_type, sign, verify

KEY = new_identity_key()


def test_pae_is_the_specifications_example() -> None:
    # https://github.com/secure-systems-lab/dsse/blob/master/protocol.md, "Test Vectors"
    assert (
        pae("http://example.com/HelloWorld", b"hello world")
        == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


@given(st.binary(max_size=300), st.integers(0, 10_000))
def test_one_changed_bit_is_refused(payload: bytes, position: int) -> None:
    kind = payload_type("SearchRequest")
    signature = sign(KEY, kind, payload)
    verify(KEY.public_key(), kind, payload, signature)
    bit = position % (8 * (len(payload) + 1))
    changed = bytearray(payload + b"\0")
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Unauthenticated):
        verify(KEY.public_key(), kind, bytes(changed), signature)


def test_a_request_cannot_pass_for_a_reply() -> None:
    signature = sign(KEY, payload_type("SearchRequest"), b"x")
    with pytest.raises(Unauthenticated) as refused:
        verify(KEY.public_key(), payload_type("SearchResponse"), b"x", signature)
    assert refused.value.reason is Reason.SIGNATURE_INVALID


def test_no_signature_is_not_a_signature() -> None:
    with pytest.raises(Unauthenticated):
        verify(KEY.public_key(), payload_type("SearchRequest"), b"x", b"")


def test_wycheproof_ecdsa_p256(shared: Path) -> None:
    """The library under us takes only valid signatures, as the outside vectors say."""
    groups = json.loads((shared / "data/vectors/wycheproof/ecdsa_secp256r1_sha256_test.json").read_text())["testGroups"]
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    checked = 0
    for group in groups:
        key = load_der_public_key(bytes.fromhex(group["publicKeyDer"]))
        assert isinstance(key, ec.EllipticCurvePublicKey)
        for case in group["tests"]:
            try:
                key.verify(bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"]), ec.ECDSA(hashes.SHA256()))
                accepted = True
            except InvalidSignature:
                accepted = False
            if case["result"] != "acceptable":
                assert accepted == (case["result"] == "valid"), case["tcId"]
                checked += 1
    assert checked > 300
