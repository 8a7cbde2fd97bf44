"""What is compared of a record: its names as tokens, dates, countries, identifiers. Pure.

It is worked out once, at import, and kept beside the record, so that a question transliterates nothing but itself
and reads the properties of hits only.
"""

import json
from dataclasses import dataclass

from comity.records.entity import Entity
from comity.records.keys import comparable, identifier_keys, names_of

PROFILE_VERSION = 2
"""Part of every record's digest: raise it when keys or profiles change, and the next import renews them."""

_ISSUED = frozenset(("Passport", "Identification", "Vehicle", "Airplane", "Vessel", "BankAccount", "Company"))

Tokens = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of a subject in comparable form.

    `weak` are names that its source itself calls weak; `issued`: the countries are the issuer's (of a document, plate
    or account), so that an equal number of another country is another thing.
    """

    names: tuple[Tokens, ...] = ()
    weak: tuple[Tokens, ...] = ()
    births: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    issued: bool = False


def profile_of(entity: Entity) -> Profile:
    """Return the profile of a record."""
    weak = dict.fromkeys(comparable(name, entity.schema) for name in entity.values("weakAlias"))
    names = dict.fromkeys(comparable(name, entity.schema) for name in names_of(entity))
    return Profile(
        names=tuple(tokens for tokens in names if tokens),
        weak=tuple(tokens for tokens in weak if tokens and tokens not in names),
        births=entity.values("birthDate"),
        countries=tuple(dict.fromkeys(entity.values("nationality", "citizenship", "country", "jurisdiction"))),
        identifiers=tuple(identifier_keys(entity)),
        issued=entity.schema in _ISSUED,
    )


def encode_profile(profile: Profile) -> str:
    """Return the text that is stored: a JSON list, names as token texts joined by a space."""
    rows = [
        [" ".join(tokens) for tokens in profile.names],
        [" ".join(tokens) for tokens in profile.weak],
        profile.births,
        profile.countries,
        profile.identifiers,
        int(profile.issued),
    ]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def decode_profile(text: str) -> Profile:
    """Return the profile of a stored text."""
    names, weak, births, countries, identifiers, issued = json.loads(text)
    return Profile(
        tuple(tuple(name.split(" ")) for name in names),
        tuple(tuple(name.split(" ")) for name in weak),
        tuple(births),
        tuple(countries),
        tuple(identifiers),
        bool(issued),
    )
