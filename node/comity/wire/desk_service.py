"""The local face: `DeskService`, for the staff of this node's own country."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import grpc
from cryptography import x509
from google.protobuf.message import DecodeError

from comity import __version__
from comity.casework.inbox import Inbox
from comity.errors import Forbidden, Malformed, Reason, Unauthenticated
from comity.exchange.model import Official, PeerResult
from comity.exchange.own import OwnNode
from comity.exchange.requester import DEFAULT_DEADLINE, Requester, Started
from comity.identity.certificates import load_certificates, verify_party
from comity.identity.store import StaffMember, find_staff
from comity.v1 import desk_service_pb2
from comity.wire import convert, rules
from comity.wire.search import findings_to_proto, query_from_proto, query_violations
from comity.wire.server import STREAM, Handler, peer_certificate

_ASK = "/comity.v1.DeskService/Ask"
_STATUS = "/comity.v1.DeskService/GetStatus"


class DeskGate:
    """Says which staff member is calling and whether the desk policy lets that role call this method."""

    def __init__(self, own: OwnNode) -> None:
        self._own = own
        self._bundle = load_certificates(own.identity.ca_pem)

    def admit(self, method: str, context: grpc.ServicerContext) -> StaffMember:
        """Return the staff member; raises `Unauthenticated` or `Forbidden`."""
        own = self._own
        leaf = x509.load_pem_x509_certificate(peer_certificate(context))
        party = verify_party(leaf, self._bundle, own.identity.node_id.trust_domain, own.clock())
        if party.spiffe_id.kind != "staff":
            raise Unauthenticated("the desk port is for staff certificates", reason=Reason.UNKNOWN_PEER)
        with own.store.read() as tx:
            member = find_staff(tx, party.spiffe_id.name)
        if not own.policy().desk([member.role], method):
            raise Forbidden(f"role {member.role} may not call {method.rsplit('/', 1)[1]}")
        return member


def pseudonym(own: OwnNode, name: str) -> str:
    """Return a staff member's pseudonym: only this node, with its secret, can resolve it."""
    return own.identity.staff_pseudonym(own.country, name)


@dataclass(frozen=True, slots=True)
class DeskServices:
    """The handlers of the desk port."""

    own: OwnNode
    gate: DeskGate
    requester: Requester
    inbox: Inbox
    engine_name: str

    def handlers(self) -> dict[str, Handler]:
        """Return the handlers by full method name."""
        return {_ASK: Handler(self._ask, STREAM), _STATUS: Handler(self._status)}

    def _ask(self, payload: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
        member = self.gate.admit(_ASK, context)
        try:
            request = desk_service_pb2.AskRequest.FromString(payload)
        except DecodeError as cause:
            raise Malformed("the message is not an AskRequest") from cause
        _check(request)
        official = Official(pseudonym(self.own, member.name), member.role, member.authority, request.on_behalf_of)
        deadline = timedelta(milliseconds=request.deadline_ms) if request.deadline_ms else DEFAULT_DEADLINE
        steps = self.requester.ask(
            convert.circumstances_from_proto(request, official),
            query_from_proto(request.query),
            tuple(request.to),
            deadline,
        )
        for step in steps:
            yield _step(step).SerializeToString()

    def _status(self, _payload: bytes, context: grpc.ServicerContext) -> bytes:
        self.gate.admit(_STATUS, context)
        waiting, overdue = self.inbox.count(self.own.clock())
        response = desk_service_pb2.GetStatusResponse(
            country=self.own.country,
            node_id=self.own.node_id,
            ledger_size=int(self.own.ledger.checkpoint().split(b"\n")[1]),
            policy_engine=self.engine_name,
            policy_digest=self.own.policy().digest,
            pid=os.getpid(),
            software_version=__version__,
            inbox_open=waiting,
            inbox_overdue=overdue,
        )
        return response.SerializeToString()


def _check(request: desk_service_pb2.AskRequest) -> None:
    found = query_violations(request.query, "query.")
    found += rules.violations(request, rules.ASK, "")
    rules.refuse(found + convert.circumstances_violations(request, ""))


def _step(step: Started | PeerResult) -> desk_service_pb2.AskResponse:
    if isinstance(step, Started):
        started = desk_service_pb2.AskStarted(exchange_id=step.exchange_id, asked=step.asked)
        return desk_service_pb2.AskResponse(started=started)
    return desk_service_pb2.AskResponse(result=result_to_proto(step))


def result_to_proto(result: PeerResult) -> desk_service_pb2.PeerResult:
    """Return the message of one country's result."""
    return desk_service_pb2.PeerResult(
        country=result.country,
        outcome=result.outcome,
        decided_by=result.decided_by,
        decision=convert.verdict_to_proto(result.verdict) if result.verdict else None,
        result=findings_to_proto(result.findings) if result.findings else None,
        terms=convert.terms_to_proto(result.terms) if result.terms else None,
        receipt=result.receipt,
        took_ms=result.took_ms,
        error=desk_service_pb2.ResultError(reason=result.failure.reason, message=result.failure.message)
        if result.failure
        else None,
    )
