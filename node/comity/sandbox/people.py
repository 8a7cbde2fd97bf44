"""Who is in the registers of the sandbox? Invented people, vehicles, companies, accounts; the same for a seed, always.

A few per cent of the persons are known on both sides of a border, spelled as each side spells. The stars are the
subjects that demonstrations ask about.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

from comity.errors import Malformed, Violation
from comity.sandbox.names import numbers
from comity.sandbox.names.lists import BANKS, CARS, FIRM_WORDS, FORMS, SPOKEN, STREETS, TONGUES
from comity.sandbox.names.spelling import feminine, is_cyrillic, machine_readable, spelled

NEIGHBOURS = (("EE", "FI"), ("EE", "LV"), ("FI", "SE"), ("LT", "LV"), ("LT", "PL"), ("DE", "PL"), ("DE", "US"))
"""Borders across which people are known on both sides."""

_SHARED = 0.02  # of a country's persons, for each border
_WANTED, _MISSING = 0.12, 0.17  # bounds of one draw: 12 % wanted, 5 % missing, the others have a record
_YEAR_ONLY = 0.04
_FROM_PASSPORT = 0.35  # of the people from abroad: copied from the machine-readable zone
_EXTRAS = {
    "vehicle-register": ("v", 4),
    "company-register": ("c", 10),
    "bank-accounts": ("b", 10),
    "stolen-documents": ("s", 12),
    "stolen-vehicles": ("sv", 40),
    "bank-account-content": ("bc", 40),
    "dna-profiles": ("dna", 50),
    "fingerprints": ("fp", 50),
    "facial-images": ("face", 50),
}
"""For each category the letters of its ids, and one thing for so many persons."""
_BIOMETRIC = {"dna-profiles": "DNA", "fingerprints": "FP", "facial-images": "FACE"}
"""What the number of a sample begins with: the sample itself is not here, only the number it is kept under."""

Entity = dict[str, Any]
"""An entity in FollowTheMoney's JSON form."""


@dataclass(frozen=True, slots=True)
class Star:
    """A subject demonstrations ask about.

    `names` holds by country how it is spelled or numbered there; `held_by` names the countries that have a record,
    a person's own country first. The others of `names` only ask. `birth_date` is empty for what is no person.
    """

    key: str
    birth_date: str
    names: dict[str, str]
    category: str
    note: str
    held_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Invented:
    """A person before any register writes the name down."""

    tongue: str
    home: str
    male: bool
    first: str
    last: str
    birth_date: str
    id_number: str
    passport: str


@cache
def stars() -> tuple[Star, ...]:
    """Return the stars; the first is wanted in Finland and in Latvia, and Estonia asks about him."""
    account = numbers.iban("LV", Random("star account"))  # noqa: S311
    grouped = " ".join(account[start : start + 4] for start in range(0, len(account), 4))
    return (
        Star(
            "kaskov",
            "1984-03-17",
            {"EE": "Juri Kaskov", "FI": "Jurij Kaskov", "LV": "Юрий Каськов"},
            "wanted-persons",
            "Wanted in Finland and in Latvia; Estonia has nothing and asks.",
            ("LV", "FI"),
        ),
        Star(
            "company",
            "",
            {"EE": "Sinilaiu Kaubandus OÜ", "LV": "Sinilaiu Kaubandus OU"},
            "company-register",
            "An Estonian company that Latvia asks about without the umlaut.",
            ("EE",),
        ),
        Star(
            "car",
            "",
            {"FI": "KVB-412", "EE": "KVB412", "SE": "KVB 412"},
            "vehicle-register",
            "A Finnish car, asked about by its plate, however it is written.",
            ("FI",),
        ),
        Star(
            "account",
            "",
            {"LV": account, "EE": grouped},
            "bank-accounts",
            "A Latvian account, asked about by its IBAN in groups of four.",
            ("LV",),
        ),
        Star(
            "passport",
            "",
            {"FI": "FP4170352", "EE": "FP 4170352", "LV": "FP4170352"},
            "stolen-documents",
            "A Finnish passport, stolen; whoever checks it at a border asks.",
            ("FI",),
        ),
        Star(
            "missing",
            "2009-11-02",
            {"SE": "Åsa Ängsvik", "FI": "Åsa Ängsvik", "EE": "Asa Angsvik"},
            "missing-persons",
            "A missing minor known in Sweden and Finland.",
            ("SE", "FI"),
        ),
        Star(
            "convicted",
            "1971-08-30",
            {"LV": "Ģirts Ozolnieks", "EE": "Girts Ozolnieks", "SE": "Girts Ozolnieks"},
            "criminal-records",
            "Has a record in Latvia and in Estonia.",
            ("LV", "EE"),
        ),
        Star(
            "trace",
            "",
            {"FI": "DNA-FI-2026-0417", "EE": "DNA-FI-2026-0417", "LT": "DNA-FI-2026-0417"},
            "dna-profiles",
            "A DNA profile that Finland keeps; a trace found in Estonia or Lithuania is the same.",
            ("FI",),
        ),
        Star(
            "gangster",
            "1979-06-21",
            {"LT": "Žydrūnas Ožalas", "EE": "Zydrunas Ozalas", "LV": "Žīdrūns Ožals"},
            "wanted-persons",
            "Wanted in Lithuania; Estonia asks while its agreement with Lithuania is suspended.",
            ("LT",),
        ),
        Star(
            "fugitive",
            "1968-12-05",
            {"EE": "Walter Hawthorne", "US": "Walter Hawthorne"},
            "wanted-persons",
            "Known in Estonia; the United States ask about a murder that may be punished with death.",
            ("EE",),
        ),
    )


