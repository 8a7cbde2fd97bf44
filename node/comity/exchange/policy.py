"""The policy in force at a node, as the exchange path uses it: a decision, or nothing at all leaves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from comity.errors import Precondition, Reason, Unavailable
from comity.exchange.durations import duration
from comity.exchange.model import Ask, Basis, Terms, Verdict
from comity.exchange.model import Reason as Ground
from comity.policy.agreement import Agreement
from comity.policy.decision import Decision
from comity.policy.engine import Engine


@dataclass(frozen=True, slots=True)
class PolicyInForce:
    """Engine, agreements by id, and the digest of library and data together (hex): one set, as long as it is held.

    `sequence` is its place among the activations of the node, 0 where it is only tried out. Agreements that are
    `barred` changed since, and the new set could not be activated: nothing is decided under them.
    """

    engine: Engine
    agreements: Mapping[str, Agreement]
    digest: str
    sequence: int = 0
    barred: frozenset[str] = frozenset()

    def decide(self, document: Mapping[str, Any]) -> Decision:
        """Decide one input document; raises `Unavailable` when the engine cannot, or may not any more."""
        decision = self.engine.decide(document)
        if decision.basis is not None and decision.basis.agreement in self.barred:
            raise Unavailable(
                f"{decision.basis.agreement} has changed and the new policy cannot be activated: nothing was decided, "
                "`comity policy status` names the fault"
            )
        return decision

    def desk(self, roles: Sequence[str], method: str) -> bool:
        """Whether staff with these roles may call a method of the desk."""
        return self.engine.desk({"roles": list(roles), "method": method})

    def check_basis(self, basis: Basis) -> None:
        """Refuse a message that names another text of an agreement we hold (AGREEMENT_MISMATCH)."""
        held = self.agreements.get(basis.agreement)
        if held is not None and held.digest != basis.digest:
            raise Precondition(
                f"basis.digest is not the text of {basis.agreement} that this node holds (revision {held.revision}): "
                "compare with `comity agreement show` and exchange the countersigned text",
                reason=Reason.AGREEMENT_MISMATCH,
            )


def verdict_of(decision: Decision) -> Verdict:
    """Return what travels of a decision."""
    basis = decision.basis
    human = decision.human
    return Verdict(
        outcome=decision.outcome,
        disclosure=decision.disclosure,
        basis=Basis(basis.agreement, basis.revision, basis.digest, basis.term, basis.article) if basis else None,
        reasons=tuple(Ground(r.code, r.article, r.message, r.remedy) for r in decision.reasons),
        review_role=human.role if human else "",
        review_deadline=human.deadline if human else "",
        withheld=decision.withheld,
        review_officers=human.officers if human else 0,
    )


def as_asked(decision: Decision, ask: Ask) -> Decision:
    """Return the decision cut down to what was asked for: no field, match or day more, whatever policy would give."""
    fields = tuple(name for name in decision.fields if name in ask.fields) if ask.fields else decision.fields
    most = [limit for limit in (decision.max_candidates, ask.max_candidates) if limit]
    given = duration(decision.retention)
    shorter = ask.keep_days > 0 and (given is None or timedelta(days=ask.keep_days) < given)
    return replace(
        decision,
        fields=fields,
        max_candidates=min(most, default=0),
        retention=f"P{ask.keep_days}D" if shorter and decision.retention else decision.retention,
    )


def terms_of(decision: Decision, purpose: str, at: datetime) -> Terms:
    """Return the licence that travels with an answer given at a moment under this decision."""
    return Terms(
        purpose=purpose,
        obligations=decision.obligations,
        handling=decision.handling,
        retention=decision.retention,
        erase_by=_erase_by(at.date(), decision.retention),
        fields=decision.fields,
    )


def _erase_by(day: date, retention: str) -> str:
    """Return the day a retention ends, empty where none is told."""
    length = duration(retention)
    return "" if length is None else (day + length).isoformat()
