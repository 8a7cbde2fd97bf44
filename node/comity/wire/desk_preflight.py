"""Pre-flight on the desk port: what peers would answer."""

import grpc
from google.protobuf.message import DecodeError

from comity.errors import Malformed, Violation
from comity.exchange.model import Official
from comity.exchange.own import OwnNode
from comity.exchange.preflight import Foreseen, Planned, Preflight
from comity.v1 import desk_service_pb2
from comity.wire import convert, rules, words
from comity.wire.desk_service import DeskGate, pseudonym
from comity.wire.server import Handler

_PREFLIGHT = "/comity.v1.DeskService/Preflight"


class PreflightServices:
    """The handler of pre-flight."""

    def __init__(self, own: OwnNode, gate: DeskGate, preflight: Preflight) -> None:
        self._own = own
        self._gate = gate
        self._preflight = preflight

    def handlers(self) -> dict[str, Handler]:
        """Return the handler by full method name."""
        return {_PREFLIGHT: Handler(self._foresee)}

    def _foresee(self, payload: bytes, context: grpc.ServicerContext) -> bytes:
        member = self._gate.admit(_PREFLIGHT, context)
        try:
            request = desk_service_pb2.PreflightRequest.FromString(payload)
        except DecodeError as cause:
            raise Malformed("the message is not a PreflightRequest") from cause
        _check(request)
        question = request.question
        official = Official(pseudonym(self._own, member.name), member.role, member.authority, question.on_behalf_of)
        found = self._preflight.foresee(
            convert.circumstances_from_proto(question, official),
            Planned(request.category, words.IDENTIFICATION.word(request.identification), tuple(request.nationalities)),
            tuple(question.to),
        )
        return desk_service_pb2.PreflightResponse(peers=[_answer(each) for each in found]).SerializeToString()


def _check(request: desk_service_pb2.PreflightRequest) -> None:
    found = rules.violations(request, rules.PREFLIGHT, "")
    found += rules.violations(request.question, rules.ASK, "question.")
    found += convert.circumstances_violations(request.question, "question.")
    if request.question.HasField("query"):
        found.append(Violation("question.query", "must not be there: pre-flight is about nobody"))
    rules.refuse(found)


def _answer(foreseen: Foreseen) -> desk_service_pb2.ForeseenAnswer:
    return desk_service_pb2.ForeseenAnswer(
        country=foreseen.country,
        outcome=foreseen.outcome,
        decided_by=foreseen.decided_by,
        decision=convert.verdict_to_proto(foreseen.verdict),
        fields=foreseen.fields,
        max_candidates=foreseen.max_candidates,
        retention=foreseen.retention,
        per_day=foreseen.per_day,
        left=foreseen.left,
    )
