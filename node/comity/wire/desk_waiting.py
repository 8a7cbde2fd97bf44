"""Later answers on the desk port: fetched once, or awaited on a stream that stays open."""

from collections.abc import Iterator
from contextlib import closing

import grpc
from google.protobuf.message import DecodeError

from comity.errors import Malformed, Violation
from comity.exchange.own import OwnNode
from comity.exchange.requester import DEFAULT_DEADLINE
from comity.exchange.waiting import Waiting
from comity.v1 import desk_service_pb2
from comity.wire import rules
from comity.wire.desk_service import DeskGate, pseudonym, result_to_proto
from comity.wire.server import STREAM, Handler
from comity.wire.streams import Streams

_REFRESH = "/comity.v1.DeskService/RefreshExchanges"
_WATCH = "/comity.v1.DeskService/WatchExchange"


class WaitingServices:
    """The handlers of later answers."""

    def __init__(self, own: OwnNode, gate: DeskGate, waiting: Waiting, streams: Streams) -> None:
        self._own = own
        self._gate = gate
        self._waiting = waiting
        self._streams = streams

    def handlers(self) -> dict[str, Handler]:
        """Return the handlers by full method name."""
        return {_REFRESH: Handler(self._refresh, STREAM), _WATCH: Handler(self._watch, STREAM, self._streams.pool)}

    def _refresh(self, payload: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
        member = self._gate.admit(_REFRESH, context)
        try:
            request = desk_service_pb2.RefreshExchangesRequest.FromString(payload)
        except DecodeError as cause:
            raise Malformed("the message is not a RefreshExchangesRequest") from cause
        _check_id(request.exchange_id or None)
        official = pseudonym(self._own, member.name)
        for exchange_id, result in self._waiting.refresh(official, request.exchange_id or None, DEFAULT_DEADLINE):
            response = desk_service_pb2.RefreshExchangesResponse(
                exchange_id=exchange_id, result=result_to_proto(result)
            )
            yield response.SerializeToString()

    def _watch(self, payload: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
        member = self._gate.admit(_WATCH, context)
        try:
            request = desk_service_pb2.WatchExchangeRequest.FromString(payload)
        except DecodeError as cause:
            raise Malformed("the message is not a WatchExchangeRequest") from cause
        _check_id(request.exchange_id)
        with (
            self._streams.opened(member.name, context) as wait,
            closing(self._waiting.watch(pseudonym(self._own, member.name), request.exchange_id, wait)) as results,
        ):
            for result in results:
                response = desk_service_pb2.WatchExchangeResponse(result=result_to_proto(result))
                yield response.SerializeToString()


def _check_id(exchange_id: str | None) -> None:
    if exchange_id is not None:
        rules.refuse([Violation("exchange_id", problem)] if (problem := rules.uuid7(exchange_id)) else [])
