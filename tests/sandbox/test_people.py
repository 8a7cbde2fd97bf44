"""The invented people: the same for a seed, well-formed, and the stars only where they are held."""

from collections import Counter
from itertools import islice
from typing import Any

import pytest
from stdnum import iban
from stdnum.ee import ik
from stdnum.fi import hetu
from stdnum.lt import asmens
from stdnum.lv import pvn
from stdnum.pl import pesel
from stdnum.se import personnummer
from stdnum.us import ssn

from comity.errors import Malformed
from comity.records.entity import parse_entity
from comity.records.matching import HIT, match
from comity.records.query import Identifier, Query
from comity.sandbox.names.lists import SPOKEN, TONGUES
from comity.sandbox.names.spelling import feminine, is_cyrillic, machine_readable, spelled
from comity.sandbox.people import NEIGHBOURS, Star, generate, stars

SEED = 2026
PEOPLE = 1000
COUNTRIES = tuple(SPOKEN)
CATEGORIES = {
    "wanted-persons": "Person", "missing-persons": "Person", "criminal-records": "Person",
    "vehicle-register": "Vehicle", "company-register": "Company", "bank-accounts": "BankAccount",
    "stolen-documents": "Passport", "stolen-vehicles": "Vehicle", "bank-account-content": "BankAccount",
    "dna-profiles": "Person", "fingerprints": "Person", "facial-images": "Person",
}  # fmt: skip
BY_NAME = ("wanted-persons", "missing-persons", "criminal-records")
Rows = list[tuple[str, dict[str, Any]]]


@pytest.fixture(scope="module")
def made() -> dict[str, Rows]:
    return {country: list(generate(country, PEOPLE, SEED)) for country in COUNTRIES}


def persons(rows: Rows) -> list[dict[str, list[str]]]:
    return [entity["properties"] for category, entity in rows if category in BY_NAME and "-star-" not in entity["id"]]


def test_same_seed_same_people_other_seed_others(made: dict[str, Rows]) -> None:
    assert list(generate("EE", PEOPLE, SEED)) == made["EE"]
    other = persons(list(generate("EE", PEOPLE, SEED + 1)))
    assert sum(a == b for a, b in zip(other, persons(made["EE"]), strict=True)) == 0


def test_known_values_do_not_change_between_versions_of_python() -> None:
    first = next(entity for _, entity in generate("EE", 10, 1) if "-star-" not in entity["id"])
    assert first["properties"]["name"] == ["Triin Mägi"]


@pytest.mark.parametrize("country", COUNTRIES)
def test_every_entity_passes_the_import(made: dict[str, Rows], country: str) -> None:
    for category, document in made[country]:
        entity = parse_entity(document)
        assert entity.to_dict()["properties"] == dict(sorted(document["properties"].items()))
        assert CATEGORIES[category] == entity.schema
        assert entity.id.startswith(f"{country}-")


@pytest.mark.parametrize("country", COUNTRIES)
def test_ids_are_unique(made: dict[str, Rows], country: str) -> None:
    ids = [entity["id"] for _, entity in made[country]]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("country", COUNTRIES)
def test_counts(made: dict[str, Rows], country: str) -> None:
    held = Counter(star.category for star in stars() if country in star.held_by)
    counts = Counter(category for category, _ in made[country])
    counts.subtract(held)
    assert set(counts) == set(CATEGORIES)
    assert counts["vehicle-register"] == PEOPLE // 4
    assert counts["company-register"] == counts["bank-accounts"] == PEOPLE // 10
    assert counts["stolen-documents"] == PEOPLE // 12
    assert counts["stolen-vehicles"] == counts["bank-account-content"] == PEOPLE // 40
    assert counts["dna-profiles"] == counts["fingerprints"] == counts["facial-images"] == PEOPLE // 50
    assert sum(counts[name] for name in BY_NAME) == PEOPLE
    assert 90 <= counts["wanted-persons"] <= 150
    assert 30 <= counts["missing-persons"] <= 75
    partial = sum(len(person["birthDate"][0]) == 4 for person in persons(made[country]))
    assert 15 <= partial <= 70


@pytest.mark.parametrize("country", COUNTRIES)
def test_nobody_is_made_but_stars_when_no_people_are_asked_for(country: str) -> None:
    keys = {entity["id"] for _, entity in generate(country, 0, SEED)}
    assert keys == {f"{country}-star-{star.key}" for star in stars() if country in star.held_by}


