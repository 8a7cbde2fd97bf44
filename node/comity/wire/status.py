"""Errors meet gRPC status codes in one table; a test proves it complete. The cause goes to the log only."""

from google.protobuf import any_pb2
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2
from grpc import StatusCode

from comity.errors import (
    ComityError,
    Conflict,
    Exhausted,
    Forbidden,
    Malformed,
    NotFound,
    Precondition,
    Reason,
    Tampered,
    Unauthenticated,
    Unavailable,
)

DOMAIN = "comity"

STATUS: dict[type[ComityError], StatusCode] = {
    ComityError: StatusCode.INTERNAL,
    Unauthenticated: StatusCode.UNAUTHENTICATED,
    Forbidden: StatusCode.PERMISSION_DENIED,
    Malformed: StatusCode.INVALID_ARGUMENT,
    Precondition: StatusCode.FAILED_PRECONDITION,
    Conflict: StatusCode.ALREADY_EXISTS,
    NotFound: StatusCode.NOT_FOUND,
    Exhausted: StatusCode.RESOURCE_EXHAUSTED,
    Unavailable: StatusCode.UNAVAILABLE,
    Tampered: StatusCode.DATA_LOSS,
}


def rich_status(error: ComityError) -> status_pb2.Status:
    """Return `google.rpc.Status` with `ErrorInfo` and, for malformed input, every violation as `BadRequest`."""
    details = [_packed(error_details_pb2.ErrorInfo(reason=error.reason.value, domain=DOMAIN, metadata=error.detail))]
    if isinstance(error, Malformed) and error.violations:
        bad = error_details_pb2.BadRequest()
        for violation in error.violations:
            bad.field_violations.add(field=violation.field, description=violation.problem)
        details.append(_packed(bad))
    return status_pb2.Status(code=STATUS[type(error)].value[0], message=str(error), details=details)


_REASONS = frozenset(reason.value for reason in Reason)


def reason_of(status: status_pb2.Status | None) -> str:
    """Return the reason of a rich status; an empty text where it is none of ours.

    It is kept in the open with the exchange, so a peer puts no text of its own there.
    """
    for detail in status.details if status else ():
        info = error_details_pb2.ErrorInfo()
        try:
            if detail.Unpack(info):
                return str(info.reason) if info.reason in _REASONS else ""
        except DecodeError:  # a peer may send anything
            return ""
    return ""


def _packed(message: error_details_pb2.ErrorInfo | error_details_pb2.BadRequest) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(message)
    return packed
