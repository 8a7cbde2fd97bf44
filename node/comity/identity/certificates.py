"""X.509: the built-in CA of a country, SPIFFE X.509-SVIDs, and the check of who a certificate is.

Pure: time is an argument. Source: SPIFFE X.509-SVID specification sections 2-5, RFC 5280.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from comity.errors import Malformed, Reason, Unauthenticated
from comity.identity.keys import key_id
from comity.identity.spiffe import SpiffeId, parse_spiffe_id

CA_DAYS = 3650
NODE_DAYS = 30
STAFF_DAYS = 365
_OVERLAP = timedelta(minutes=5)  # clocks differ


@dataclass(frozen=True, slots=True)
class Party:
    """Who a verified certificate is: id, signing key, key id (hex), and until when."""

    spiffe_id: SpiffeId
    public_key: ec.EllipticCurvePublicKey
    key_id: str
    not_after: datetime


def new_ca(key: ec.EllipticCurvePrivateKey, trust_domain: str, country: str, at: datetime) -> x509.Certificate:
    """Make the self-signed CA certificate of a trust domain."""
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, country),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Comity"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{trust_domain} CA"),
        ]
    )
    builder = _builder(name, name, key.public_key(), at, CA_DAYS)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(ca=True), critical=True)
    builder = builder.add_extension(
        x509.SubjectAlternativeName([x509.UniformResourceIdentifier(f"spiffe://{trust_domain}")]), critical=False
    )
    return builder.sign(key, hashes.SHA256())


def issue(
    ca: x509.Certificate,
    ca_key: ec.EllipticCurvePrivateKey,
    holder: SpiffeId,
    key: ec.EllipticCurvePublicKey,
    *,
    at: datetime,
    days: int,
) -> x509.Certificate:
    """Issue an X.509-SVID: one URI SAN, digitalSignature, both TLS key usages."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, holder.dns_name[:64])])
    builder = _builder(name, ca.subject, key, at, days)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(ca=False), critical=True)
    usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    names = [x509.UniformResourceIdentifier(str(holder)), x509.DNSName(holder.dns_name)]
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    issuer_key = ca_key.public_key()
    builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
    return builder.sign(ca_key, hashes.SHA256())


def certificate_pem(*certificates: x509.Certificate) -> bytes:
    """Return certificates as concatenated PEM."""
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)


def load_certificates(pem: bytes) -> list[x509.Certificate]:
    """Parse concatenated PEM certificates, at least one; raises `Malformed`."""
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError as cause:
        raise Malformed("not a list of PEM certificates") from cause


def claimed_id(leaf: x509.Certificate) -> SpiffeId:
    """Return the SPIFFE id a certificate claims, before any proof; raises `Unauthenticated`."""
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        uris = names.get_values_for_type(x509.UniformResourceIdentifier)
        if len(uris) != 1:
            raise Unauthenticated("the certificate must carry exactly one URI SAN", reason=Reason.UNKNOWN_PEER)
        return parse_spiffe_id(uris[0])
    except (x509.ExtensionNotFound, ValueError, Malformed) as cause:
        raise Unauthenticated("the certificate carries no SPIFFE id", reason=Reason.UNKNOWN_PEER) from cause


def verify_party(leaf: x509.Certificate, bundle: list[x509.Certificate], trust_domain: str, at: datetime) -> Party:
    """Prove who a certificate is by the CA bundle of its own trust domain; raises `Unauthenticated`.

    A certificate that chains to another member's CA is refused with TRUST_DOMAIN_MISMATCH, even though the TLS
    layer, which trusts the union of all bundles, let it through.
    """
    holder = claimed_id(leaf)
    if holder.trust_domain != trust_domain:
        raise Unauthenticated("the certificate names another trust domain", reason=Reason.TRUST_DOMAIN_MISMATCH)
    verifier = PolicyBuilder().store(Store(bundle)).time(at).build_client_verifier()
    try:
        verifier.verify(leaf, [])
    except VerificationError as cause:
        issued_here = any(_issued_by(leaf, ca) for ca in bundle)
        reason = Reason.UNKNOWN_PEER if issued_here else Reason.TRUST_DOMAIN_MISMATCH
        problem = "is not valid now" if issued_here else "was not issued by the CA of its trust domain"
        raise Unauthenticated(f"the certificate {problem}", reason=reason) from cause
    public_key = leaf.public_key()
    if not isinstance(public_key, ec.EllipticCurvePublicKey) or public_key.curve.name != "secp256r1":
        raise Unauthenticated("the certificate's key is not P-256", reason=Reason.UNKNOWN_PEER)
    return Party(holder, public_key, key_id(public_key), leaf.not_valid_after_utc)


def _issued_by(leaf: x509.Certificate, ca: x509.Certificate) -> bool:
    try:
        leaf.verify_directly_issued_by(ca)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, at: datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - _OVERLAP)
        .not_valid_after(at + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )
