"""`AgreementService`, the face to peers: who is calling, the exact bytes, the signed reply."""

from functools import partial

import grpc

from comity.casework.agreement_messages import AgreementCodec
from comity.casework.agreement_reception import AgreementReception
from comity.exchange.responder import Call
from comity.wire import metadata
from comity.wire.agreement import METHODS
from comity.wire.peer_service import PeerGate
from comity.wire.server import Handler


class AgreementServices:
    """The handlers of the agreement RPCs that a peer may call."""

    def __init__(self, gate: PeerGate, reception: AgreementReception, codec: AgreementCodec) -> None:
        self._gate = gate
        self._reception = reception
        self._codec = codec

    def handlers(self) -> dict[str, Handler]:
        """Return the handlers by full method name."""
        return {method: Handler(partial(self._answer, method)) for method in METHODS}

    def _answer(self, method: str, payload: bytes, context: grpc.ServicerContext) -> bytes:
        peer, party = self._gate.admit(method, context)
        message = metadata.signed_message(self._codec.request_type(method), payload, context.invocation_metadata())
        reply = self._reception.answer(Call(peer, party, message), method)
        context.set_trailing_metadata(metadata.of_reply(reply))
        return reply.message.payload
