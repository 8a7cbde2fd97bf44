"""What must hold of every decision, over generated questions and changed agreements."""

import json
import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from policy_samples import AGREEMENTS, ASSURED, AUTHORITY, POLICY, question, served, without

from comity.policy import library
from comity.policy.agreement import Agreement
from comity.policy.bundle import build
from comity.policy.decision import Decision
from comity.policy.embedded import EmbeddedEngine
from comity.policy.mutants import mutants

LEVELS = library.data()["comity"]["vocabulary"]["levels"]
COUNTRIES = [*AUTHORITY, "DK"]
TERMS = [term for each in AGREEMENTS for term in each.document["terms"]]
WORDS = {
    key: sorted({word for term in TERMS for word in term[key]})
    for key in ("categories", "purposes", "roles", "actions")
}


@st.composite
def questions(draw: st.DrawFn) -> dict[str, Any]:
    """Questions near the usual one: a few facts changed, so that many are permitted."""
    document = question(
        draw(st.sampled_from(COUNTRIES)),
        draw(st.sampled_from(COUNTRIES)),
        direction=draw(st.sampled_from(["inbound", "outbound"])),
    )
    changes = {
        "category": st.sampled_from(WORDS["categories"]),
        "purpose": st.sampled_from(WORDS["purposes"]),
        "action": st.sampled_from(WORDS["actions"]),
        "intended_use": st.sampled_from(["intelligence", "evidence"]),
        "time": st.sampled_from([0, 1772323200, 1793491200, 1930089600, 4102444800]),
        "nexus": st.booleans(),
        "urgency": st.sampled_from(["normal", "urgent"]),
        "requester.role": st.sampled_from(WORDS["roles"]),
        "requester.authority": st.sampled_from([*AUTHORITY.values(), "prosecutor", "aklagare"]),
        "subject.category": st.sampled_from(["suspect", "convicted", "victim", "witness", "missing", "other"]),
        "subject.age_band": st.sampled_from(["adult", "minor", "unknown"]),
        "case.present": st.booleans(),
        "offence.present": st.booleans(),
        "offence.max_penalty_months": st.sampled_from([0, 3, 11, 12, 23, 24, 36, 60, 1200]),
        "offence.list_category": st.sampled_from(["", "fraud", "murder", "jaywalking"]),
        "offence.iccs": st.sampled_from(["", "0502", "0901", "9999"]),
        "offence.dual_criminal": st.sampled_from([True, False, None]),
        "offence.kinds": st.lists(st.sampled_from(["political", "military", "fiscal", "capital"]), max_size=2),
        "authorisation": st.sampled_from(
            [{"type": "judge", "valid": True}, {"type": "judge", "valid": False}, {"type": "prosecutor", "valid": True}]
        ),
        "assurances": st.sampled_from([[], ASSURED]),
        "peer.trust": st.sampled_from(["active", "active", "active", "suspended"]),
        "basis.agreement": st.sampled_from(["", *(each.id for each in AGREEMENTS), "none"]),
    }
    for path in draw(st.lists(st.sampled_from(sorted(changes)), max_size=5, unique=True)):
        *parents, last = path.split(".")
        node = document
        for parent in parents:
            node = node[parent]
        node[last] = draw(changes[path])
    return document


def got(decision: Decision) -> tuple[int, int]:
    """What leaves without a person: level, and number of fields."""
    return (LEVELS[decision.disclosure], len(decision.fields)) if decision.outcome == "permitted" else (0, 0)


def approved(embedded: EmbeddedEngine, document: dict[str, Any]) -> dict[str, Any]:
    """The question after the person whom policy asks for has agreed."""
    if human := embedded.decide(document).human:
        document["review"] |= {"state": "approved", "role": human.role, "officers": human.officers}
    return document


FAST = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)


@FAST
@given(questions())
def test_refusals_are_complete_and_permissions_named(embedded: EmbeddedEngine, document: dict[str, Any]) -> None:
    decision = embedded.decide(document)
    if decision.outcome == "refused":
        assert decision.disclosure == "none"
        assert not decision.fields
        assert decision.reasons
        assert all(reason.code and reason.article and reason.message and reason.remedy for reason in decision.reasons)
    else:
        assert decision.basis is not None
        held = next(each for each in AGREEMENTS if each.id == decision.basis.agreement)
        assert decision.basis.digest == held.digest
        term = next(each for each in held.document["terms"] if each["id"] == decision.basis.term)
        assert set(decision.fields) <= set(term["fields"])
        assert set(term["obligations"]) <= set(decision.obligations)
        if document["direction"] == "inbound" and document["subject"]["age_band"] == "minor":
            assert term["subjects"]["minors"] == "allow" or decision.outcome == "review"


@FAST
@given(questions())
def test_outbound_never_leaves_without_an_agreement_between_the_two(
    embedded: EmbeddedEngine, document: dict[str, Any]
) -> None:
    decision = embedded.decide(document)
    if decision.basis is not None:
        held = next(each for each in AGREEMENTS if each.id == decision.basis.agreement)
        assert {document["self"]["country"], document["peer"]["country"]} <= set(held.parties)


