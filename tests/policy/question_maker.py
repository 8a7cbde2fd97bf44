"""Questions that a term answers, and questions that miss it in a fact or two."""

import random
from collections.abc import Mapping
from typing import Any

from policy_samples import question

from comity.policy import library
from comity.policy.agreement import Agreement, unix_day

ASSURED = [
    {"kind": kind, "status": "given", "expires": 10**12}
    for kind in library.schema("agreement")["$defs"]["assurance"]["enum"]
]
_MISSES: dict[str, list[Any]] = {
    row["path"][0] if len(row["path"]) == 1 else "__".join(row["path"]): row["of"]
    for row in library.vocabulary()["input"]
    if row["kind"] == "one_of" and row["path"][0] not in ("direction", "review")
} | {
    "offence__max_penalty_months": [0, 3, 12, 36, 60, 1200],
    "offence__kinds": [[], ["political"], ["capital"], ["fiscal", "in-absentia"], ["torture-risk", "state-security"]],
    "offence__present": [True, False],
    "offence__list_category": ["", "terrorism", "fraud"],
    "offence__organised": [True, False],
    "nexus": [False],
    "summary": [False, True],
    "onward": [True],
    "automated": [True],
    "confidential": [True],
    "subject__vulnerable": [True],
    "ask__keep_days": [1, 40, 400],
    "ask__fields": [["name"], ["name", "birthDate"], ["address", "iban"]],
    "ask__max_candidates": [1, 30, 1000],
    "undertakings": [[], ["logging"]],
    "assurances": [[]],
    "authorisation": [{"type": "prosecutor", "valid": True}, {"type": "none", "valid": False}],
    "language": ["en", "et", "xx"],
    "category": library.schema("agreement")["$defs"]["category"]["enum"],
    "purpose": library.schema("agreement")["$defs"]["purpose"]["enum"],
    "requester__role": library.schema("agreement")["$defs"]["role"]["enum"],
    "requester__authority": ["police", "prosecutor", "court", "customs"],
    "time": [unix_day(day) for day in ("2025-06-01", "2026-02-01", "2030-01-01", "2035-01-01")],
}


def asked(chance: random.Random, agreement: Agreement, term: Mapping[str, Any], misses: int) -> dict[str, Any]:
    """A question that this term answers, were it not for so many facts changed at random."""
    answers = chance.choice(term["providers"])
    asks = chance.choice([party for party in agreement.parties if party != answers])
    facts = {
        "time": agreement.data["from"] + 3600,
        "action": chance.choice(term["actions"]),
        "category": chance.choice(term["categories"]),
        "purpose": chance.choice(term["purposes"]),
        "requester__authority": chance.choice(agreement.data["authorities"][asks]),
        "requester__role": chance.choice(term["roles"]),
        "channel": chance.choice(term["channels"]),
        "assistance": chance.choice(term["assistance"]),
        "case__proceeding": chance.choice(term["proceedings"]),
        "aim": chance.choice(term["aims"]),
        "urgency": chance.choice(term["urgencies"]),
        "scope": chance.choice(term["scopes"]),
        "subject__category": chance.choice(term["subjects"]["categories"]),
        "subject__nationality": chance.choice(term["nationalities"]),
        "procedure": chance.choice(term["procedures"]),
        "identification": "strong",
        "necessity": "strict",
        "summary": True,
        "language": "",
        "offence__list_category": "terrorism",
        "offence__max_penalty_months": 1200,
        "offence__gravity": "serious",
        "offence__transnational": True,
        "offence__organised": True,
        "offence__convention": True,
        "authorisation": {"type": "judge", "valid": True},
        "undertakings": library.vocabulary()["undertakings"],
        "assurances": ASSURED,
    }
    missed = chance.sample(sorted(_MISSES), misses)
    return question(asks, answers, **{**facts, **{path: chance.choice(_MISSES[path]) for path in missed}})
