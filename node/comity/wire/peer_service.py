"""The face to peers: `QueryService`, `LedgerService`, `NodeService`."""

from collections.abc import Callable

import grpc
from google.protobuf.message import DecodeError

from comity import __version__
from comity.clock import Clock
from comity.errors import Forbidden, Malformed, Reason, Violation
from comity.exchange.release import Exchange
from comity.exchange.responder import Call, Responder
from comity.identity.access import RPCS, Caller
from comity.identity.certificates import Party
from comity.identity.store import Peer, PeerBook, PeerState
from comity.ledger.ledger import Ledger
from comity.policy.agreement import Agreement
from comity.v1 import ledger_service_pb2, node_service_pb2
from comity.wire import metadata
from comity.wire.convert import timestamp
from comity.wire.server import Handler, peer_certificate


class PeerGate:
    """Says which peer is calling and whether it may call this method at all."""

    def __init__(self, peers: PeerBook, clock: Clock) -> None:
        self._peers = peers
        self._clock = clock

    def admit(self, method: str, context: grpc.ServicerContext) -> tuple[Peer, Party]:
        """Return the proven peer; raises `Unauthenticated`, or `Forbidden` for a suspended one."""
        self._peers.refresh()
        peer, party = self._peers.identify(peer_certificate(context), self._clock())
        if peer.state is not PeerState.ACTIVE and RPCS[method].caller is Caller.ACTIVE_PEER:
            raise Forbidden("this peer is suspended: its desk officer can say why", reason=Reason.PEER_SUSPENDED)
        return peer, party


class PeerServices:
    """The handlers of every RPC that a peer may call."""

    def __init__(
        self,
        gate: PeerGate,
        responder: Responder,
        searches: Exchange,
        ledger: Ledger,
        describe: Callable[[], bytes],
        agreements_with: Callable[[str], list[Agreement]],
        clock: Clock,
    ) -> None:
        self._gate = gate
        self._responder = responder
        self._searches = searches
        self._ledger = ledger
        self._describe = describe
        self._agreements_with = agreements_with
        self._clock = clock

    def handlers(self) -> dict[str, Handler]:
        """Return the handlers by full method name."""
        return {
            "/comity.v1.QueryService/Search": Handler(self._search),
            "/comity.v1.LedgerService/GetCheckpoint": Handler(self._checkpoint),
            "/comity.v1.LedgerService/GetConsistencyProof": Handler(self._consistency),
            "/comity.v1.NodeService/Describe": Handler(self._node),
        }

    def _search(self, payload: bytes, context: grpc.ServicerContext) -> bytes:
        codec = self._searches.codec
        peer, party = self._gate.admit(codec.method, context)
        message = metadata.signed_message(codec.request_type, payload, context.invocation_metadata())
        reply = self._responder.answer(Call(peer, party, message), self._searches)
        context.set_trailing_metadata(metadata.of_reply(reply))
        return reply.message.payload

    def _checkpoint(self, _payload: bytes, context: grpc.ServicerContext) -> bytes:
        self._gate.admit("/comity.v1.LedgerService/GetCheckpoint", context)
        response = ledger_service_pb2.GetCheckpointResponse(checkpoint=self._ledger.checkpoint())
        return response.SerializeToString()

    def _consistency(self, payload: bytes, context: grpc.ServicerContext) -> bytes:
        self._gate.admit("/comity.v1.LedgerService/GetConsistencyProof", context)
        try:
            request = ledger_service_pb2.GetConsistencyProofRequest.FromString(payload)
        except DecodeError as cause:
            raise Malformed("the message is not a GetConsistencyProofRequest") from cause
        if not 0 < request.old_size <= request.new_size:
            problem = "must be more than 0 and at most new_size"
            raise Malformed(f"old_size {problem}", violations=(Violation("old_size", problem),))
        proof = self._ledger.consistency(request.old_size, request.new_size)
        return ledger_service_pb2.GetConsistencyProofResponse(proof=proof).SerializeToString()

    def _node(self, _payload: bytes, context: grpc.ServicerContext) -> bytes:
        peer, _ = self._gate.admit("/comity.v1.NodeService/Describe", context)
        agreements = [
            node_service_pb2.AgreementDigest(agreement=held.id, revision=held.revision, digest=held.digest)
            for held in self._agreements_with(peer.country)
        ]
        response = node_service_pb2.DescribeResponse(
            descriptor_envelope=self._describe(),
            time=timestamp(self._clock()),
            protocol_versions=["comity.v1"],
            software_version=__version__,
            agreements=agreements,
        )
        return response.SerializeToString()
