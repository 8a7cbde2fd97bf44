"""From a header to the policy input document. Pure; the search subject never enters.

The keys are those of `policy/schemas/input.schema.json`.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from comity.exchange.model import UNREVIEWED, Authorisation, Basis, Circumstances, Header, Offence, Review
from comity.records.query import Query

ABSENT: Mapping[str, Any] = MappingProxyType(
    {
        # What the asker states of the case. Not said is taken at its worst: an agreement must allow even that.
        "channel": "interpol",  # no competent contact point was named
        "assistance": "other",  # no type of the list, so only a term that takes anything fits
        "scope": "bulk",
        "subject.nationality": "unknown",
        "subject.vulnerable": True,
        "privilege.kind": "immunity",
        "onward": True,
        "automated": True,
        "offence.gravity": "minor",
        "offence.bar": "pending-proceedings",  # of an offence that is stated; without one there is nothing to bar
        # What speaks for the asker. Not said is not so.
        "privilege.waived": False,
        "offence.code": "",
        "offence.transnational": False,
        "offence.organised": False,
        "offence.convention": False,
        "summary": "",
        "necessity": "ordinary",
        "undertakings": (),
        "assurance_envelopes": (),
        # What the asker wishes. Not said is no wish: nothing is given for it.
        "language": "",
        "confidentiality": "",
        "procedure": "domestic",
        "ask.fields": (),
        "ask.max_candidates": 0,
        "ask.keep_days": 0,
    }
)
"""What a fact is where a message does not say it: an older peer's, or a careless one's.

Not in the table, because no message says it: `identification` and, where nationalities are searched,
`subject.nationality` are derived from the query by whoever decides; `peer.*`, the status of assurances and `review`
are what the deciding node itself holds.
"""


@dataclass(frozen=True, slots=True)
class Sought:
    """What policy may know of a query: never who."""

    category: str
    identification: str
    nationality: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How a peer stands with the node that decides: the operator's trust, the policy officer's word on reciprocity."""

    trust: str = "active"
    reciprocity: str = "given"


@dataclass(frozen=True, slots=True)
class AssuranceFact:
    """A signed assurance as the deciding node holds it; `expires` in Unix seconds."""

    kind: str
    status: str
    expires: int


PRESUMED = Standing()
"""How a country presumes to stand with a peer that has not told it otherwise."""


def sought(query: Query, stated: str, *, provider: str, requester: str) -> Sought:
    """Return what policy may know of a query; `stated` is the nationality that the asker claims."""
    return Sought(query.category, identification(query), nationality(query.nationalities, stated, provider, requester))


def identification(query: Query) -> str:
    """Return how well a query identifies: an exact identifier, a name with a whole birth date, or less."""
    if query.identifiers:
        return "strong"
    whole_date = query.birth_date is not None and len(query.birth_date) == len("1975-03-09")
    return "moderate" if query.names and whole_date else "weak"


def nationality(searched: tuple[str, ...], stated: str, provider: str, requester: str) -> str:
    """Return whose national a person is: by the nationalities searched, else as stated. The provider's come first."""
    held = {country.upper() for country in searched}
    if not held:
        return stated
    if provider in held:
        return "provider"
    return "requester" if requester in held else "third"


