"""The error tree of Comity.

    ComityError
    ├── Unauthenticated      who speaks is not proven           reasons UNKNOWN_PEER, SIGNATURE_INVALID, …
    ├── Forbidden            proven, but may not call this      PEER_SUSPENDED, METHOD_NOT_ALLOWED
    ├── Malformed            the input breaks a rule            MALFORMED
    ├── Precondition         right form, wrong moment or place  WRONG_AUDIENCE, STALE_REQUEST, AGREEMENT_MISMATCH, …
    ├── Conflict             contradicts what is stored         REPLAY
    ├── NotFound             nothing under that name            NOT_FOUND
    ├── Exhausted            a limit of the node is reached     QUOTA, TOO_MANY_CONCURRENT
    ├── Unavailable          cannot decide or record now        POLICY_UNAVAILABLE, LEDGER_UNAVAILABLE, DRAINING, …
    └── Tampered             stored or received proof is wrong  TAMPERED

A policy refusal is an answer, not an error. Reasons are the words of `protocol.md`; `wire` maps each class to
a gRPC status in one table. `str(error)` is the public text: it never holds personal data nor the cause, which
travels in `__cause__` to the log only.
"""

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Machine-readable reason of an error (`google.rpc.ErrorInfo.reason`), the table of `protocol.md`."""

    UNKNOWN_PEER = "UNKNOWN_PEER"
    CERTIFICATE_REVOKED = "CERTIFICATE_REVOKED"
    SIGNATURE_INVALID = "SIGNATURE_INVALID"
    TRUST_DOMAIN_MISMATCH = "TRUST_DOMAIN_MISMATCH"
    PEER_SUSPENDED = "PEER_SUSPENDED"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    WRONG_AUDIENCE = "WRONG_AUDIENCE"
    STALE_REQUEST = "STALE_REQUEST"
    AGREEMENT_MISMATCH = "AGREEMENT_MISMATCH"
    AGREEMENT_STATE = "AGREEMENT_STATE"
    ASSURANCE_STATE = "ASSURANCE_STATE"
    FOUR_EYES = "FOUR_EYES"
    MALFORMED = "MALFORMED"
    REPLAY = "REPLAY"
    NOT_FOUND = "NOT_FOUND"
    QUOTA = "QUOTA"
    TOO_MANY_CONCURRENT = "TOO_MANY_CONCURRENT"
    POLICY_UNAVAILABLE = "POLICY_UNAVAILABLE"
    LEDGER_UNAVAILABLE = "LEDGER_UNAVAILABLE"
    DRAINING = "DRAINING"
    TRY_AGAIN = "TRY_AGAIN"
    TAMPERED = "TAMPERED"
    INTERNAL = "INTERNAL"


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule of an input: `field` is a dotted path, `problem` says what is wrong and how to mend it."""

    field: str
    problem: str


class ComityError(Exception):
    """Root of every error this package raises on purpose. `reason` is what a program may act on."""

    default_reason = Reason.INTERNAL

    def __init__(self, message: str, *, reason: Reason | None = None, detail: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.reason = reason or self.default_reason
        self.detail = detail or {}


class Unauthenticated(ComityError):
    """Who speaks is not proven."""

    default_reason = Reason.SIGNATURE_INVALID


class Forbidden(ComityError):
    """The caller is known but may not make this call."""

    default_reason = Reason.METHOD_NOT_ALLOWED


class Malformed(ComityError):
    """The input breaks one or more rules; all of them are in `violations`."""

    default_reason = Reason.MALFORMED

    def __init__(
        self, message: str, *, violations: tuple[Violation, ...] = (), detail: dict[str, str] | None = None
    ) -> None:
        super().__init__(message, detail=detail)
        self.violations = violations


class Precondition(ComityError):
    """Well formed, but not for this node, this moment or this agreement."""

    default_reason = Reason.STALE_REQUEST


class Conflict(ComityError):
    """Contradicts what is already stored."""

    default_reason = Reason.REPLAY


class NotFound(ComityError):
    """Nothing is stored under that name."""

    default_reason = Reason.NOT_FOUND


class Exhausted(ComityError):
    """A limit of the node is reached."""

    default_reason = Reason.QUOTA


class Unavailable(ComityError):
    """The node cannot decide or cannot record; nothing was released."""

    default_reason = Reason.POLICY_UNAVAILABLE


class Tampered(ComityError):
    """A proof, a stored row or a received message does not verify. `where` in `detail` names the place."""

    default_reason = Reason.TAMPERED
