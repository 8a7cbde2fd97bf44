"""What a peer may send back instead of an answer."""

import grpc
from google.protobuf import any_pb2
from google.rpc import status_pb2

from comity.wire.courier import _undelivered
from comity.wire.status import reason_of


class JunkStatus(grpc.RpcError):
    """A failed call as a hostile peer makes it: its rich status is no protobuf."""

    def code(self):
        return grpc.StatusCode.PERMISSION_DENIED

    def details(self):
        return "no"

    def trailing_metadata(self):
        return (("grpc-status-details-bin", b"\xff\xff\xff"),)


def test_a_status_that_is_junk_is_an_error_of_the_peer() -> None:
    failed = _undelivered(JunkStatus())
    assert (failed.outcome, failed.reason) == ("unreachable", "PERMISSION_DENIED")


def test_a_detail_that_is_junk_has_no_reason() -> None:
    detail = any_pb2.Any(type_url="type.googleapis.com/google.rpc.ErrorInfo", value=b"\xff\xff\xff")
    assert reason_of(status_pb2.Status(code=7, details=[detail])) == ""