def generate(country: str, people: int, seed: int) -> Iterator[tuple[str, Entity]]:
    """Yield (category, entity) of one country: its stars, `people` persons, and things in proportion.

    Ids begin with the country and are stable: the same arguments always give the same records in the same order.
    Raises `Malformed` for a country without names or a number of people below zero.
    """
    if country not in SPOKEN:
        problem = f"has no invented people; use one of {', '.join(SPOKEN)}"
        raise Malformed(f"country {problem}", violations=(Violation("country", problem),))
    if people < 0:
        raise Malformed("people must be 0 or more", violations=(Violation("people", "must be 0 or more"),))
    for star in stars():
        if country in star.held_by:
            yield star.category, _star_entity(star, country)
    for index, person in enumerate(_persons(country, people, seed)):
        rng = _rng(seed, country, "register", index)
        draw = rng.random()
        category = "wanted-persons" if draw < _WANTED else "missing-persons" if draw < _MISSING else "criminal-records"
        yield category, _person_entity(f"{country}-p{index:06}", country, person, rng)
    for category, (letters, share) in _EXTRAS.items():
        for index in range(people // share):
            rng = _rng(seed, country, category, index)
            yield category, _thing(f"{country}-{letters}{index:06}", category, country, rng)


def _rng(*words: object) -> Random:
    """Seed by text: every record has its own numbers, so that more people change nothing about the first ones."""
    return Random("/".join(map(str, words)))  # noqa: S311 - invented people, not secrets


def _persons(country: str, people: int, seed: int) -> Iterator[_Invented]:
    left = people
    for border in NEIGHBOURS:
        if country in border:
            shared = min(left, round(people * _SHARED))
            left -= shared
            for index in range(shared):
                rng = _rng(seed, *border, index)
                yield _invent(rng.choice(border), rng)
    for index in range(left):
        yield _invent(country, _rng(seed, country, "person", index))


def _invent(home: str, rng: Random) -> _Invented:
    shares = [share for _, share in SPOKEN[home]]
    tongue, _ = rng.choices(SPOKEN[home], shares)[0]
    names = TONGUES[tongue]
    male = rng.random() < 0.7
    first, last = rng.choice(names.male if male else names.female), rng.choice(names.surnames)
    birth_date = f"{rng.randrange(1950, 2007)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}"
    id_number = numbers.national_id(home, birth_date, rng, male=male)
    last = last if male else feminine(last, tongue)
    return _Invented(tongue, home, male, first, last, birth_date, id_number, numbers.passport(home, rng))


def _written(person: _Invented, country: str) -> tuple[str, str]:
    """Return given name and surname as the country's own register has them."""
    if person.home == country and not is_cyrillic(person.first):
        return person.first, person.last
    return spelled(person.first, person.last, country, male=person.male)


def _person_entity(identity: str, country: str, person: _Invented, rng: Random) -> Entity:
    first, last = _written(person, country)
    if person.home != country and rng.random() < _FROM_PASSPORT:
        first, last = machine_readable(first), machine_readable(last)
    original = f"{person.first} {person.last}"
    year_only = rng.random() < _YEAR_ONLY
    swapped = rng.random() < 0.5
    found: dict[str, str] = {
        "name": f"{first} {last}",
        "firstName": first,
        "lastName": last,
        "birthDate": person.birth_date[:4] if year_only else person.birth_date,
        "gender": "male" if person.male else "female",
        "nationality": person.home.lower(),
    }
    if original != found["name"] and swapped:
        # some registers keep the other script as the name, and how they write it themselves as the alias
        found["alias"] = original
        if is_cyrillic(person.first) and rng.random() < 0.4:
            found |= {"name": original, "firstName": person.first, "lastName": person.last, "alias": found["name"]}
    if person.home == country and not year_only and person.id_number:
        found["idNumber"] = person.id_number
    if rng.random() < 0.3:
        found["passportNumber"] = person.passport
    if rng.random() < 0.6:
        found["address"] = _address(country, rng)
    if rng.random() < 0.4:
        found["phone"] = numbers.phone(country, rng)
    return _entity(identity, "Person", found)


def _address(country: str, rng: Random) -> str:
    streets, towns = (rng.choice(words.split("|")) for words in STREETS[country])
    return f"{streets} {rng.randrange(1, 90)}, {towns}"


def _thing(identity: str, category: str, country: str, rng: Random) -> Entity:
    code = country.lower()
    if category in ("vehicle-register", "stolen-vehicles"):
        return _vehicle(identity, country, numbers.plate(country, rng), rng)
    if category in _BIOMETRIC:
        return _sample(identity, _invent(country, rng), f"{_BIOMETRIC[category]}-{identity}")
    if category == "company-register":
        first, second = (rng.choice(words.split()) for words in FIRM_WORDS[country])
        form = FORMS[country][rng.random() < 0.1]
        return _company(identity, country, f"{first} {second} {form}", rng)
    if category == "bank-accounts":
        return _account(identity, country, numbers.iban(country, rng), rng)
    if category == "bank-account-content":
        held = _account(identity, country, numbers.iban(country, rng), rng)
        held["properties"] |= {"maxBalance": [str(rng.randrange(10, 900_000))], "currency": [_currency(country)]}
        return held
    holder = _invent(country, rng)
    first, last = _written(holder, country)
    papers = {"number": numbers.passport(country, rng), "country": code, "type": "passport"}
    return _entity(identity, "Passport", papers | {"givenName": first, "surname": last, "birthDate": holder.birth_date})


def _vehicle(identity: str, country: str, plate: str, rng: Random) -> Entity:
    make, model = rng.choice(CARS)
    kind = "lorry" if make == "Scania" else "car"
    built = str(rng.randrange(2003, 2026))
    found = {"registrationNumber": plate, "type": kind, "model": f"{make} {model}", "country": country.lower()}
    return _entity(identity, "Vehicle", found | {"buildDate": built})


def _company(identity: str, country: str, name: str, rng: Random) -> Entity:
    found = {"name": name, "registrationNumber": numbers.company(country, rng), "jurisdiction": country.lower()}
    found |= {"legalForm": name.rsplit(" ", 1)[1], "status": "active" if rng.random() < 0.85 else "liquidated"}
    return _entity(identity, "Company", found | {"address": _address(country, rng)})


def _account(identity: str, country: str, iban: str, rng: Random) -> Entity:
    found = {"bankName": BANKS[country], "country": country.lower()}
    if iban:
        return _entity(identity, "BankAccount", found | {"iban": iban, "accountNumber": iban[4:]})
    return _entity(identity, "BankAccount", found | {"accountNumber": str(rng.randrange(10**9, 10**10))})


def _currency(country: str) -> str:
    return {"SE": "SEK", "PL": "PLN", "US": "USD"}.get(country, "EUR")


def _sample(identity: str, person: _Invented, number: str) -> Entity:
    found = {"name": f"{person.first} {person.last}", "birthDate": person.birth_date, "idNumber": number}
    found |= {"gender": "male" if person.male else "female", "nationality": person.home.lower()}
    return _entity(identity, "Person", found)


def _star_entity(star: Star, country: str) -> Entity:
    identity, name, rng = f"{country}-star-{star.key}", star.names[country], _rng("star", star.key)
    if star.category == "company-register":
        return _company(identity, country, name, rng)
    if star.category == "vehicle-register":
        return _vehicle(identity, country, name, rng)
    if star.category == "bank-accounts":
        return _account(identity, country, name, rng)
    if star.category in _BIOMETRIC:
        return _sample(identity, _invent(country, rng), name)
    if star.category == "stolen-documents":
        return _entity(identity, "Passport", {"number": name, "country": country.lower(), "type": "passport"})
    first, last = name.split(" ", 1)
    found = {"name": name, "firstName": first, "lastName": last, "birthDate": star.birth_date}
    found |= {"gender": "female" if star.key == "missing" else "male", "nationality": star.held_by[0].lower()}
    return _entity(identity, "Person", found)


def _entity(identity: str, schema: str, found: dict[str, str]) -> Entity:
    return {"id": identity, "schema": schema, "properties": {name: [value] for name, value in found.items()}}
