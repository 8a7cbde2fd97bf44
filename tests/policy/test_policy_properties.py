"""What must hold of every decision, over generated questions and changed agreements."""

import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from policy_questions import ROWS, sound
from policy_samples import AGREEMENTS, ASSURED, POLICY, question, served, without

from comity.policy import library
from comity.policy.agreement import Agreement
from comity.policy.bundle import build
from comity.policy.decision import Decision
from comity.policy.embedded import EmbeddedEngine
from comity.policy.mutants import mutants

LEVELS = library.vocabulary()["levels"]


def got(decision: Decision, direction: str = "inbound") -> tuple[int, int]:
    """What leaves without a person: level, and number of fields. Of our own question only whether it may be asked."""
    if decision.outcome != "permitted":
        return (0, 0)
    return (LEVELS[decision.disclosure], len(decision.fields)) if direction == "inbound" else (1, 0)


def gets(engine: EmbeddedEngine, asked: list[dict[str, Any]]) -> list[tuple[int, int]]:
    """What each question gets."""
    return [got(engine.decide(document), document["direction"]) for document in asked]


def approved(embedded: EmbeddedEngine, document: dict[str, Any]) -> dict[str, Any]:
    """The question after the person whom policy asks for has agreed."""
    if human := embedded.decide(document).human:
        document["review"] |= {"state": "approved", "role": human.role, "officers": human.officers}
    return document


CASES = 10_000
"""At least so many cases for each property; fixed seeds, so that CI and everybody sees the same."""

OBJECTS = ["", *sorted({row["path"][0] for row in ROWS if len(row["path"]) > 1})]


def questions(seed: int, count: int = CASES) -> Iterator[dict[str, Any]]:
    """Questions that some term serves, with up to five facts changed: many permitted, many refused."""
    chance = random.Random(seed)
    return (sound(chance) for _ in range(count))


def test_refusals_are_complete_and_permissions_named(embedded: EmbeddedEngine) -> None:
    """Every refusal has code, article and remedy; every permission its term, and never more than that term says."""
    outcomes: Counter[str] = Counter()
    for document in questions(1):
        decision = embedded.decide(document)
        outcomes[decision.outcome] += 1
        if decision.outcome == "refused":
            assert decision.disclosure == "none"
            assert not decision.fields
            assert decision.reasons
            assert all(r.code and r.article and r.message and r.remedy for r in decision.reasons)
        else:
            check_named(document, decision)
    assert min(outcomes[word] for word in ("permitted", "refused", "review")) > 200


def check_named(document: dict[str, Any], decision: Decision) -> None:
    assert decision.basis is not None
    held = next(each for each in AGREEMENTS if each.id == decision.basis.agreement)
    assert decision.basis.digest == held.digest
    assert {document["self"]["country"], document["peer"]["country"]} <= set(held.parties)
    term = next(each for each in held.data["terms"] if each["id"] == decision.basis.term)
    assert set(decision.fields) <= set(term["fields"])
    assert {*term["obligations"], *term["undertakings"], *held.data["undertakings"]} <= set(decision.obligations)
    if document["direction"] == "inbound" and document["subject"]["age_band"] == "minor":
        approved = document["review"]["state"] == "approved"
        assert term["subjects"]["minors"] == "allow" or decision.outcome == "review" or approved


def test_a_question_that_lacks_a_fact_is_refused(embedded: EmbeddedEngine) -> None:
    chance = random.Random(2)
    for document in questions(2):
        path = ".".join(chance.choice(ROWS)["path"])
        decision = embedded.decide(without(document, path))
        assert decision.codes == ("incomplete",), path
        assert path in decision.reasons[0].message


def test_an_unknown_key_never_passes(embedded: EmbeddedEngine) -> None:
    chance = random.Random(3)
    for document in questions(3):
        where, key = chance.choice(OBJECTS), chance.choice(["x", "name", "", "__proto__", "outcome", "Basis", "role "])
        target = document if where == "" else document[where]
        assert key not in target
        target[key] = chance.choice([True, "permitted", None, [], {}])
        assert embedded.decide(document).codes == ("incomplete",), (where, key)


def test_a_peer_less_gives_nobody_more(embedded: EmbeddedEngine) -> None:
    """A country that is a party to nothing any more: it gets nothing, and nobody else gets more."""
    countries = sorted({country for each in AGREEMENTS for country in each.parties})
    asked = list(questions(4, CASES // len(countries) + 1))
    before = gets(embedded, asked)
    assert sum(level > 0 for level, _ in before) > 200
    for country in countries:
        without_it = [
            replace(each, data={**each.data, "parties": [other for other in each.parties if other != country]})
            for each in AGREEMENTS
        ]
        engine = EmbeddedEngine(build(without_it), machines=1)
        for document, old, new in zip(asked, before, gets(engine, asked), strict=True):
            assert new <= old
            if country in (document["self"]["country"], document["peer"]["country"]):
                assert new == (0, 0)
        engine.close()


def sample_questions(chance: random.Random, count: int, agreements: list[Agreement]) -> list[dict[str, Any]]:
    """Questions made from the terms themselves, so that nearly all are permitted before the change."""
    made = [served(chance, chance.choice(agreements)) for _ in range(count)]
    for document in made:
        document["subject"]["age_band"] = chance.choice(["adult", "adult", "adult", "minor"])
    return made


@pytest.mark.parametrize("agreement", AGREEMENTS, ids=lambda each: each.id)
def test_less_permission_never_gives_more(embedded: EmbeddedEngine, agreement: Agreement) -> None:
    """A term, a party, a member of a permitting list less, a level lower: nobody gets more, whatever else applies."""
    chance = random.Random(agreement.id)
    asked = [approved(embedded, document) for document in sample_questions(chance, 40, [agreement])]
    before = gets(embedded, asked)
    assert sum(level > 0 for level, _ in before) > 15
    others = [each for each in AGREEMENTS if each.id != agreement.id]
    smaller = [each for each in mutants(agreement) if each.narrows]
    wanted = CASES // len(AGREEMENTS) // len(asked) + 1
    assert len(smaller) >= wanted
    for mutant in chance.sample(smaller, wanted):
        engine = EmbeddedEngine(build([*others, mutant.agreement]), machines=1)
        after = gets(engine, asked)
        engine.close()
        assert all(new <= old for new, old in zip(after, before, strict=True)), (mutant.path, mutant.change)


def test_without_an_agreement_nothing_more(embedded: EmbeddedEngine) -> None:
    asked = list(questions(5, CASES // len(AGREEMENTS) + 1))
    before = gets(embedded, asked)
    for agreement in AGREEMENTS:
        engine = EmbeddedEngine(build([each for each in AGREEMENTS if each.id != agreement.id]), machines=1)
        assert all(new <= old for new, old in zip(gets(engine, asked), before, strict=True))
        engine.close()


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
