"""A staff member's connection to the desk port of the own node, as the command line uses it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import grpc
from google.protobuf.message import Message
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from comity.errors import ComityError, Malformed, NotFound, Reason, Unavailable, Violation
from comity.exchange.model import Circumstances
from comity.identity.node import load_staff
from comity.v1 import common_pb2, desk_service_pb2, query_service_pb2
from comity.wire import words
from comity.wire.convert import circumstances_to_proto
from comity.wire.status import STATUS, reason_of

_SERVICE = "/comity.v1.DeskService"
_READY_SECONDS = 2.0
_CALL_SECONDS = 60.0

Response = TypeVar("Response", bound=Message)


@dataclass(frozen=True, slots=True)
class Asked:
    """The question is recorded and on its way."""

    exchange_id: str
    countries: tuple[str, ...]


class DeskClient:
    """Calls of one staff member. Raises the node's own errors, rebuilt from the wire."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._channel = channel

    @classmethod
    @contextmanager
    def connect(cls, node: Any, staff: str) -> Iterator["DeskClient"]:
        """Connect to an opened node's desk port; raises `Unavailable` when the node is not running."""
        try:
            running = json.loads(node.home.running.read_text())
        except (FileNotFoundError, ValueError):
            raise Unavailable(f"the node is not running: start it with `comity --home {node.home.path} run`") from None
        key, certificate = load_staff(node.home.staff, staff)
        credentials = grpc.ssl_channel_credentials(node.identity.ca_pem, key, certificate)
        host = node.settings.desk_listen.rpartition(":")[0]
        options = [("grpc.ssl_target_name_override", node.identity.node_id.dns_name), ("grpc.enable_http_proxy", 0)]
        with grpc.secure_channel(f"{host}:{running['ports']['desk']}", credentials, options) as channel:
            yield cls(channel)

    @classmethod
    @contextmanager
    def if_running(cls, node: Any, staff: str) -> Iterator["DeskClient | None"]:
        """Connect to an opened node's desk port, or yield None where no node answers there."""
        if not node.home.running.exists():
            yield None
            return
        with cls.connect(node, staff) as desk:
            yield desk if desk.answers() else None

    def call(self, method: str, payload: bytes) -> bytes:
        """Make one call with a request's bytes; returns the response's bytes."""
        try:
            send: Any = self._channel.unary_unary(method)
            reply: bytes = send(payload, timeout=_CALL_SECONDS)
        except grpc.RpcError as error:
            raise _error(error) from error
        return reply

    def answers(self) -> bool:
        """Whether a node answers at the desk port; waits two seconds at most."""
        try:
            grpc.channel_ready_future(self._channel).result(timeout=_READY_SECONDS)
        except grpc.FutureTimeoutError:  # killed: its note still lies there
            return False
        return True

    def ask(self, request: desk_service_pb2.AskRequest) -> Iterator[Asked | desk_service_pb2.PeerResult]:
        """Put a question; yields `Asked`, then one result for each country as it arrives."""
        for response in self.stream("Ask", request, desk_service_pb2.AskResponse):
            if response.HasField("started"):
                yield Asked(response.started.exchange_id, tuple(response.started.asked))
            else:
                yield response.result

    def preflight(
        self, request: desk_service_pb2.PreflightRequest, timeout: float = 30.0
    ) -> list[desk_service_pb2.ForeseenAnswer]:
        """Return what peers would answer."""
        return list(self.unary("Preflight", request, desk_service_pb2.PreflightResponse, timeout).peers)

    def status(self, timeout: float = 3.0) -> desk_service_pb2.GetStatusResponse:
        """Return how the node is."""
        return self.unary("GetStatus", desk_service_pb2.GetStatusRequest(), desk_service_pb2.GetStatusResponse, timeout)

    def unary(self, name: str, request: Message, response: type[Response], timeout: float) -> Response:
        """Make one call of `DeskService`."""
        call = self._channel.unary_unary(
            f"{_SERVICE}/{name}",
            request_serializer=type(request).SerializeToString,
            response_deserializer=response.FromString,
        )
        try:
            return call(request, timeout=timeout)
        except grpc.RpcError as error:
            raise _error(error) from error

    def stream(
        self, name: str, request: Message, response: type[Response], timeout: float | None = None
    ) -> Iterator[Response]:
        """Make one call of `DeskService` that answers by a stream; giving up the iterator ends the call."""
        open_call = self._channel.unary_stream(
            f"{_SERVICE}/{name}",
            request_serializer=type(request).SerializeToString,
            response_deserializer=response.FromString,
        )
        call = open_call(request, timeout=timeout)
        try:
            yield from call
        except grpc.RpcError as error:
            raise _error(error) from error
        finally:
            call.cancel()


def ask_request(  # noqa: PLR0913  a question's own parts, each named
    facts: Circumstances,
    *,
    schema: str,
    category: str,
    names: tuple[str, ...] = (),
    birth_date: str = "",
    nationalities: tuple[str, ...] = (),
    identifiers: tuple[tuple[str, str, str], ...] = (),
    to: tuple[str, ...] = (),
    deadline_ms: int = 0,
) -> desk_service_pb2.AskRequest:
    """Return the message of a question; of the official only `on_behalf_of` counts: the node itself says who asks."""
    request = question(facts, to=to, deadline_ms=deadline_ms)
    request.query.CopyFrom(
        query_service_pb2.Query(
            category=category,
            schema=schema,
            names=names,
            birth_date=birth_date,
            nationalities=nationalities,
            identifiers=[query_service_pb2.Identifier(kind=k, value=v, country=c) for k, v, c in identifiers],
        )
    )
    return request