def test_the_first_star_is_the_demos() -> None:
    star = stars()[0]
    assert star.names == {"EE": "Juri Kaskov", "FI": "Jurij Kaskov", "LV": "Юрий Каськов"}
    assert (star.category, sorted(star.held_by)) == ("wanted-persons", ["FI", "LV"])
    assert len({each.key for each in stars()}) == len(stars()) >= 6
    assert all(set(each.held_by) <= set(each.names) <= set(COUNTRIES) for each in stars())


def hits(star: Star, asker: str, rows: Rows) -> set[str]:
    query = Query(star.category, "Person", (star.names[asker],), star.birth_date)
    found = (parse_entity(entity) for category, entity in rows if category in BY_NAME)
    return {entity.id for entity in found if match(query, entity).score >= HIT}


@pytest.mark.parametrize("star", [star for star in stars() if star.birth_date], ids=lambda star: star.key)
def test_every_spelling_of_a_star_finds_it_where_held_and_only_there(star: Star, made: dict[str, Rows]) -> None:
    for asker in star.names:
        for country in COUNTRIES:
            expected = {f"{country}-star-{star.key}"} if country in star.held_by else set()
            assert hits(star, asker, made[country]) == expected, (asker, country)


@pytest.mark.parametrize(
    ("key", "kind", "schema"),
    [
        ("car", "plate", "Vehicle"),
        ("account", "iban", "BankAccount"),
        ("passport", "passport", "Document"),
        ("trace", "document", "Person"),
    ],
)
def test_things_among_the_stars_are_found_by_number(key: str, kind: str, schema: str, made: dict[str, Rows]) -> None:
    star = next(star for star in stars() if star.key == key)
    for asker in star.names:
        query = Query(star.category, schema, identifiers=(Identifier(kind, star.names[asker]),))
        for country in COUNTRIES:
            things = [parse_entity(entity) for category, entity in made[country] if category == star.category]
            found = [thing.id for thing in things if match(query, thing).score >= HIT]
            assert found == ([f"{country}-star-{key}"] if country in star.held_by else []), (asker, country)


def test_the_company_among_the_stars_is_found_by_name(made: dict[str, Rows]) -> None:
    star = next(star for star in stars() if star.key == "company")
    for asker in star.names:
        query = Query(star.category, "Company", (star.names[asker],))
        firms = [parse_entity(entity) for _, entity in made["EE"] if entity["schema"] == "Company"]
        best = max(firms, key=lambda firm: match(query, firm).score)
        assert best.id == "EE-star-company"
        assert match(query, best).score >= HIT


def test_national_numbers_and_ibans_have_right_check_digits(made: dict[str, Rows]) -> None:
    checks = {"EE": ik, "FI": hetu, "SE": personnummer, "LV": pvn, "LT": asmens, "PL": pesel}
    for country, rows in made.items():
        given = [person["idNumber"][0] for person in persons(rows) if "idNumber" in person]
        assert (len(given) > PEOPLE * 0.8) != (country == "DE"), "Germany numbers nobody"
        for number in given:
            kwargs = {"allow_temporary": True} if country == "FI" else {}
            if country == "US":
                assert not ssn.is_valid(number), "from areas that are never issued"
            else:
                checks[country].validate(number, **kwargs)
        for category, entity in rows:
            if category in ("bank-accounts", "bank-account-content"):
                found = entity["properties"].get("iban", [])
                assert [iban.validate(number) for number in found] == found
                assert bool(found) != (country == "US")


def test_a_number_is_no_second_way_to_a_birth_date_known_by_year_only(made: dict[str, Rows]) -> None:
    partial = [person for rows in made.values() for person in persons(rows) if len(person["birthDate"][0]) == 4]
    assert partial
    assert not any("idNumber" in person for person in partial)


def common(made: dict[str, Rows], country: str, border: tuple[str, str]) -> list[dict[str, list[str]]]:
    """The people of a border stand first in each register, border after border."""
    before = [each for each in NEIGHBOURS if country in each].index(border)
    each = PEOPLE // 50
    return persons(made[country])[before * each : (before + 1) * each]


