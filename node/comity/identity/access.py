"""Who may call which RPC: the one table. A method that is not in it is refused.

A test holds it against the protobuf descriptors.
"""

from dataclasses import dataclass
from enum import Enum


class Caller(Enum):
    """Who may call."""

    ACTIVE_PEER = "an active peer"
    KNOWN_PEER = "a known peer, suspended or not"
    STAFF = "staff of this node, as policy/comity/desk allows"


@dataclass(frozen=True, slots=True)
class Access:
    """The rule of one RPC: who calls, and which policy action it is (None: nothing to decide, nothing personal)."""

    caller: Caller
    action: str | None = None


RPCS: dict[str, Access] = {
    "/comity.v1.QueryService/Search": Access(Caller.ACTIVE_PEER, "query.search"),
    "/comity.v1.QueryService/GetAnswer": Access(Caller.ACTIVE_PEER, "query.search"),  # the question is decided again
    "/comity.v1.QueryService/AwaitAnswer": Access(Caller.ACTIVE_PEER, "query.search"),
    "/comity.v1.AgreementService/CompareDecisions": Access(Caller.ACTIVE_PEER),
    "/comity.v1.LedgerService/GetCheckpoint": Access(Caller.ACTIVE_PEER),
    "/comity.v1.LedgerService/GetConsistencyProof": Access(Caller.ACTIVE_PEER),
    "/comity.v1.AgreementService/Propose": Access(Caller.ACTIVE_PEER),
    "/comity.v1.AgreementService/Countersign": Access(Caller.ACTIVE_PEER),
    "/comity.v1.AgreementService/Notify": Access(Caller.ACTIVE_PEER),
    "/comity.v1.AgreementService/GetStatus": Access(Caller.ACTIVE_PEER),
    "/comity.v1.NodeService/Describe": Access(Caller.KNOWN_PEER),
    "/comity.v1.DeskService/Ask": Access(Caller.STAFF),
    "/comity.v1.DeskService/Preflight": Access(Caller.STAFF),
    "/comity.v1.DeskService/GetStatus": Access(Caller.STAFF),
    "/comity.v1.DeskService/RefreshExchanges": Access(Caller.STAFF),
    "/comity.v1.DeskService/WatchExchange": Access(Caller.STAFF),
    "/comity.v1.DeskService/ListInbox": Access(Caller.STAFF),
    "/comity.v1.DeskService/ShowInboxItem": Access(Caller.STAFF),
    "/comity.v1.DeskService/DecideInboxItem": Access(Caller.STAFF),
    "/comity.v1.DeskService/DraftAgreement": Access(Caller.STAFF),
    "/comity.v1.DeskService/DiscardAgreement": Access(Caller.STAFF),
    "/comity.v1.DeskService/ApproveAgreement": Access(Caller.STAFF),
    "/comity.v1.DeskService/ProposeAgreement": Access(Caller.STAFF),
    "/comity.v1.DeskService/CountersignAgreement": Access(Caller.STAFF),
    "/comity.v1.DeskService/ActivateAgreement": Access(Caller.STAFF),
    "/comity.v1.DeskService/SuspendAgreement": Access(Caller.STAFF),
    "/comity.v1.DeskService/ResumeAgreement": Access(Caller.STAFF),
    "/comity.v1.DeskService/EndAgreement": Access(Caller.STAFF),
}