@FAST
@given(questions(), st.sampled_from([".".join(row["path"]) for row in library.data()["comity"]["vocabulary"]["input"]]))
def test_a_question_that_lacks_a_fact_is_refused(embedded: EmbeddedEngine, document: dict[str, Any], path: str) -> None:
    decision = embedded.decide(without(document, path))
    assert decision.codes == ("incomplete",)
    assert path in decision.reasons[0].message


@FAST
@given(
    questions(),
    st.sampled_from(["", "self", "peer", "requester", "subject", "case", "offence", "authorisation", "basis"]),
    st.sampled_from(["x", "name", "", "__proto__", "outcome"]),
)
def test_an_unknown_fact_is_refused(embedded: EmbeddedEngine, document: dict[str, Any], where: str, key: str) -> None:
    (document[where] if where else document)[key] = "x"
    decision = embedded.decide(document)
    assert decision.codes == ("incomplete",)


def sample_questions(chance: random.Random, count: int, agreements: list[Agreement]) -> list[dict[str, Any]]:
    """Questions made from the terms themselves, so that nearly all are permitted before the change."""
    made = [served(chance, chance.choice(agreements)) for _ in range(count)]
    for document in made:
        document["subject"]["age_band"] = chance.choice(["adult", "adult", "adult", "minor"])
    return made


CASES = 10_000
"""At least so many pairs of a question and a smaller permission, all agreements together."""


@pytest.mark.parametrize("agreement", AGREEMENTS, ids=lambda each: each.id)
def test_less_permission_never_gives_more(embedded: EmbeddedEngine, agreement: Agreement) -> None:
    """A term, a party, a member of a permitting list less, a level lower: nobody gets more, whatever else applies."""
    chance = random.Random(agreement.id)
    asked = [approved(embedded, document) for document in sample_questions(chance, 40, [agreement])]
    before = [got(embedded.decide(document)) for document in asked]
    assert sum(level > 0 for level, _ in before) > 15
    others = [each for each in AGREEMENTS if each.id != agreement.id]
    smaller = [each for each in mutants(agreement) if each.narrows]
    wanted = CASES // len(AGREEMENTS) // len(asked) + 1
    assert len(smaller) >= wanted
    for mutant in chance.sample(smaller, wanted):
        engine = EmbeddedEngine(build([*others, mutant.agreement]), machines=1)
        after = [got(engine.decide(document)) for document in asked]
        engine.close()
        assert all(new <= old for new, old in zip(after, before, strict=True)), (mutant.path, mutant.change)


@pytest.mark.parametrize("agreement", AGREEMENTS, ids=lambda each: each.id)
def test_without_the_agreement_nothing_more(embedded: EmbeddedEngine, agreement: Agreement) -> None:
    asked = sample_questions(random.Random(7), 40, AGREEMENTS)
    engine = EmbeddedEngine(build([each for each in AGREEMENTS if each.id != agreement.id]), machines=1)
    for document in asked:
        assert got(engine.decide(document)) <= got(embedded.decide(document))
    engine.close()


def test_fewer_fields_never_give_another_field(embedded: EmbeddedEngine) -> None:
    """Of two terms that trim, the one that gives more of what is asked for carries the question."""
    held = next(each for each in AGREEMENTS if each.id == "ee-fi-police-2026")
    one = {**held.data["terms"][0], "human": {}, "partial": "trim"}
    other = {**one, "id": "other", "fields": ["name"]}
    asked = question(ask__fields=["name"])
    for fields in (["alias", "gender"], ["alias"], ["alias", "name"]):
        data = {**held.data, "terms": [{**one, "fields": fields}, other]}
        engine = EmbeddedEngine(build([replace(held, data=data)]), machines=1)
        assert engine.decide(asked).fields == ("name",)
        engine.close()
    assert "name" in embedded.decide(asked).fields


PARTS = sorted({*AGREEMENTS[0].data} - {"terms"}) + sorted(f"terms.{key}" for key in AGREEMENTS[0].data["terms"][0])
HARMLESS = {"instrument": "only the name in a refusal", "terms.fields": "nothing is named, so nothing is released"}


@pytest.mark.parametrize("path", PARTS)
def test_an_agreement_that_lacks_a_part_gives_nothing_more(embedded: EmbeddedEngine, path: str) -> None:
    """Such data cannot come from a checked file; policy must refuse it all the same."""
    asked = question(
        basis={"agreement": "ee-fi-police-2026", "digest": ""},
        offence__kinds=["capital"],
        assurances=ASSURED,
    )
    assert got(embedded.decide(asked)) == (LEVELS["core"], 5)
    data = json.loads(POLICY.data_json())
    held = data["comity"]["agreements"]["ee-fi-police-2026"]
    del (held["terms"][0] if path.startswith("terms.") else held)[path.removeprefix("terms.")]
    engine = EmbeddedEngine(replace(POLICY, data=data), machines=1)
    decision = engine.decide(asked)
    assert decision.outcome == ("permitted" if path in HARMLESS else "refused")
    assert got(decision) <= (LEVELS["core"], 5)
    engine.close()