@pytest.mark.parametrize("border", NEIGHBOURS, ids="-".join)
def test_neighbours_share_some_people_under_other_spellings(made: dict[str, Rows], border: tuple[str, str]) -> None:
    pairs = list(zip(*(common(made, country, border) for country in border), strict=True))
    assert len(pairs) == PEOPLE // 50
    for left, right in pairs:
        assert left["birthDate"][0][:4] == right["birthDate"][0][:4]
        assert (left["gender"], left["nationality"]) == (right["gender"], right["nationality"])
        assert not ("idNumber" in left and "idNumber" in right)
    assert sum(left["name"] != right["name"] for left, right in pairs) >= 2


def test_given_names_agree_with_gender(made: dict[str, Rows]) -> None:
    for country, rows in made.items():
        own = [TONGUES[tongue] for tongue, _ in SPOKEN[country] if tongue != "ru"]
        male = {name for names in own for name in names.male}
        female = {name for names in own for name in names.female}
        found = [person for person in persons(rows) if person["firstName"][0] in (male ^ female)]
        assert len(found) > PEOPLE / 2
        for person in found:
            assert (person["firstName"][0] in male) == (person["gender"] == ["male"]), person


def test_estonia_and_latvia_write_some_names_in_cyrillic(made: dict[str, Rows]) -> None:
    for country in ("EE", "LV"):
        assert sum(is_cyrillic(person["name"][0]) for person in persons(made[country])) > 10
        assert sum(is_cyrillic(person.get("alias", [""])[0]) for person in persons(made[country])) > 10


@pytest.mark.parametrize(
    ("country", "expected"),
    [
        ("EE", "Juri Štšerbinin"), ("FI", "Jurij Štšerbinin"), ("SE", "Jurij Sjtjerbinin"), ("LV", "Jurijs Ščerbinins"),
        ("LT", "Jurij Ščerbinin"), ("PL", "Jurij Szczerbinin"), ("DE", "Jurij Schtscherbinin"),
        ("US", "Yuriy Shcherbinin"),
    ],
)  # fmt: skip
def test_transliteration_by_country(country: str, expected: str) -> None:
    assert " ".join(spelled("Юрий", "Щербинин", country, male=True)) == expected


def test_latin_letters_a_country_lacks() -> None:
    assert spelled("Jüri", "Tamm", "LV", male=True) == ("Jiri", "Tamms")
    assert spelled("Külli", "Põder", "FI", male=False) == ("Kylli", "Poder")
    assert spelled("Jānis", "Bērziņš", "EE", male=True) == ("Janis", "Berzinš")


def test_the_spelling_of_passports() -> None:
    words = ("Åkesson", "Mäkinen", "Ķērsta", "Größer", "Wójcik", "Łęcki")
    assert [machine_readable(word) for word in words] == [
        "Aakesson",
        "Maekinen",
        "Kersta",
        "Groesser",
        "Wojcik",
        "Lecki",
    ]


def test_feminine_surnames() -> None:
    assert [feminine(name, "lv") for name in ("Bērziņš", "Balodis", "Vilks", "Egle")] == [
        "Bērziņa", "Balode", "Vilka", "Egle",
    ]  # fmt: skip
    assert [feminine(name, "ru") for name in ("Волков", "Озерский")] == ["Волкова", "Озерская"]
    assert [feminine(name, "lt") for name in ("Kazlauskas", "Gudaitis", "Narbutas")] == [
        "Kazlauskienė", "Gudaitienė", "Narbutienė",
    ]  # fmt: skip
    assert [feminine(name, "pl") for name in ("Kowalski", "Czarnecki", "Mazur")] == ["Kowalska", "Czarnecka", "Mazur"]
    assert feminine("Tamm", "et") == "Tamm"


def test_name_lists_hold_no_name_twice() -> None:
    for tongue, names in TONGUES.items():
        for words in (names.female, names.male, names.surnames):
            assert len(set(words)) == len(words), tongue
        assert (len(names.female), len(names.male)) == (30, 30)
        assert len(names.surnames) >= 75


@pytest.mark.parametrize(("country", "people"), [("XX", 1), ("ee", 1), ("EE", -1)])
def test_refuses_what_it_cannot_make(country: str, people: int) -> None:
    with pytest.raises(Malformed, match=r"^(country|people) "):
        list(islice(generate(country, people, SEED), 1))
