"""What a peer may send back instead of an answer."""

import socket
from dataclasses import replace
from datetime import timedelta

import grpc
import pytest
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2
from support.world import CODEC, Refused, World

from comity.errors import Malformed
from comity.exchange.ports import Undelivered
from comity.v1 import query_service_pb2 as pb
from comity.wire.courier import GrpcCourier, _undelivered
from comity.wire.desk_client import DeskClient
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


@pytest.mark.parametrize("text", ["Juri Kaskov", "JURI_KASKOV", "", "x" * 5000, "QUOTA\n"])
def test_a_reason_that_nobody_knows_is_no_text_to_keep(text: str) -> None:
    detail = any_pb2.Any()
    detail.Pack(error_details_pb2.ErrorInfo(reason=text, domain="comity"))
    assert reason_of(status_pb2.Status(code=7, details=[detail])) == ""
    detail.Pack(error_details_pb2.ErrorInfo(reason="QUOTA", domain="comity"))
    assert reason_of(status_pb2.Status(code=7, details=[detail])) == "QUOTA"


def test_the_own_desk_is_reached_past_a_proxy(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind an office's proxy, staff still speak to their own node directly."""
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    with DeskClient.connect(world.fi.node, "investigator") as desk:
        assert desk.status(timeout=10).country == "FI"


def test_an_address_is_a_host_never_a_socket(world: World, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`unix:443` has the form host:port; gRPC would open the file 443."""
    monkeypatch.chdir(tmp_path)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind("443")
    listener.listen()
    listener.settimeout(2)
    peer = world.ee.peers.get("FI")
    there = replace(peer, descriptor=replace(peer.descriptor, addresses=("unix:443",)))
    courier = GrpcCourier(world.ee.identity)
    try:
        with pytest.raises(Undelivered):
            courier.describe(there, timedelta(seconds=1))
        with pytest.raises(TimeoutError):
            listener.accept()
    finally:
        courier.close()
        listener.close()


def test_a_reply_names_a_term_by_its_code(world: World) -> None:
    sent = world.send(world.request())
    assert not isinstance(sent, Refused)
    reply = pb.SearchResponse.FromString(sent[0])
    assert CODEC.decode_reply(reply.SerializeToString()).verdict.basis.term == "wanted-persons"
    reply.header.decision.basis.term = "Juri Kaskov"  # it would stand in a table and be kept in the open
    with pytest.raises(Malformed, match=r"basis\.term"):
        CODEC.decode_reply(reply.SerializeToString())
