"""Questions at random over every fact, near enough to a term that many are answered. Fixed seed."""

import random
from collections.abc import Iterator
from typing import Any

from comity.policy import library
from comity.policy.prove.facts import Fact, facts, put, usual
from comity.policy.prove.model import Model, place

FIELDS = ("name", "birthDate", "idNumber", "address", "iban")
STRANGE = "no such word"


def questions(model: Model, count: int, seed: int) -> Iterator[dict[str, Any]]:
    chance = random.Random(seed)
    words = _words(model)
    keys = sorted(model.candidates)
    for _ in range(count):
        candidate = model.candidates[chance.choice(keys)]
        pair = chance.choice(candidate.pairs)
        term, agreement = candidate.whole["term"], candidate.whole["agreement"]
        document = usual()
        place(document, chance.choice(["inbound", "inbound", "outbound"]), pair)
        document["requester"].update(
            country=pair[1],
            authority=chance.choice(agreement["authorities"][pair[1]]),
            role=chance.choice(term["roles"]),
        )
        document |= {key: chance.choice(term[f"{key}s"]) for key in ("action", "purpose")}
        document |= {"category": chance.choice(term["categories"]), "assistance": chance.choice(term["assistance"])}
        document |= {"time": agreement["from"] + 86400, "channel": chance.choice(term["channels"])}
        document["subject"]["category"] = chance.choice(term["subjects"]["categories"])
        document["authorisation"] = {"type": "judge", "valid": True}
        document["basis"]["agreement"] = chance.choice(["", candidate.name])
        for fact in chance.sample(sorted(facts().values(), key=lambda each: each.name), chance.randint(0, 5)):
            put(document, fact.name, _value(fact, chance, words))
        yield document


def _value(fact: Fact, chance: random.Random, words: dict[str, list[str]]) -> Any:
    if fact.kind == "number":
        near = [*(cut + by for cut in words[fact.name] for by in (-1, 0, 1)), 0, 10**9]
        return max(0, chance.choice(near))  # type: ignore[type-var]
    if fact.kind == "rows":
        kinds = ["no-death-penalty", "no-torture", STRANGE]
        ends = [1, 1_700_000_000, 2_000_000_000]
        status = ["given", "verified", "withdrawn"]
        return [
            {"kind": chance.choice(kinds), "status": chance.choice(status), "expires": chance.choice(ends)}
            for _ in range(chance.randint(0, 3))
        ]
    if fact.kind in ("texts", "some_of"):
        known = [*(fact.of or words[fact.name])]
        return chance.sample(known, min(len(known), chance.choice([0, 1, 2, 3, len(known)])))
    listed = {"flag": [True, False], "claim": [True, False, None], "one_of": fact.of}
    return chance.choice(listed.get(fact.kind) or words.get(fact.name, ["", STRANGE]))


def _words(model: Model) -> dict[str, Any]:
    wholes = [each.whole for each in model.candidates.values()]
    terms, agreements = [each["term"] for each in wholes], [each["agreement"] for each in wholes]
    offences = [each for country in model.data["comity"]["offences"].values() for each in country["iccs"][:4]]
    months = {12, 24, 36, 48, *(term["offences"]["min_penalty_months"] for term in terms)}
    return {
        "action": [*model.actions],
        "category": [*model.categories],
        "purpose": sorted({word for term in terms for word in term["purposes"]} | {STRANGE}),
        "requester.role": sorted({word for term in terms for word in term["roles"]} | {STRANGE}),
        "requester.authority": sorted(
            {w for each in agreements for some in each["authorities"].values() for w in some}
        ),
        "requester.country": [*model.countries],
        "self.country": [*model.countries, STRANGE],
        "peer.country": [*model.countries, STRANGE],
        "language": ["", "en", "et", "fi", STRANGE],
        "offence.list_category": ["", "fraud", "murder", "terrorism", STRANGE],
        "offence.iccs": ["", *sorted(set(offences)), STRANGE],
        "offence.code": ["", "EE:209", STRANGE],
        "authorisation.type": ["judge", "court", "prosecutor", "none"],
        "review.role": ["desk-officer", "prosecutor", "judge", STRANGE],
        "basis.agreement": [*model.names],
        "basis.digest": ["", *sorted({each["digest"] for each in agreements}), STRANGE],
        "ask.fields": [*FIELDS, "alias", STRANGE, "another strange word", "a third one"],
        "undertakings": [*library.vocabulary()["undertakings"], STRANGE],
        "time": sorted({each[end] for each in agreements for end in ("from", "until")}),
        "offence.max_penalty_months": sorted(months),
        "ask.max_candidates": sorted({term["limits"]["max_candidates"] for term in terms}),
        "ask.keep_days": sorted({term["retention_days"] for term in terms}),
        "review.officers": [1, 2],
    }
