"""The inbox on the desk port: what waits for an officer, one question opened, and the officer's decision."""

from typing import Any

import grpc
from google.protobuf.message import DecodeError

from comity.casework.inbox import Inbox
from comity.casework.review import Act, Deed, Officer, is_late, state
from comity.casework.store import Item
from comity.errors import Malformed
from comity.exchange.own import OwnNode
from comity.v1 import desk_service_pb2
from comity.wire import convert, rules, words
from comity.wire.desk_service import DeskGate, pseudonym
from comity.wire.search import query_to_proto
from comity.wire.server import Handler

_LIST = "/comity.v1.DeskService/ListInbox"
_SHOW = "/comity.v1.DeskService/ShowInboxItem"
_DECIDE = "/comity.v1.DeskService/DecideInboxItem"

_EXCHANGE: dict[str, rules.Rule] = {"exchange_id": rules.uuid7}
_DECISION: dict[str, rules.Rule] = {
    **_EXCHANGE,
    "act": rules.one_of(words.INBOX_ACT),
    "ground": rules.optional_code,
    "consultation": rules.text(500),
}


class InboxServices:
    """The handlers of the inbox."""

    def __init__(self, own: OwnNode, gate: DeskGate, inbox: Inbox) -> None:
        self._own = own
        self._gate = gate
        self._inbox = inbox

    def handlers(self) -> dict[str, Handler]:
        """Return the handlers by full method name."""
        return {_LIST: Handler(self._list), _SHOW: Handler(self._show), _DECIDE: Handler(self._decide)}

    def _list(self, payload: bytes, context: grpc.ServicerContext) -> bytes:
        officer = self._officer(_LIST, context)
        request = _parsed(desk_service_pb2.ListInboxRequest, payload, {})
        now = self._own.clock()
        items = [self._item(item) for item in self._inbox.items(officer, answered=request.all)]
        waiting = [item for item in items if not item.outcome]
        response = desk_service_pb2.ListInboxResponse(
            items=items, open=len(waiting), overdue=sum(convert.moment(item.due_at) < now for item in waiting)
        )
        return response.SerializeToString()

    def _show(self, payload: bytes, context: grpc.ServicerContext) -> bytes:
        officer = self._officer(_SHOW, context)
        request = _parsed(desk_service_pb2.ShowInboxItemRequest, payload, _EXCHANGE)
        shown = self._inbox.show(officer, request.exchange_id)
        response = desk_service_pb2.ShowInboxItemResponse(
            item=self._item(shown.item),
            header=convert.header_to_proto(shown.header),
            query=query_to_proto(shown.query),
        )
        return response.SerializeToString()

    def _decide(self, payload: bytes, context: grpc.ServicerContext) -> bytes:
        officer = self._officer(_DECIDE, context)
        request = _parsed(desk_service_pb2.DecideInboxItemRequest, payload, _DECISION)
        deed = Deed(Act(words.INBOX_ACT.word(request.act)), request.ground, request.consultation)
        settled = self._inbox.decide(officer, request.exchange_id, deed)
        verdict = settled.verdict
        response = desk_service_pb2.DecideInboxItemResponse(
            item=self._item(settled.item), decision=convert.verdict_to_proto(verdict) if verdict else None
        )
        return response.SerializeToString()

    def _officer(self, method: str, context: grpc.ServicerContext) -> Officer:
        member = self._gate.admit(method, context)
        return Officer(pseudonym(self._own, member.name), member.role)

    def _item(self, item: Item) -> desk_service_pb2.InboxItem:
        return desk_service_pb2.InboxItem(
            exchange_id=item.exchange_id,
            country=item.peer,
            action=item.action,
            category=item.category,
            purpose=item.purpose,
            urgency=item.urgency,
            role=item.role,
            officers=item.officers,
            basis=convert.basis_to_proto(item.basis),
            received_at=convert.timestamp(item.received_at),
            due_at=convert.timestamp(item.due_at),
            state=state(item.steps, answered=item.answered_at is not None).value,
            late=is_late(item.due_at, item.answered_at, self._own.clock()),
            outcome=item.outcome,
            steps=[
                desk_service_pb2.InboxStep(
                    act=words.INBOX_ACT.number(step.act.value),
                    official=step.officer.id,
                    role=step.officer.role,
                    ground=step.ground,
                    at=convert.timestamp(step.at),
                )
                for step in item.steps
            ],
        )


def _parsed(kind: Any, payload: bytes, checks: dict[str, rules.Rule]) -> Any:
    try:
        request = kind.FromString(payload)
    except DecodeError as cause:
        raise Malformed(f"the message is not a {kind.DESCRIPTOR.name}") from cause
    rules.refuse(rules.violations(request, checks, ""))
    return request
