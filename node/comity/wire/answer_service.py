"""The rest of `QueryService`: later answers to questions that were left to a person, once or on an open stream."""

from collections.abc import Iterator

import grpc

from comity.casework.delivery import Delivery
from comity.exchange.model import Claim
from comity.exchange.responder import Call, Responder
from comity.identity.store import Peer
from comity.wire import metadata
from comity.wire.claims import AwaitAnswerMessages, ClaimMessages, GetAnswerMessages
from comity.wire.peer_service import PeerGate
from comity.wire.server import STREAM, Handler
from comity.wire.streams import Streams

_FETCHES, _FOLLOWS = GetAnswerMessages(), AwaitAnswerMessages()


class AnswerServices:
    """The handlers of later answers."""

    def __init__(self, gate: PeerGate, responder: Responder, delivery: Delivery, streams: Streams) -> None:
        self._gate = gate
        self._responder = responder
        self._delivery = delivery
        self._streams = streams

    def handlers(self) -> dict[str, Handler]:
        """Return the handlers by full method name."""
        return {
            _FETCHES.method: Handler(self._answer),
            _FOLLOWS.method: Handler(self._answers, STREAM, self._streams.pool),
        }

    def _answer(self, payload: bytes, context: grpc.ServicerContext) -> bytes:
        peer, claim = self._claim(_FETCHES, payload, context)
        return _FETCHES.wrap(self._delivery.current(peer, claim).reply)

    def _answers(self, payload: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
        """Stay open; the peer is admitted anew before each look, so that a suspension ends the stream."""
        peer, claim = self._claim(_FOLLOWS, payload, context)
        with self._streams.opened(peer.country, context) as wait:
            for reply in self._delivery.follow(claim, lambda: self._gate.admit(_FOLLOWS.method, context)[0], wait):
                yield _FOLLOWS.wrap(reply)

    def _claim(self, codec: ClaimMessages, payload: bytes, context: grpc.ServicerContext) -> tuple[Peer, Claim]:
        peer, party = self._gate.admit(codec.method, context)
        message = metadata.signed_message(codec.request_type, payload, context.invocation_metadata())
        return peer, self._responder.admit_claim(Call(peer, party, message), codec.decode)
