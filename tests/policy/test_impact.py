"""Past decisions under a draft: what is counted is what deciding each of them afresh gives."""

import random
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from policy_samples import AGREEMENTS, POLICY, agreement

from comity.policy.agreement import Agreement
from comity.policy.bundle import build
from comity.policy.embedded import EmbeddedEngine
from comity.policy.impact import Past, asked_again, boundaries, impact, recast, with_draft
from comity.policy.replay import decide_all
from comity.policy.witness import bases, variations


def history(count: int) -> list[Past]:
    """Past decisions of the sandbox agreements, permitted and refused, as the node records them."""
    chance = random.Random(7)
    asked = [v for each in AGREEMENTS for term in each.data["terms"] for base in bases(each, term)
             for v in variations(each, term, base)]  # fmt: skip
    engine = EmbeddedEngine(POLICY, machines=1)
    found = []
    asked = [{**document, "assurances": []} for document in chance.sample(asked, count)]
    asked += [{**document, "time": document["time"] + 3600} for document in asked[:200]]  # the same an hour later
    for document in asked:
        said = engine.decide(document)
        term = said.basis.term if said.basis else ""
        found.append(Past(document, said.outcome, said.disclosure, term, tuple(sorted(set(said.codes)))))
    engine.close()
    return found


@pytest.fixture(scope="module")
def pasts() -> list[Past]:
    return history(600)


def tighter(held: Agreement) -> Agreement:
    """The next revision, in force only in 2030: no minors at all and twice the threshold."""
    terms = [
        {**term, "subjects": {**term["subjects"], "minors": "never"},
         "offences": {**term["offences"], "min_penalty_months": 48}}
        for term in held.data["terms"]
    ]  # fmt: skip
    data = {**held.data, "terms": terms, "digest": "ab" * 32, "from": 1_893_456_000}
    return replace(held, revision=held.revision + 1, digest="ab" * 32, data=data)


@pytest.mark.parametrize("cut", [False, True])
def test_impact_is_a_fresh_decision_of_every_past_input(pasts: list[Past], cut: bool) -> None:
    draft = tighter(agreement("ee-fi-police-2026"))
    drafted = build(with_draft(AGREEMENTS, draft))
    moments = boundaries(with_draft(AGREEMENTS, draft)) if cut else ()
    found = impact(pasts, lambda questions: decide_all(drafted, questions), moments)
    assert (found.distinct < len(pasts)) == cut
    engine = EmbeddedEngine(drafted, machines=1)
    fresh: Counter[Any] = Counter()
    for past in pasts:
        said = engine.decide(asked_again(past.document))
        after = (said.outcome, said.disclosure, said.basis.term if said.basis else "", tuple(sorted(set(said.codes))))
        if after != past.answer:
            fresh[past.document["peer"]["country"], past.answer, after] += 1
    engine.close()
    counted: Counter[Any] = Counter()
    for flip, count in found.flips.items():
        counted[flip.peer, flip.before, flip.after] += count
    assert counted == fresh
    assert found.decisions == len(pasts)
    assert 0 < found.flipped == fresh.total() < len(pasts)


def test_a_tighter_draft_takes_away_and_says_why(pasts: list[Past]) -> None:
    draft = tighter(agreement("ee-fi-police-2026"))
    asked = [past for past in pasts if past.document["basis"]["agreement"] == draft.id]
    found = impact(asked, lambda questions: decide_all(build(with_draft(AGREEMENTS, draft)), questions))
    narrowed = [flip for flip in found.flips if flip.effect == "narrows"]
    assert narrowed
    assert all(flip.effect != "widens" for flip in found.flips)
    assert any(flip.after[3] == ("threshold",) and flip.articles == ("Art. 4(2)",) for flip in narrowed)


def test_the_same_text_flips_nothing_of_its_own(pasts: list[Past]) -> None:
    held = agreement("ee-fi-police-2026")
    in_time = [past for past in pasts if past.document["basis"]["agreement"] == held.id and past.codes != ("no_basis",)]
    in_time = [past for past in in_time if not {"no_basis", "agreement_expired"} & set(past.codes)]
    assert len(in_time) > 40
    same = build(with_draft(AGREEMENTS, held))
    assert impact(in_time, lambda questions: decide_all(same, questions)).flipped == 0


def test_against_what_is_in_force_now(pasts: list[Past]) -> None:
    wrong = [replace(past, outcome="refused", disclosure="none", term="", codes=("press",)) for past in pasts]
    now = build(AGREEMENTS)
    again = recast(wrong, lambda questions: decide_all(now, questions))
    assert [past.answer for past in again] == [past.answer for past in pasts]


def test_many_questions_are_decided_by_several_processes_in_order() -> None:
    asked = [v for each in AGREEMENTS[:2] for term in each.data["terms"] for base in bases(each, term)
             for v in variations(each, term, base)][:2300]  # fmt: skip
    from comity.policy.document import encode

    questions = [encode(document) for document in asked]
    done: list[int] = []
    several = list(decide_all(POLICY, questions, done.append))
    engine = EmbeddedEngine(POLICY, machines=1)
    assert several == [engine.decide(document) for document in asked]
    engine.close()
    assert sum(done) == len(questions) == 2300
