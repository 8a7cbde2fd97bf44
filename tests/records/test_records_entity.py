"""Entities are parsed strictly: nothing is dropped in silence."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.errors import Malformed
from comity.records.attributes import attributes_of
from comity.records.entity import parse_entity
from comity.records.schema import schema

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


def person(**properties: Any) -> dict[str, Any]:
    return {"id": "1", "schema": "Person", "properties": {"name": ["Anna Tamm"], **properties}}


def test_values_are_cleaned_and_kept_in_order() -> None:
    entity = parse_entity(person(birthDate=["1975-3", "1975"], nationality=["EE", "ee"], alias=[" B ", "A", "A"]))
    assert dict(entity.properties) == {
        "name": ("Anna Tamm",),
        "birthDate": ("1975-03", "1975"),
        "nationality": ("ee",),
        "alias": ("B", "A"),
    }
    assert parse_entity(entity.to_dict()) == entity


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "not a JSON object"),
        ({"id": "1", "schema": "Persn", "properties": {"name": ["A"]}}, "did you mean Person"),
        (person(birthdate=["1975"]), "did you mean birthDate"),
        (person(birthDate=["31/12/1980"]), "ISO 8601"),
        (person(birthDate=["1975-13"]), "ISO 8601"),
        (person(nationality=["Estonia!"]), "country code"),
        (person(name=["A\x00B"]), "control"),
        (person(name=["\ud800"]), "control"),
        (person(name=[1]), "not a text"),
        (person(name=[""]), "no value"),
        ({**person(), "propertys": {}}, "did you mean properties"),
        ({"schema": "Person", "properties": {"name": ["A"]}}, "id "),
        ({"id": "1", "schema": "Thing", "properties": {"name": ["A"]}}, "abstract"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(document: Any, said: str) -> None:
    with pytest.raises(Malformed, match=said) as caught:
        parse_entity(document)
    assert "Anna" not in str(caught.value)


def test_every_violation_is_named() -> None:
    with pytest.raises(Malformed) as caught:
        parse_entity(person(birthDate=["x"], nationality=["?"], nonsense=["1"]))
    assert len(caught.value.violations) == 3


@settings(max_examples=200)
@given(JSON | st.fixed_dictionaries({"id": JSON, "schema": st.sampled_from(["Person", "Nobody"]), "properties": JSON}))
def test_any_json_is_an_entity_or_malformed(document: Any) -> None:
    try:
        entity = parse_entity(document)
    except Malformed:
        return
    assert parse_entity(entity.to_dict()) == entity


def test_vocabulary_is_closed_under_inheritance() -> None:
    assert {"name", "birthDate", "passportNumber"} <= schema("Person").properties.keys()
    assert schema("Company").is_a("LegalEntity")
    assert schema("Thing").abstract
    assert not schema("Person").abstract


@pytest.mark.parametrize(
    ("births", "adult_on"),
    [([], 0), (["2008-11-24"], 20261124), (["2008"], 20261231), (["2000-02", "2008-03"], 20260331)],
)
def test_who_may_be_a_minor_counts_as_one(births: list[str], adult_on: int) -> None:
    document = person(birthDate=births)
    assert attributes_of(document, parse_entity(document), "wanted-persons").adult_on == adult_on


def test_attributes_are_read_strictly() -> None:
    given = {"subject": "victim", "minor": True, "handling": "H2", "restricted": True, "retain_until": "2030-12-31"}
    document = {**person(), "comity": given}
    found = attributes_of(document, parse_entity(document), "wanted-persons")
    assert (found.subject_category, found.handling, found.restricted) == ("victim", "H2", True)
    assert (found.adult_on, found.retain_until) == (99991231, 20301231)
    bad = {"subject": "foe", "minor": 1, "handling": "H9", "restricted": "no", "retain_until": "soon", "retain": 1}
    with pytest.raises(Malformed) as caught:
        attributes_of({**document, "comity": bad}, parse_entity(document), "wanted-persons")
    assert len(caught.value.violations) == 6
