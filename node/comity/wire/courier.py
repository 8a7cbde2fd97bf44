"""Channels to peers: one per peer, kept open, renewed when the peer's descriptor or our certificate changes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock
from typing import Any

import grpc
from google.protobuf.message import DecodeError
from google.rpc import status_pb2
from grpc_status import rpc_status

from comity.errors import Malformed
from comity.exchange.model import SignedReply
from comity.exchange.ports import Undelivered
from comity.identity.node import NodeIdentity
from comity.identity.signature import SignedMessage
from comity.identity.store import Peer
from comity.v1 import node_service_pb2
from comity.wire import metadata
from comity.wire.agreement import METHODS as AGREEMENT_METHODS
from comity.wire.agreement import AgreementMessages
from comity.wire.claims import AwaitAnswerMessages, GetAnswerMessages
from comity.wire.status import reason_of

_OPTIONS: list[tuple[str, Any]] = [
    ("grpc.max_receive_message_length", 4 * 1024 * 1024),
    ("grpc.max_metadata_size", 16 * 1024),
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.min_reconnect_backoff_ms", 500),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    ("grpc.enable_retries", 0),
    ("grpc.enable_http_proxy", 0),  # a peer is dialled at its descriptor's address and nowhere else
    ("grpc.use_local_subchannel_pool", 1),
]
_DESCRIBE = "/comity.v1.NodeService/Describe"
_AGREEMENTS = AgreementMessages()
_REPLY_TYPES = {
    "/comity.v1.QueryService/Search": "SearchResponse",
    **{method: _AGREEMENTS.reply_type(method) for method in AGREEMENT_METHODS},
}


_STREAM_SECONDS = 20 * 60  # longer than a node keeps a stream: only a dead line is cut by it
_FETCHES, _FOLLOWS = GetAnswerMessages(), AwaitAnswerMessages()


@dataclass(frozen=True, slots=True)
class _Way:
    peer: Peer
    channels: tuple[grpc.Channel, ...]


class Line:
    """Implements `exchange.ports.Following` over one call."""

    def __init__(self, call: Any) -> None:
        self._call = call

    def __iter__(self) -> Iterator[SignedReply]:
        """Yield each reply, unverified; a stream that we ended ourselves just ends."""
        try:
            for payload in self._call:
                yield _FOLLOWS.unwrap(payload)
        except grpc.RpcError as error:
            if error.code() is not grpc.StatusCode.CANCELLED:
                raise _undelivered(error) from error

    def cancel(self) -> None:
        """End the stream."""
        self._call.cancel()


class GrpcCourier:
    """Implements `exchange.ports.Courier` over mutual TLS. Thread-safe."""

    def __init__(self, identity: NodeIdentity) -> None:
        self._identity = identity
        self._lock = Lock()
        self._lines: dict[str, _Way] = {}

    def send(self, peer: Peer, method: str, message: SignedMessage, timeout: timedelta) -> SignedReply:
        """Deliver a signed request; a broken connection is tried once more with the same bytes, which is safe."""
        payload, trailing = self._call(peer, method, message.payload, metadata.of_message(message), timeout)
        type_name = _REPLY_TYPES[method]
        return SignedReply(metadata.signed_message(type_name, payload, trailing), metadata.receipt_of(trailing))

    def claim(self, peer: Peer, message: SignedMessage, timeout: timedelta) -> SignedReply:
        """Deliver a signed `GetAnswerRequest`; return the signed reply inside the response."""
        payload, _ = self._call(peer, _FETCHES.method, message.payload, metadata.of_message(message), timeout)
        return _FETCHES.unwrap(payload)

    def follow(self, peer: Peer, message: SignedMessage) -> Line:
        """Open a stream for a signed `AwaitAnswerRequest`, to the first of the peer's addresses."""
        open_stream: Any = self._channels(peer)[0].unary_stream(_FOLLOWS.method)
        return Line(open_stream(message.payload, timeout=_STREAM_SECONDS, metadata=metadata.of_message(message)))

    def describe(self, peer: Peer, timeout: timedelta) -> bytes:
        """Return the peer's descriptor envelope."""
        return bytes(self.node_status(peer, timeout).descriptor_envelope)

    def node_status(self, peer: Peer, timeout: timedelta) -> node_service_pb2.DescribeResponse:
        """Return all that a peer says about itself; raises `Undelivered`."""
        payload, _ = self._call(peer, _DESCRIBE, b"", (), timeout)
        try:
            return node_service_pb2.DescribeResponse.FromString(payload)
        except DecodeError as cause:
            raise Malformed("the peer's description of itself is not a DescribeResponse") from cause

    def close(self) -> None:
        """Close every channel."""
        with self._lock:
            lines, self._lines = list(self._lines.values()), {}
        for line in lines:
            for channel in line.channels:
                channel.close()

    def _call(
        self, peer: Peer, method: str, payload: bytes, fields: tuple[tuple[str, str | bytes], ...], timeout: timedelta
    ) -> tuple[bytes, Any]:
        failed: grpc.RpcError | None = None
        channels = self._channels(peer)
        for channel in channels if len(channels) > 1 else channels * 2:
            try:
                send: Any = channel.unary_unary(method)
                reply, call = send.with_call(payload, timeout=timeout.total_seconds(), metadata=fields)
            except grpc.RpcError as error:
                failed = error
                if error.code() is not grpc.StatusCode.UNAVAILABLE or _told(error):
                    break
                continue
            return reply, call.trailing_metadata()
        assert failed is not None  # noqa: S101  a peer has at least one address
        raise _undelivered(failed) from failed

    def _channels(self, peer: Peer) -> tuple[grpc.Channel, ...]:
        with self._lock:
            line = self._lines.get(peer.country)
            if line is None or line.peer.descriptor != peer.descriptor:
                line = _Way(peer, tuple(self._open(peer, address) for address in peer.descriptor.addresses))
                self._lines[peer.country] = line
            return line.channels

    def _open(self, peer: Peer, address: str) -> grpc.Channel:
        mine = self._identity
        credentials = grpc.ssl_channel_credentials(peer.descriptor.ca_pem.encode(), mine.key_pem, mine.certificate_pem)
        name = peer.descriptor.node_id.dns_name
        # with its scheme, or `unix:443` would be a file
        return grpc.secure_channel(
            f"dns:///{address}", credentials, [*_OPTIONS, ("grpc.ssl_target_name_override", name)]
        )


def _undelivered(error: grpc.RpcError) -> Undelivered:
    code = error.code()
    told = _told(error)
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return Undelivered("late", "DEADLINE_EXCEEDED", "no answer within the deadline: ask again with --deadline")
    if told:
        return Undelivered("unreachable", reason_of(told) or code.name, told.message)
    if code is grpc.StatusCode.UNAVAILABLE:
        return Undelivered(
            "unreachable",
            code.name,
            "the node cannot be reached or refused our certificate: `comity peer check`",
        )
    return Undelivered("unreachable", code.name, "the peer's node answered with an error")


def _told(error: grpc.RpcError) -> status_pb2.Status | None:
    """Return what the peer's program said, or None where only the transport failed."""
    try:
        found: status_pb2.Status | None = rpc_status.from_call(error)
    except (ValueError, DecodeError):  # details and status do not agree, or are junk: not ours
        return None
    return found