def policy_input(  # noqa: PLR0913  the document's own parts, each named
    circumstances: Circumstances,
    basis: Basis | None,
    sought: Sought,
    *,
    direction: str,
    action: str,
    countries: tuple[str, str],
    at: datetime,
    peer: Standing = PRESUMED,
    assurances: tuple[AssuranceFact, ...] = (),
    review: Review = UNREVIEWED,
) -> dict[str, Any]:
    """Return the input document; `countries` is (self, peer).

    `time` is cut to the full hour: agreements change at midnight UTC, so every comparison stays the same, and
    equal questions within an hour are one cached decision.
    """
    own, other = countries
    who, subject, ask = circumstances.official, circumstances.subject, circumstances.ask
    return {
        "direction": direction,
        "action": action,
        "time": int(at.timestamp()) // 3600 * 3600,
        "self": {"country": own},
        "peer": {"country": other, "trust": peer.trust, "reciprocity": peer.reciprocity},
        "requester": {
            "country": own if direction == "outbound" else other,
            "authority": who.authority,
            "role": who.role,
        },
        "channel": circumstances.channel,
        "assistance": circumstances.assistance,
        "language": circumstances.language,
        "category": sought.category,
        "purpose": circumstances.purpose,
        "intended_use": circumstances.intended_use,
        "aim": circumstances.aim,
        "subject": {
            "category": subject.category,
            "age_band": subject.age_band,
            "nationality": sought.nationality,
            "vulnerable": subject.vulnerable,
        },
        "scope": circumstances.scope,
        "case": {
            "present": bool(circumstances.case.reference),
            "proceeding": circumstances.case.proceeding or "none",
        },
        "offence": _offence(circumstances.offence),
        "nexus": bool(circumstances.nexus),
        "summary": bool(circumstances.summary),
        "privilege": {"kind": circumstances.privilege.kind, "waived": circumstances.privilege.waived},
        "onward": circumstances.onward,
        "automated": circumstances.automated,
        "necessity": circumstances.necessity,
        "identification": sought.identification,
        "ask": {
            "fields": sorted(set(ask.fields)),
            "max_candidates": ask.max_candidates,
            "keep_days": ask.keep_days,
        },
        "procedure": circumstances.procedure,
        "confidential": bool(circumstances.confidentiality),
        "undertakings": sorted(set(circumstances.undertakings)),
        "urgency": circumstances.urgency,
        "authorisation": _authorisation(circumstances.authorisation, at),
        "assurances": [asdict(each) for each in sorted(set(assurances), key=lambda a: (a.kind, a.status, a.expires))],
        "basis": {"agreement": basis.agreement if basis else "", "digest": basis.digest if basis else ""},
        "review": asdict(review),
    }


def as_it_came(  # noqa: PLR0913  what the deciding node adds to a message
    header: Header,
    query: Query,
    *,
    action: str,
    countries: tuple[str, str],
    at: datetime,
    peer: Standing = PRESUMED,
    assurances: tuple[AssuranceFact, ...] = (),
    review: Review = UNREVIEWED,
) -> dict[str, Any]:
    """Return the document of a peer's question; `countries` is (our own, the peer).

    What the query shows, it shows here again: the asker's word on it counts for nothing.
    """
    own, other = countries
    facts = header.circumstances
    return policy_input(
        facts,
        header.basis,
        sought(query, facts.subject.nationality, provider=own, requester=other),
        direction="inbound",
        action=action,
        countries=countries,
        at=at,
        peer=peer,
        assurances=assurances,
        review=review,
    )


def as_the_peer_sees(
    circumstances: Circumstances,
    basis: Basis,
    sought: Sought,
    *,
    action: str,
    countries: tuple[str, str],
    at: datetime,
    assurances: tuple[AssuranceFact, ...] = (),
) -> dict[str, Any]:
    """Return the document on which a peer will decide a question of ours; `countries` is (our own, the peer).

    What only the peer can say is presumed: that it trusts us, holds that we keep our side, and that no person there has
    decided yet.
    """
    home, peer = countries
    return policy_input(
        circumstances,
        basis,
        sought,
        direction="inbound",
        action=action,
        countries=(peer, home),
        assurances=assurances,
        at=at,
    )


def _offence(offence: Offence) -> dict[str, Any]:
    return {
        "present": offence.present,
        "code": offence.code,
        "list_category": offence.list_category,
        "iccs": offence.iccs,
        "max_penalty_months": offence.max_penalty_months,
        "attempt": offence.attempt,
        "dual_criminal": None,
        "kinds": sorted(set(offence.kinds)),
        "transnational": offence.transnational,
        "organised": offence.organised,
        "convention": offence.convention,
        "gravity": offence.gravity if offence.present else ABSENT["offence.gravity"],
        "bar": offence.bar,
    }


def _authorisation(order: Authorisation, at: datetime) -> dict[str, Any]:
    expires = order.expires_at or datetime.max.replace(tzinfo=UTC)
    return {"type": order.type or "none", "valid": bool(order.type) and expires > at}
