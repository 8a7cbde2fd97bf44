"""From a header to the policy input document. Pure; the search subject never enters.

The keys are those of `policy/schemas/input.schema.json`.
"""

from datetime import UTC, datetime
from typing import Any

from comity.exchange.model import Authorisation, Basis, Circumstances
from comity.policy.library import vocabulary


def policy_input(  # noqa: PLR0913  the document's own parts, each named
    circumstances: Circumstances,
    basis: Basis | None,
    *,
    direction: str,
    action: str,
    category: str,
    countries: tuple[str, str],
    trust: str,
    at: datetime,
) -> dict[str, Any]:
    """Return the input document; `countries` is (self, peer).

    `time` is cut to the full hour: agreements change at midnight UTC, so every comparison stays the same, and
    equal questions within an hour are one cached decision.
    """
    own, other = countries
    who = circumstances.official
    offence = circumstances.offence
    return {
        "direction": direction,
        "action": action,
        "time": int(at.timestamp()) // 3600 * 3600,
        "self": {"country": own},
        "peer": {"country": other, "trust": trust, "reciprocity": "given"},
        "requester": {
            "country": own if direction == "outbound" else other,
            "authority": who.authority,
            "role": who.role,
        },
        "channel": "spoc",
        "assistance": "police-information",
        "language": circumstances.language,
        "category": category,
        "purpose": circumstances.purpose,
        "intended_use": circumstances.intended_use,
        "aim": circumstances.aim,
        "subject": {
            "category": circumstances.subject.category,
            "age_band": circumstances.subject.age_band,
            "nationality": "unknown",
            "vulnerable": False,
        },
        "scope": "individual",
        "case": {
            "present": bool(circumstances.case.reference),
            "proceeding": circumstances.case.proceeding or "none",
        },
        "offence": {
            "present": offence.present,
            "code": offence.code,
            "list_category": offence.list_category,
            "iccs": offence.iccs,
            "max_penalty_months": offence.max_penalty_months,
            "attempt": offence.attempt,
            "dual_criminal": None,
            "kinds": sorted(offence.kinds),
            "transnational": False,
            "organised": False,
            "convention": False,
            "gravity": "ordinary",
            "bar": "none",
        },
        "nexus": bool(circumstances.nexus),
        "summary": False,
        "privilege": {"kind": "none", "waived": False},
        "onward": False,
        "automated": False,
        "necessity": "ordinary",
        "identification": "weak",
        "ask": {"fields": [], "max_candidates": 0, "keep_days": 0},
        "procedure": "domestic",
        "confidential": bool(circumstances.confidentiality),
        "undertakings": vocabulary()["undertakings"],
        "urgency": circumstances.urgency,
        "authorisation": _authorisation(circumstances.authorisation, at),
        "assurances": [],
        "basis": {"agreement": basis.agreement if basis else "", "digest": basis.digest if basis else ""},
        "review": {"state": "none", "role": "", "ground": "", "officers": 0},
    }


def _authorisation(order: Authorisation, at: datetime) -> dict[str, Any]:
    expires = order.expires_at or datetime.max.replace(tzinfo=UTC)
    return {"type": order.type or "none", "valid": bool(order.type) and expires > at}
