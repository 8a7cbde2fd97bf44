"""What policy officers do with agreements at the desk port: `DeskService.DraftAgreement` and its sisters.

`AgreementActs.perform` is also what the command line calls on a home whose node is not running: the same step, by
the same person, with the same check of the role.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import grpc

from comity.casework.agreements import MAX_TEXT_BYTES, Agreements, Outcome
from comity.errors import Forbidden
from comity.exchange.model import Official
from comity.exchange.own import OwnNode
from comity.identity.store import StaffMember
from comity.policy.store import to_ms
from comity.v1 import desk_agreements_pb2 as pb
from comity.wire import rules
from comity.wire.desk_service import DeskGate, pseudonym
from comity.wire.search import parse
from comity.wire.server import Handler

_SERVICE = "/comity.v1.DeskService"
_TEXT: dict[str, rules.Rule] = {
    "text": lambda value: "" if 0 < len(value) <= MAX_TEXT_BYTES else f"is required, at most {MAX_TEXT_BYTES} bytes",
    "replaces": rules.text(64),
}
_ONE: dict[str, rules.Rule] = {"agreement": rules.code}
_READ: dict[str, rules.Rule] = {**_ONE, "digest": rules.text(64, required=True)}
_WHY: dict[str, rules.Rule] = {**_ONE, "reason": rules.text(300)}
_END: dict[str, rules.Rule] = {
    **_WHY,
    "from_ms": lambda value: "" if 0 <= value < 253_402_300_800_000 else "is no moment between 1970 and 9999",
}

_Perform = Callable[[Agreements, Official, Any], Outcome]

_VERBS: dict[str, tuple[dict[str, rules.Rule], _Perform]] = {
    "Draft": (_TEXT, lambda acts, by, m: acts.draft(m.text, by, m.replaces)),
    "Discard": (_READ, lambda acts, by, m: acts.discard(m.agreement, m.digest, by)),
    "Approve": (_READ, lambda acts, by, m: acts.approve(m.agreement, m.digest, by)),
    "Propose": (_READ, lambda acts, by, m: acts.propose(m.agreement, m.digest, by)),
    "Countersign": (_READ, lambda acts, by, m: acts.countersign(m.agreement, m.digest, by)),
    "Activate": (_ONE, lambda acts, by, m: acts.activate(m.agreement, by)),
    "Suspend": (_WHY, lambda acts, by, m: acts.suspend(m.agreement, by, m.reason)),
    "Resume": (_WHY, lambda acts, by, m: acts.resume(m.agreement, by, m.reason)),
    "End": (_END, lambda acts, by, m: acts.end(m.agreement, by, m.reason, m.from_ms)),
}
"""Every step an officer takes, by the first word of its RPC; a test holds it against the descriptors."""


def method_of(verb: str) -> str:
    """Return the full method name of a verb, e.g. `Draft`."""
    return f"{_SERVICE}/{verb}Agreement"


def request_of(verb: str, **fields: Any) -> bytes:
    """Return the bytes of a verb's request."""
    message = getattr(pb, f"{verb}AgreementRequest")(**fields)
    return bytes(message.SerializeToString())


def outcome_document(verb: str, payload: bytes) -> dict[str, Any]:
    """Return a response as the JSON document that the command line shows."""
    message = getattr(pb, f"{verb}AgreementResponse").FromString(payload).outcome
    document: dict[str, Any] = {
        "agreement": message.agreement,
        "revision": message.revision,
        "digest": message.digest,
        "state": message.state,
        "signed_by": list(message.signed_by),
        "suspended_by": list(message.suspended_by),
        "ended_by": list(message.ended_by),
    }
    if message.scenarios:
        document["scenarios"] = [
            {"scenario": case.name, "passed": case.passed, "difference": case.difference} for case in message.scenarios
        ]
        document["flips"] = message.flips
    if message.deliveries:
        document["told"] = [
            {"country": told.country, "state": told.state}
            | ({"reason": told.reason, "message": told.message} if told.reason else {})
            for told in message.deliveries
        ]
    return document


@dataclass(frozen=True, slots=True)
class AgreementActs:
    """An officer's steps: decoded, checked, performed."""

    own: OwnNode
    agreements: Agreements

    def handlers(self, gate: DeskGate) -> dict[str, Handler]:
        """Return the handlers of the desk port by full method name."""
        return {method_of(verb): Handler(partial(self._handle, gate, verb)) for verb in _VERBS}

    def perform(self, verb: str, member: StaffMember, payload: bytes) -> bytes:
        """Perform a verb for a staff member who may; returns the response's bytes."""
        checks, act = _VERBS[verb]
        request = getattr(pb, f"{verb}AgreementRequest")()
        parse(request, payload)
        rules.refuse(rules.violations(request, checks, ""))
        official = Official(pseudonym(self.own, member.name), member.role, member.authority)
        outcome = self._to_proto(act(self.agreements, official, request))
        return bytes(getattr(pb, f"{verb}AgreementResponse")(outcome=outcome).SerializeToString())

    def perform_here(self, verb: str, member: StaffMember, payload: bytes) -> bytes:
        """Perform a verb where no desk port stands between: asks the desk policy itself. Raises `Forbidden`."""
        if not self.own.policy().desk([member.role], method_of(verb)):
            raise Forbidden(f"role {member.role} may not call {verb}Agreement")
        return self.perform(verb, member, payload)

    def _handle(self, gate: DeskGate, verb: str, payload: bytes, context: grpc.ServicerContext) -> bytes:
        return self.perform(verb, gate.admit(method_of(verb), context), payload)

    def _to_proto(self, outcome: Outcome) -> pb.AgreementOutcome:
        held, now = outcome.held, to_ms(self.own.clock())
        trial = outcome.trial
        return pb.AgreementOutcome(
            agreement=held.text.agreement,
            revision=held.text.revision,
            digest=held.text.digest,
            state=held.state.value,
            signed_by=sorted(held.signed_by),
            suspended_by=sorted(outcome.standing.suspended_by(now)),
            ended_by=sorted(outcome.standing.ended),
            scenarios=[
                pb.ScenarioOutcome(name=case.name, passed=case.passed, difference=case.difference)
                for case in (trial.cases if trial else ())
            ],
            flips=trial.flips if trial else 0,
            deliveries=[
                pb.AgreementDelivery(country=told.country, state=told.state, reason=told.reason, message=told.message)
                for told in outcome.deliveries
            ],
        )
