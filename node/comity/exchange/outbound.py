"""The asking side's own decision: whether our officer may ask this country, and under which agreement."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from comity.errors import NotFound
from comity.exchange.assurances import Assurances, Chosen
from comity.exchange.facts import AssuranceFact, Sought, Standing, policy_input
from comity.exchange.model import Basis, Circumstances, Verdict
from comity.exchange.policy import PolicyInForce, verdict_of
from comity.identity.store import Peer
from comity.policy.decision import Decision


@dataclass(frozen=True, slots=True)
class Outbound:
    """What our own policy was asked and said: the basis to name (None where it refuses), the assurances to send."""

    document: Mapping[str, Any]
    said: Decision
    verdict: Verdict
    basis: Basis | None
    chosen: tuple[Chosen, ...]

    @property
    def facts(self) -> tuple[AssuranceFact, ...]:
        """What policy reads of the assurances that go along."""
        return tuple(each.fact for each in self.chosen)


@dataclass(frozen=True, slots=True)
class OwnOfficer:
    """Whose question is decided: our country, the policy action, the moment."""

    country: str
    action: str
    at: datetime

    def may_ask(
        self, policy: PolicyInForce, peer: Peer, facts: Circumstances, known: Sought, chosen: Iterable[Chosen]
    ) -> Outbound:
        """Decide a question to one peer; raises `Unavailable`.

        An assurance is given under one agreement, so once that is known the others stay at home, and policy is asked
        again without them.
        """
        going = tuple(chosen)
        document = self._document(peer, facts, known, going, None)
        said = policy.decide(document)
        basis = _named(said)
        fitting = tuple(each for each in going if basis and each.assurance.agreement == basis.agreement)
        if basis is not None and len(fitting) < len(going):
            going, document = fitting, self._document(peer, facts, known, fitting, basis)
            said = policy.decide(document)
            basis = _named(said)
        return Outbound(document, said, verdict_of(said), basis, going if basis else ())

    def _document(
        self,
        peer: Peer,
        facts: Circumstances,
        known: Sought,
        chosen: tuple[Chosen, ...],
        basis: Basis | None,
    ) -> dict[str, Any]:
        return policy_input(
            facts,
            basis,
            known,
            direction="outbound",
            action=self.action,
            countries=(self.country, peer.country),
            peer=Standing(peer.state.value, peer.reciprocity.value),
            assurances=tuple(each.fact for each in chosen),
            at=self.at,
        )


def choose_for(
    assurances: Assurances, countries: Iterable[str], facts: Circumstances, at: datetime
) -> dict[str, list[Chosen]]:
    """Return our valid assurances of the kinds wished, by country; raises `NotFound` where a country has none."""
    case = facts.case.reference
    found = {country: assurances.choose(country, facts.assurances, case, at) for country in countries}
    missing = [
        f"{kind} for {country}"
        for country, chosen in found.items()
        for kind in facts.assurances
        if not any(each.assurance.kind == kind for each in chosen)
    ]
    if missing:
        raise NotFound(
            f"no valid assurance {', '.join(missing)}: `comity assurance give KIND --to CC --until DATE --text …` "
            "makes one; or leave the country out with --to"
        )
    return found


def _named(said: Decision) -> Basis | None:
    """Return the basis that a question names, without the term: that the other side finds itself."""
    if said.outcome == "refused" or said.basis is None:
        return None
    return Basis(said.basis.agreement, said.basis.revision, said.basis.digest)
