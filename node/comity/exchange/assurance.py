"""Assurances: what one country promises another about a case, as signed objects. Pure.

An assurance is a JSON document in RFC 8785 form inside a DSSE envelope, signed by the giving node's key (UN Model
Treaty on Extradition art. 4(d), EAW art. 5). The envelope carries the certificate of that key, so that it can be
proven by the country's own CA long after the key has rotated: as of the moment the assurance was given.

A withdrawal is a second such document that names the first.
"""

import base64
import json
import re
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import rfc8785
from cryptography import x509

from comity.errors import Malformed, Reason, Unauthenticated, Violation
from comity.identity.certificates import Party, load_certificates
from comity.identity.signature import verify
from comity.policy.library import schema

ASSURANCE = "application/vnd.comity.assurance.v1+json"
WITHDRAWAL = "application/vnd.comity.assurance-withdrawal.v1+json"
MAX_BYTES = 16 * 1024
_MAX_TIME = 253_402_300_800  # the year 10000
_COUNTRY = re.compile(r"^[A-Z]{2}\Z")
_CODE = re.compile(r"^[a-z0-9][a-z0-9._-]{0,63}\Z")
_NONCE = re.compile(r"^[0-9a-f]{64}\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

GIVEN, VERIFIED, WITHDRAWN, BREACHED = "given", "verified", "withdrawn", "breached"
STATUSES = (GIVEN, VERIFIED, WITHDRAWN, BREACHED)
"""From the weakest to the strongest: what happened last cannot undo a withdrawal or a breach."""

Prove = Callable[[x509.Certificate, datetime], Party]
"""Proves by a country's CA that a certificate was its node's at a moment; raises `Unauthenticated`."""


@dataclass(frozen=True, slots=True)
class Assurance:
    """A promise; times in Unix seconds, `nonce` 32 bytes in hex that blind the ledgers' commitments.

    `giver` and `recipient` are countries, `official` is a pseudonym that the giver can resolve. `case` empty: it holds
    for every case under the agreement.
    """

    id: str
    kind: str
    giver: str
    authority: str
    official: str
    recipient: str
    agreement: str
    case: str
    text: str
    issued_at: int
    expires_at: int
    nonce: str

    def covers(self, agreement: str, case: str, at: datetime) -> bool:
        """Whether it speaks about a question under an agreement, about a case, at a moment."""
        return (
            self.agreement == agreement
            and self.case in ("", case)
            and self.issued_at <= int((at + _SKEW).timestamp())
            and int(at.timestamp()) < self.expires_at
        )


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """The giver takes an assurance back; `assurance` is its id."""

    assurance: str
    giver: str
    recipient: str
    withdrawn_at: int


@dataclass(frozen=True, slots=True)
class Envelope:
    """The exact bytes that were signed, with DSSE payload type, signature (DER), key id (hex) and certificate (PEM)."""

    kind: str
    payload: bytes
    signature: bytes
    key_id: str
    certificate: bytes

    def encode(self) -> bytes:
        """Return the DSSE envelope as JSON."""
        signed = {
            "cert": self.certificate.decode(),
            "keyid": self.key_id,
            "sig": base64.b64encode(self.signature).decode(),
        }
        return rfc8785.dumps(
            {
                "payload": base64.b64encode(self.payload).decode(),
                "payloadType": self.kind,
                "signatures": [signed],
            }
        )


def check(assurance: Assurance) -> Assurance:
    """Return a well-formed assurance; raises `Malformed` with every broken rule."""
    problems = {
        "id": _id_problem(assurance.id),
        "kind": "" if assurance.kind in kinds() else f"is not one of {', '.join(kinds())}",
        **{name: _match(_COUNTRY, getattr(assurance, name), "a country code") for name in ("giver", "recipient")},
        **{name: _match(_CODE, getattr(assurance, name), "a code") for name in ("authority", "official", "agreement")},
        "case": _text_problem(assurance.case, 128),
        "text": _text_problem(assurance.text, 4000) if assurance.text else "is required: what is promised, in words",
        "issued_at": _time_problem(assurance.issued_at),
        "expires_at": _time_problem(assurance.expires_at)
        or ("" if assurance.expires_at > assurance.issued_at else "is not after issued_at"),
        "nonce": _match(_NONCE, assurance.nonce, "32 bytes in hex"),
    }
    _refuse("assurance", problems)
    return assurance


def kinds() -> tuple[str, ...]:
    """Return the kinds of assurance that agreements may ask for."""
    return tuple(schema("agreement")["$defs"]["assurance"]["enum"])


def payload_of(document: Assurance | Withdrawal) -> bytes:
    """Return the bytes to sign."""
    return rfc8785.dumps(asdict(document))


def read_envelope(data: bytes) -> Envelope:
    """Parse an envelope without proving anything; raises `Malformed`."""
    if len(data) > MAX_BYTES:
        raise Malformed(f"assurance: an envelope is larger than {MAX_BYTES} bytes")
    try:
        outer = json.loads(data)
        (signed,) = outer["signatures"]
        return Envelope(
            outer["payloadType"],
            base64.b64decode(outer["payload"], validate=True),
            base64.b64decode(signed["sig"], validate=True),
            str(signed["keyid"]),
            signed["cert"].encode(),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as cause:
        raise Malformed("assurance: not a DSSE envelope made by `comity assurance give`") from cause


def read_assurance(envelope: Envelope) -> Assurance:
    """Return the assurance in an envelope, unproven; raises `Malformed`."""
    return check(Assurance(**_document(envelope, ASSURANCE, Assurance)))


def read_withdrawal(envelope: Envelope) -> Withdrawal:
    """Return the withdrawal in an envelope, unproven; raises `Malformed`."""
    withdrawal = Withdrawal(**_document(envelope, WITHDRAWAL, Withdrawal))
    problems = {
        "assurance": _id_problem(withdrawal.assurance),
        **{name: _match(_COUNTRY, getattr(withdrawal, name), "a country code") for name in ("giver", "recipient")},
        "withdrawn_at": _time_problem(withdrawal.withdrawn_at),
    }
    _refuse("withdrawal", problems)
    return withdrawal


def prove(envelope: Envelope, signed_at: int, by: Prove) -> None:
    """Check that the country's own node signed the envelope, with a key that was its at that moment.

    Raises `Unauthenticated`: the certificate is another's, was not valid then, or the signature is not its key's.
    """
    try:
        leaf = load_certificates(envelope.certificate)[0]
    except Malformed as cause:
        raise _forged("its certificate cannot be read") from cause
    party = by(leaf, datetime.fromtimestamp(signed_at, UTC))
    if party.key_id != envelope.key_id:
        raise _forged("it names another key than its certificate")
    verify(party.public_key, envelope.kind, envelope.payload, envelope.signature)


_SKEW = timedelta(minutes=10)


def _document(envelope: Envelope, kind: str, shape: type[Any]) -> dict[str, Any]:
    """Return the fields of a document; exactly those of the shape, of its types, in the one form that is signed."""
    if envelope.kind != kind:
        raise Malformed(f"assurance: payloadType is not {kind}")
    try:
        document = json.loads(envelope.payload)
        known = {name: field.type for name, field in shape.__dataclass_fields__.items()}
        if {name: type(value) for name, value in document.items()} != known:
            raise Malformed("assurance: other fields than the known ones")
        canonical = rfc8785.dumps(document)
    except (ValueError, AttributeError, RecursionError) as cause:
        raise Malformed("assurance: the payload is not its JSON document") from cause
    if canonical != envelope.payload:
        raise Malformed("assurance: the payload is not in RFC 8785 form")
    found: dict[str, Any] = document
    return found


def _id_problem(value: str) -> str:
    try:
        parsed = uuid.UUID(value)
    except ValueError:
        return "must be a UUIDv7"
    return "" if str(parsed) == value and parsed.version == 7 else "must be a UUIDv7 in canonical form"


def _match(pattern: re.Pattern[str], value: str, what: str) -> str:
    return "" if pattern.match(value) else f"is not {what}"


def _text_problem(value: str, limit: int) -> str:
    if len(value) > limit:
        return f"is longer than {limit} characters"
    return "holds a control character" if _CONTROL.search(value) else ""


def _time_problem(value: int) -> str:
    return "" if 0 < value < _MAX_TIME else "is no time between 1970 and 9999"


def _refuse(what: str, problems: dict[str, str]) -> None:
    found = tuple(Violation(name, problem) for name, problem in problems.items() if problem)
    if found:
        raise Malformed(f"{what}: " + "; ".join(f"{each.field} {each.problem}" for each in found), violations=found)


def _forged(problem: str) -> Unauthenticated:
    return Unauthenticated(f"assurance: {problem}", reason=Reason.SIGNATURE_INVALID)
