"""Pre-flight: which peers would answer a question, how fully and by which article, without asking them.

The agreement is one text at both countries and the library is one, so the asking country can decide as the country
asked will: on the same document (`facts.as_the_peer_sees`), without its own national law, which does not count there.
What it cannot know is the other's national law, which may refuse more, and what the other holds against it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from threading import Lock

from comity.exchange.facts import Sought, as_the_peer_sees, nationality
from comity.exchange.model import Basis, Circumstances, Verdict
from comity.exchange.outbound import OwnOfficer, choose_for
from comity.exchange.own import OwnNode
from comity.exchange.policy import PolicyInForce, as_asked, verdict_of
from comity.exchange.release import over_quota
from comity.exchange.store import permitted_by
from comity.identity.store import Peer, PeerBook
from comity.policy.agreement import Agreement
from comity.policy.decision import Decision
from comity.policy.engine import Engine

Start = Callable[[Iterable[Agreement]], Engine]
"""Starts an engine of the shipped library over some agreements, with nobody's national law."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A question that is not put yet: what policy may know of its query, as the officer expects it to be."""

    category: str
    identification: str
    nationalities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What one country would answer. `decided_by`: home (our own policy refuses) or peer.

    `left` is how many more questions of the day the term allows; fields and retention are what would be released.
    """

    country: str
    outcome: str
    decided_by: str
    verdict: Verdict
    fields: tuple[str, ...] = ()
    max_candidates: int = 0
    retention: str = ""
    per_day: int = 0
    left: int = 0


class Treaties:
    """The agreements as every party reads them; one engine for the set in force, started when first needed."""

    def __init__(self, start: Start) -> None:
        self._start = start
        self._lock = Lock()
        self._held: tuple[str, Engine] | None = None

    def decide(self, policy: PolicyInForce, document: dict[str, object]) -> Decision:
        """Decide one document on the agreements of the policy in force; raises `Unavailable`."""
        with self._lock:
            if self._held is None or self._held[0] != policy.digest:
                self.close()
                self._held = policy.digest, self._start(policy.agreements.values())
            return self._held[1].decide(document)

    def close(self) -> None:
        """Stop the engine."""
        if self._held is not None:
            self._held[1].close()
            self._held = None


class Preflight:
    """Foresees answers. Thread-safe; one for a node process."""

    def __init__(self, own: OwnNode, peers: PeerBook, treaties: Treaties, action: str) -> None:
        self._own = own
        self._peers = peers
        self._treaties = treaties
        self._action = action

    def foresee(self, circumstances: Circumstances, planned: Planned, countries: tuple[str, ...]) -> list[Foreseen]:
        """Return one foreseen answer for each country named, or for all peers; nothing is sent or logged.

        Raises `NotFound` for an unknown country or an assurance that nobody gave, `Unavailable` without policy.
        """
        own = self._own
        self._peers.refresh()
        peers = [self._peers.get(country) for country in dict.fromkeys(countries)] or self._peers.all()
        facts, now, policy = replace(circumstances, undertakings=own.undertakings), own.clock(), own.policy()
        named = [peer.country for peer in peers]
        chosen = choose_for(own.assurances, named, facts, now) if facts.assurances else {}
        officer = OwnOfficer(own.country, self._action, now)
        found = []
        for peer in peers:
            relation = nationality(planned.nationalities, facts.subject.nationality, peer.country, own.country)
            known = Sought(planned.category, planned.identification, relation)
            going = officer.may_ask(policy, peer, facts, known, chosen.get(peer.country, ()))
            if going.basis is None:
                found.append(Foreseen(peer.country, going.verdict.outcome, "home", going.verdict))
                continue
            document = as_the_peer_sees(
                facts,
                going.basis,
                known,
                action=self._action,
                countries=(own.country, peer.country),
                at=now,
                assurances=going.facts,
            )
            found.append(self._foreseen(peer, as_asked(self._treaties.decide(policy, document), facts.ask), now))
        return found

    def _foreseen(self, peer: Peer, decision: Decision, now: datetime) -> Foreseen:
        verdict = verdict_of(decision)
        left = self._left(peer.country, verdict.basis, decision.per_day, now)
        if verdict.outcome == "permitted" and left == 0:
            verdict = over_quota(verdict)
        gives = verdict.outcome != "refused"
        return Foreseen(
            peer.country,
            verdict.outcome,
            "peer",
            verdict,
            fields=decision.fields if gives else (),
            max_candidates=decision.max_candidates if gives else 0,
            retention=decision.retention if gives else "",
            per_day=decision.per_day,
            left=left,
        )

    def _left(self, country: str, basis: Basis | None, per_day: int, now: datetime) -> int:
        """Return what is left of a term's quota at the peer, as far as our own record of today tells."""
        if basis is None or not basis.term:
            return 0
        today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        with self._own.store.read() as tx:
            return max(0, per_day - permitted_by(tx, country, basis.agreement, basis.term, today))
