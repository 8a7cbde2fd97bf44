"""The inbox and later answers, as the command line asks the own node for them and shows them."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from comity.casework.review import Act
from comity.v1 import desk_service_pb2
from comity.wire import convert, words
from comity.wire.desk_client import DeskClient
from comity.wire.search import query_from_proto

_TIMEOUT = 30.0


def refresh(desk: DeskClient, exchange_id: str) -> Iterator[tuple[str, desk_service_pb2.PeerResult]]:
    """Fetch the newest answers to one exchange, or to all that wait; yields (exchange id, result)."""
    request = desk_service_pb2.RefreshExchangesRequest(exchange_id=exchange_id)
    for response in desk.stream("RefreshExchanges", request, desk_service_pb2.RefreshExchangesResponse):
        yield response.exchange_id, response.result


def watch(desk: DeskClient, exchange_id: str) -> Iterator[desk_service_pb2.PeerResult]:
    """Wait for the answers to one exchange; the node ends a stream after a while, then it is opened again."""
    request = desk_service_pb2.WatchExchangeRequest(exchange_id=exchange_id)
    open_in: dict[str, bool] = {"": True}
    while any(open_in.values()):
        open_in = {}
        for response in desk.stream("WatchExchange", request, desk_service_pb2.WatchExchangeResponse):
            open_in[response.result.country] = response.result.outcome == "review"
            yield response.result


def list_inbox(desk: DeskClient, *, answered: bool) -> dict[str, Any]:
    """Return the inbox of the caller's role as a JSON document."""
    response = desk.unary(
        "ListInbox",
        desk_service_pb2.ListInboxRequest(all=answered),
        desk_service_pb2.ListInboxResponse,
        _TIMEOUT,
    )
    return {"open": response.open, "overdue": response.overdue, "items": [_item(item) for item in response.items]}


def show_inbox_item(desk: DeskClient, exchange_id: str) -> dict[str, Any]:
    """Return one question, opened, as a JSON document."""
    request = desk_service_pb2.ShowInboxItemRequest(exchange_id=exchange_id)
    response = desk.unary("ShowInboxItem", request, desk_service_pb2.ShowInboxItemResponse, _TIMEOUT)
    header = convert.header_from_proto(response.header)
    facts = asdict(header.circumstances)
    expires = header.circumstances.authorisation.expires_at
    facts["authorisation"]["expires_at"] = expires.isoformat() if expires else None
    query = asdict(query_from_proto(response.query))
    return {**_item(response.item), "asked": {"from": header.sender, **facts}, "query": query}


def decide_inbox_item(
    desk: DeskClient, exchange_id: str, act: Act, *, ground: str = "", consultation: str = ""
) -> dict[str, Any]:
    """Decide one question; return where it stands and what went out as a JSON document."""
    request = desk_service_pb2.DecideInboxItemRequest(
        exchange_id=exchange_id, act=words.INBOX_ACT.number(act.value), ground=ground, consultation=consultation
    )
    response = desk.unary("DecideInboxItem", request, desk_service_pb2.DecideInboxItemResponse, _TIMEOUT)
    document = _item(response.item)
    if response.HasField("decision"):
        verdict = convert.verdict_from_proto(response.decision)
        document["decision"] = {
            "outcome": verdict.outcome,
            "disclosure": verdict.disclosure,
            "reasons": [asdict(reason) for reason in verdict.reasons],
        }
    return document


def _item(item: desk_service_pb2.InboxItem) -> dict[str, Any]:
    basis = item.basis
    return {
        "exchange": item.exchange_id,
        "country": item.country,
        "action": item.action,
        "category": item.category,
        "purpose": item.purpose,
        "urgency": item.urgency,
        "role": item.role,
        "officers": item.officers,
        "basis": {
            "agreement": basis.agreement,
            "revision": basis.revision,
            "term": basis.term,
            "article": basis.article,
        },
        "received_at": convert.moment(item.received_at).isoformat(timespec="seconds"),
        "due_at": convert.moment(item.due_at).isoformat(timespec="seconds"),
        "state": item.state,
        "late": item.late,
        "outcome": item.outcome,
        "steps": [
            {
                "act": words.INBOX_ACT.word(step.act),
                "official": step.official,
                "role": step.role,
                "ground": step.ground,
                "at": convert.moment(step.at).isoformat(timespec="seconds"),
            }
            for step in item.steps
        ],
    }
