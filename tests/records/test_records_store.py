"""Records on both kinds of database: import, search under conditions, look up."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import event, select

from comity.errors import Malformed, NotFound
from comity.records.query import Identifier, Query
from comity.records.store import Records
from comity.records.tables import record, record_key
from comity.store import Store

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
TODAY = AT.date()


def person(number: int, name: str = "Juri Kaskov", **comity: Any) -> dict[str, Any]:
    born = comity.pop("born", "1984-03-17")
    properties = {"name": [name], **({"birthDate": [born]} if born else {})}
    return {"id": f"p{number}", "schema": "Person", "properties": properties, "comity": comity}


def when(attribute: str, operator: str, value: Any) -> dict[str, Any]:
    return {"attribute": attribute, "operator": operator, "value": value}


QUERY = Query("wanted-persons", "Person", names=("Юрий Каськов",))


@pytest.fixture
def records(store: Store) -> Records:
    return Records(store)


def load(records: Records, *objects: dict[str, Any], category: str = "wanted-persons") -> Any:
    return records.import_objects(objects, category=category, source="test", at=AT)


def ids(records: Records, *conditions: dict[str, Any], query: Query = QUERY, on: date = TODAY) -> list[str]:
    return sorted(found.entity.id for found in records.search(query, conditions, 10, on))


@pytest.fixture
def statements(store: Store) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(store.engine, "before_cursor_execute", note)
    yield seen
    event.remove(store.engine, "before_cursor_execute", note)


def test_what_is_imported_is_found_and_shown(records: Records) -> None:
    report = load(records, person(1), person(2, "Anna Tamm"))
    assert (report.read, report.added, report.rejected) == (2, 2, 0)
    (found,) = records.search(QUERY, [], 10, TODAY)
    assert found.record_id == "wanted-persons/p1"
    assert found.entity.values("name") == ("Juri Kaskov",)
    held = records.get(found.record_id)
    assert (held.category, held.entity, held.subject_category) == ("wanted-persons", found.entity, "suspect")
    assert records.count() == {"wanted-persons": 2}
    with pytest.raises(NotFound):
        records.get("wanted-persons/p9")


def test_importing_twice_changes_nothing_and_a_change_replaces_the_old_keys(records: Records, store: Store) -> None:
    load(records, person(1), person(2, "Anna Tamm"))
    again = load(records, person(1), person(2, "Anna Tamm"))
    assert (again.added, again.changed, again.unchanged) == (0, 0, 2)
    changed = load(records, person(1, "Mart Saar"), person(2, "Anna Tamm"))
    assert (changed.added, changed.changed, changed.unchanged) == (0, 1, 1)
    assert ids(records) == []
    assert ids(records, query=Query("wanted-persons", "Person", names=("Mart Saar",))) == ["p1"]
    with store.read() as tx:
        numbers = set(tx.execute(select(record_key.c.record_no)).scalars())
        assert numbers <= set(tx.execute(select(record.c.no)).scalars())


def test_one_source_id_in_two_categories_is_two_records(records: Records) -> None:
    load(records, person(1))
    load(records, person(1), category="missing-persons")
    assert records.count() == {"missing-persons": 1, "wanted-persons": 1}
    assert len(records.search(QUERY, [], 10, TODAY)) == 2
    assert len(records.search(QUERY, [when("category", "eq", "wanted-persons")], 10, TODAY)) == 1


def test_a_repeated_id_with_other_content_is_rejected_and_the_rest_lands(records: Records) -> None:
    objects = [person(1), person(2), person(1, "Mart Saar"), person(1), {"id": "x"}]
    first = load(records, *objects)
    assert (first.read, first.added, first.rejected) == (5, 2, 2)
    again = load(records, *objects)
    assert (again.added, again.changed, again.rejected) == (0, 0, 2)
    assert records.get("wanted-persons/p1").entity.values("name") == ("Juri Kaskov",)


def test_more_than_a_batch(records: Records) -> None:
    load(records, *(person(number, f"Juri Kaskov{'a' * (number % 7)}") for number in range(1100)))
    assert records.count() == {"wanted-persons": 1100}
    assert len(records.search(QUERY, [], 25, TODAY)) == 25


CASES: list[tuple[dict[str, Any], list[str]]] = [
    (when("category", "eq", "wanted-persons"), ["p1", "p2", "p3", "p4", "p5"]),
    (when("category", "ne", "wanted-persons"), []),
    (when("category", "in", ["missing-persons"]), []),
    (when("category", "in", []), []),
    (when("category", "not_in", []), ["p1", "p2", "p3", "p4", "p5"]),
    (when("subject_category", "not_in", ("victim", "witness")), ["p1", "p3", "p4", "p5"]),
    (when("subject_category", "in", ["victim"]), ["p2"]),
    (when("restricted", "eq", False), ["p1", "p2", "p4", "p5"]),
    (when("restricted", "eq", True), ["p3"]),
    (when("restricted", "ne", True), ["p1", "p2", "p4", "p5"]),
    (when("handling", "eq", "H2"), ["p1"]),
    (when("handling", "ne", "H2"), ["p2", "p3", "p4", "p5"]),
    (when("minor", "ne", True), ["p1", "p2", "p3", "p5"]),
    (when("minor", "eq", True), ["p4"]),
    (when("minor", "eq", False), ["p1", "p2", "p3"]),
    (when("minor", "ne", False), ["p4", "p5"]),
]


@pytest.fixture
def varied(records: Records) -> Records:
    load(
        records,
        person(1, handling="H2"),
        person(2, subject="victim"),
        person(3, restricted=True),
        person(4, born="2010"),
        person(5, born=""),
    )
    return records


def test_conditions_bar_rows(varied: Records) -> None:
    for condition, expected in CASES:
        assert ids(varied, condition) == expected, condition
    both = [when("restricted", "eq", False), when("minor", "ne", True), when("subject_category", "not_in", ["victim"])]
    assert ids(varied, *both) == ["p1", "p5"]


def test_a_minor_comes_of_age(varied: Records) -> None:
    of_age = [when("minor", "ne", True)]
    assert "p4" not in ids(varied, *of_age, on=date(2028, 12, 30))
    assert "p4" in ids(varied, *of_age, on=date(2028, 12, 31))
    assert ids(varied, when("minor", "eq", True), on=date(2028, 12, 30)) == ["p4"]
    assert ids(varied, when("minor", "eq", True), on=date(2028, 12, 31)) == []


@pytest.mark.parametrize(
    "condition",
    [
        when("salary", "eq", "x"),
        when("category", "like", "w%"),
        when("category", "eq", None),
        when("category", "in", "wanted-persons"),
        when("minor", "in", [True]),
        when("restricted", "eq", "false"),
        when("restricted", "eq", 0),
        {"attribute": "category", "operator": "eq"},
        {**when("category", "eq", "wanted-persons"), "unless": "asked nicely"},
    ],
)
def test_a_condition_not_understood_stops_the_search(varied: Records, condition: dict[str, Any]) -> None:
    with pytest.raises(Malformed, match=r"conditions\[0\]"):
        varied.search(QUERY, [condition], 10, TODAY)


def test_past_its_retention_a_record_is_no_candidate(records: Records) -> None:
    load(records, person(1, retain_until="2026-11-24"))
    assert ids(records) == ["p1"]
    assert ids(records, on=date(2026, 11, 25)) == []


def test_best_first_and_the_limit_keeps_the_best(records: Records) -> None:
    load(records, person(1, "Juri Kaskovi", born=""), person(2), person(3, "Juri Petrov"))
    query = Query("wanted-persons", "Person", names=("Juri Kaskov",), birth_date="1984-03-17")
    assert [found.entity.id for found in records.search(query, [], 10, TODAY)] == ["p2", "p1"]
    assert [found.entity.id for found in records.search(query, [], 1, TODAY)] == ["p2"]


def test_an_identifier_is_found_among_more_namesakes_than_are_compared(records: Records) -> None:
    crowd = [person(number, "Juri Kaskov") for number in range(900)]
    crowd[800]["properties"] = {"name": ["Mart Saar"], "passportNumber": ["K 1234567"]}
    load(records, *crowd)
    query = Query("wanted-persons", "Person", names=("Juri Kaskov",), identifiers=(Identifier("passport", "k1234567"),))
    best = records.search(query, [], 3, TODAY)[0]
    assert best.entity.id == "p800"
    only = Query("wanted-persons", "Person", identifiers=(Identifier("passport", "K-1234567"),))
    assert ids(records, query=only) == ["p800"]


def test_a_question_about_a_vehicle_finds_no_person(records: Records) -> None:
    car = {"id": "v1", "schema": "Vehicle", "properties": {"registrationNumber": ["123 ABC"], "country": ["ee"]}}
    firm = {"id": "c1", "schema": "Company", "properties": {"name": ["Kaskov OÜ"], "registrationNumber": ["123ABC"]}}
    load(records, car, firm, category="registers")
    plate = (Identifier("plate", "123-ABC"),)
    assert ids(records, query=Query("registers", "Vehicle", identifiers=plate)) == ["v1"]
    assert ids(records, query=Query("registers", "Company", names=("Kaskov AS",))) == ["c1"]
    assert ids(records, query=Query("registers", "Person", identifiers=plate)) == []


def test_a_search_is_two_statements_and_a_miss_is_one(records: Records, statements: list[str]) -> None:
    load(records, person(1))
    statements.clear()
    assert ids(records, *[when("restricted", "eq", False), when("minor", "ne", True)]) == ["p1"]
    assert sum(statement.startswith("SELECT") for statement in statements) == 2
    statements.clear()
    assert ids(records, query=Query("wanted-persons", "Person", names=("Anna Tamm",))) == []
    assert sum(statement.startswith("SELECT") for statement in statements) == 1


def test_a_barred_row_does_not_leave_the_database(varied: Records, statements: list[str]) -> None:
    statements.clear()
    ids(varied, when("restricted", "eq", False))
    assert "restricted" in statements[-2]
    assert "restricted" not in statements[-1]


def test_two_importers_at_once(store: Store) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def run(start: int) -> int:
        return int(load(Records(store), *(person(number) for number in range(start, start + 1200))).added)

    with ThreadPoolExecutor(2) as pool:
        added = list(pool.map(run, [0, 600]))
    assert sum(added) == 1800
    assert Records(store).count() == {"wanted-persons": 1800}


def test_a_misspelled_part_a_missing_part_and_a_single_name_are_still_candidates(records: Records) -> None:
    load(
        records,
        person(1, "Innocent Zimurinda"),
        person(2, "Ivan Vladimirovich Kubrakov"),
        person(3, "Hidayatullah", born=""),
        person(4, "Igor Girkin"),
        person(5, "Girkin", born="1990"),
    )
    born = "1984-03-17"
    asked = {
        "p1": Query("wanted-persons", "Person", names=("Innocent Zimulinda",), birth_date=born),
        "p2": Query("wanted-persons", "Person", names=("KUBRAKOU Ivan",)),
        "p3": Query("wanted-persons", "Person", names=("هدایت الله", "Hidayatullah")),
        "p5": Query("wanted-persons", "Person", names=("Girkin",)),
    }
    assert {number: ids(records, query=query) for number, query in asked.items()} == {
        number: [number] for number in asked
    }