def question(facts: Circumstances, *, to: tuple[str, ...] = (), deadline_ms: int = 0) -> desk_service_pb2.AskRequest:
    """Return the message of a question that does not say who is searched."""
    request = desk_service_pb2.AskRequest(on_behalf_of=facts.official.on_behalf_of, to=to, deadline_ms=deadline_ms)
    circumstances_to_proto(facts, request)
    return request


def preflight_request(
    facts: Circumstances,
    *,
    category: str,
    identification: str,
    nationalities: tuple[str, ...] = (),
    to: tuple[str, ...] = (),
) -> desk_service_pb2.PreflightRequest:
    """Return the message of a question that is not put yet."""
    return desk_service_pb2.PreflightRequest(
        question=question(facts, to=to),
        category=category,
        identification=words.IDENTIFICATION.number(identification),
        nationalities=nationalities,
    )


def foreseen_document(foreseen: desk_service_pb2.ForeseenAnswer) -> dict[str, Any]:
    """Return what one country would answer, in the JSON shape of a result as far as it goes."""
    decision = foreseen.decision
    document: dict[str, Any] = {"country": foreseen.country, "outcome": foreseen.outcome}
    if foreseen.outcome != "refused":
        document["disclosure"] = words.DISCLOSURE.word(decision.disclosure)
        document["fields"] = list(foreseen.fields)
        document["withheld"] = list(decision.withheld)
        document["max_candidates"] = foreseen.max_candidates
        document["retention"] = foreseen.retention
    document |= _basis(decision) | _reasons(decision) | _review(foreseen.outcome, decision)
    document["decided_by"] = foreseen.decided_by
    if foreseen.per_day:
        document["quota"] = {"per_day": foreseen.per_day, "left": foreseen.left}
    return document


def result_document(result: desk_service_pb2.PeerResult) -> dict[str, Any]:
    """Return one country's result in the JSON shape of `cli.md`."""
    document: dict[str, Any] = {"country": result.country, "outcome": result.outcome}
    decision = result.decision
    if result.outcome in ("permitted", "review"):
        document["disclosure"] = words.DISCLOSURE.word(decision.disclosure)
        document["hits"] = [_hit(hit) for hit in result.result.hits]
        document["withheld"] = list(decision.withheld)
        if result.result.count:
            document["count"] = result.result.count
    document |= _basis(decision)
    if result.HasField("terms"):
        terms = result.terms
        document["terms"] = {
            "purpose": terms.purpose,
            "obligations": list(terms.obligations),
            "handling": list(terms.handling),
            "retention": terms.retention,
            "erase_by": terms.erase_by,
            "fields": list(terms.fields),
        }
    document |= _reasons(decision) | _review(result.outcome, decision)
    if result.decided_by:
        document["decided_by"] = result.decided_by
    if result.HasField("error"):
        document["error"] = {"reason": result.error.reason, "message": result.error.message}
    return {**document, "receipt": result.receipt, "took_ms": result.took_ms}


def _basis(decision: common_pb2.Decision) -> dict[str, Any]:
    basis = decision.basis
    if not basis.agreement:
        return {}
    named = {"agreement": basis.agreement, "revision": basis.revision, "term": basis.term, "article": basis.article}
    return {"basis": named}


def _reasons(decision: common_pb2.Decision) -> dict[str, Any]:
    told = [{"code": r.code, "article": r.article, "message": r.message, "remedy": r.remedy} for r in decision.reasons]
    return {"reasons": told} if told else {}


def _review(outcome: str, decision: common_pb2.Decision) -> dict[str, Any]:
    """Return who must decide and what that person asks, or who decided."""
    if outcome == "review":
        review = {
            "role": decision.review_role,
            "deadline": decision.review_deadline,
            "officers": decision.review_officers,
        }
        return {"review": {**review, **({"asks": decision.consultation} if decision.consultation else {})}}
    return {"reviewed": {"role": decision.review_role}} if decision.review_role else {}


def _hit(hit: query_service_pb2.Hit) -> dict[str, Any]:
    return {
        "reference": hit.reference,
        "score": round(hit.score, 4),
        "explanation": [
            {"feature": f.feature, "score": round(f.score, 4), "weight": f.weight, "text": f.text}
            for f in hit.explanation
        ],
        "fields": {p.name: list(p.values) for p in hit.properties},
    }


def _error(error: grpc.RpcError) -> ComityError:
    """Return the node's own error of a failed call."""
    status = rpc_status.from_call(error)
    if status is None:
        return Unavailable(f"the node's desk port does not answer ({error.code().name}): is it running?")
    reason = Reason(reason_of(status) or Reason.INTERNAL)
    kinds: dict[grpc.StatusCode, type[ComityError]] = {code: kind for kind, code in STATUS.items()}
    kind = kinds.get(error.code(), ComityError)
    if kind is Malformed:
        return Malformed(status.message, violations=_violations(status))
    if kind is NotFound:
        return NotFound(status.message)
    return kind(status.message, reason=reason)


def _violations(status: Any) -> tuple[Violation, ...]:
    for detail in status.details:
        bad = error_details_pb2.BadRequest()
        if detail.Unpack(bad):
            return tuple(Violation(v.field, v.description) for v in bad.field_violations)
    return ()
