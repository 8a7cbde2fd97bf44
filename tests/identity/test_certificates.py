"""SPIFFE ids, X.509-SVIDs and the second check of the trust domain."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from comity.errors import Malformed, Reason, Unauthenticated
from comity.identity.certificates import claimed_id, issue, new_ca, verify_party
from comity.identity.keys import key_id, new_identity_key
from comity.identity.spiffe import SpiffeId, parse_spiffe_id

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
EE_KEY, FI_KEY, NODE_KEY = new_identity_key(), new_identity_key(), new_identity_key()
EE_CA = new_ca(EE_KEY, "police.ee", "EE", NOW)
FI_CA = new_ca(FI_KEY, "poliisi.fi", "FI", NOW)
EE_NODE = SpiffeId("police.ee", "node", "node-1")


def certificate(ca=EE_CA, ca_key=EE_KEY, holder=EE_NODE, at=NOW, days=1) -> x509.Certificate:
    return issue(ca, ca_key, holder, NODE_KEY.public_key(), at=at, days=days)


def test_a_good_certificate_says_who_it_is() -> None:
    party = verify_party(certificate(), [EE_CA], "police.ee", NOW)
    assert party.spiffe_id == EE_NODE
    assert party.key_id == key_id(NODE_KEY.public_key())


def test_another_members_ca_cannot_issue_for_this_name() -> None:
    forged = certificate(ca=FI_CA, ca_key=FI_KEY)
    assert claimed_id(forged) == EE_NODE
    with pytest.raises(Unauthenticated) as refused:
        verify_party(forged, [EE_CA], "police.ee", NOW)
    assert refused.value.reason is Reason.TRUST_DOMAIN_MISMATCH


def test_a_certificate_of_another_trust_domain_is_refused() -> None:
    with pytest.raises(Unauthenticated) as refused:
        verify_party(certificate(), [EE_CA], "poliisi.fi", NOW)
    assert refused.value.reason is Reason.TRUST_DOMAIN_MISMATCH


@pytest.mark.parametrize("moment", [NOW - timedelta(hours=1), NOW + timedelta(days=2)])
def test_outside_its_time_a_certificate_is_refused(moment: datetime) -> None:
    with pytest.raises(Unauthenticated):
        verify_party(certificate(), [EE_CA], "police.ee", moment)


def test_two_uri_names_are_refused() -> None:
    builder = x509.CertificateBuilder().subject_name(x509.Name([])).issuer_name(EE_CA.subject)
    builder = builder.public_key(NODE_KEY.public_key()).serial_number(7)
    builder = builder.not_valid_before(NOW).not_valid_after(NOW + timedelta(days=1))
    names = [x509.UniformResourceIdentifier(f"spiffe://police.ee/node/{name}") for name in ("a", "b")]
    leaf = builder.add_extension(x509.SubjectAlternativeName(names), critical=True).sign(EE_KEY, hashes.SHA256())
    with pytest.raises(Unauthenticated):
        verify_party(leaf, [EE_CA], "police.ee", NOW)


@pytest.mark.parametrize(
    "text",
    [
        "spiffe://police.ee/node",
        "spiffe://police.ee/node/",
        "spiffe://police.ee/node/../staff/x",
        "spiffe://police.ee/node/a/b",
        "spiffe://police.ee//node/a",
        "spiffe://Police.ee/node/a",
        "spiffe://police.ee/node/A",
        "spiffe://police.ee/node/a\n",
        "spiffe://police.ee/admin/a",
        "spiffe://police.ee./node/a",
        "spiffe://\u0440olice.ee/node/a",
        "SPIFFE://police.ee/node/a",
        "https://police.ee/node/a",
        "spiffe://police.ee/node/a?x",
        "",
    ],
)
def test_one_strict_parse(text: str) -> None:
    with pytest.raises(Malformed):
        parse_spiffe_id(text)


def test_a_spiffe_id_survives_the_round_trip() -> None:
    assert parse_spiffe_id(str(EE_NODE)) == EE_NODE
