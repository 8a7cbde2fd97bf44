"""Differences are classed by effect, and the engine never says otherwise."""

import copy
import random
from collections.abc import Callable
from typing import Any

import pytest
from agreement_maker import SCHEMA, changed, document, fit, loaded, value
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_samples import AGREEMENTS, FOLDER
from question_maker import asked

from comity.policy import library
from comity.policy.agreement import Agreement, load_agreement
from comity.policy.bundle import build
from comity.policy.comparing import Comparison, compared
from comity.policy.decision import Decision
from comity.policy.difference import Change, differences, verdict
from comity.policy.effective import effective
from comity.policy.embedded import EmbeddedEngine
from comity.policy.parts import NARROWS, TERM, WIDENS
from comity.policy.speech import languages

LEVELS = library.vocabulary()["levels"]
OUTCOMES = {"refused": 0, "review": 1, "permitted": 2}
SEEDS = range(600)
QUESTIONS = 8


def got(decision: Decision) -> tuple[int, int, int]:
    """What an asker gets: refused, a person decides, or permitted; how much; how many fields."""
    return OUTCOMES[decision.outcome], LEVELS[decision.disclosure], len(decision.fields)


def pair(seed: int) -> tuple[random.Random, Agreement, Agreement, list[Change]]:
    chance = random.Random(seed)
    made = document(chance, f"made-{seed}-old")
    other = changed(chance, made, chance.choice([1, 1, 1, 2, 3])) | {"agreement": f"made-{seed}-new"}
    old, new = loaded(made), loaded(other)
    return chance, old, new, differences(effective(old), effective(new))


@pytest.mark.parametrize("batch", range(0, len(SEEDS), 30))
def test_the_engine_never_says_otherwise(batch: int) -> None:
    """Thousands of questions: only what is said to widen gives more, only what is said to narrow gives less."""
    pairs = [pair(seed) for seed in SEEDS[batch : batch + 30]]
    engine = EmbeddedEngine(build([side for _, *sides, _ in pairs for side in sides]), machines=1)
    told = 0
    for chance, old, new, found in pairs:
        said = verdict(found)
        for _ in range(QUESTIONS):
            side = chance.choice([old, new])
            question = asked(chance, side, chance.choice(side.data["terms"]), chance.randint(0, 2))
            before, after = (
                got(engine.decide(question | {"basis": {"agreement": each.id, "digest": ""}})) for each in (old, new)
            )
            told += before != after
            if after > before:
                assert said in ("widens", "mixed"), (old.id, before, after, found)
            if before > after:
                assert said in ("narrows", "mixed"), (old.id, before, after, found)
    engine.close()
    assert told > 0


# Terms parts whose direction shows in what leaves. The others bind or count outside the decision.
UNSEEN = {
    "terms.limits.per_day",  # counted by the node, not by the rules
    "terms.officers",  # how many agree is asked after the decision to review
    "terms.article",
    "terms.deadline.urgent",
    "terms.deadline.normal",
}
SEEN = sorted(set(TERM) - UNSEEN)


@pytest.mark.parametrize("key", SEEN)
def test_the_engine_confirms_every_direction(key: str) -> None:
    """For each part of a term, one that only it widens gives more to some question, and the reverse gives less."""
    chance = random.Random(key)
    confirmed: set[str] = set()
    for attempt in range(40):
        pairs = [made for made in (only(chance, key, f"{attempt}-{index}") for index in range(8)) if made]
        engine = EmbeddedEngine(build([side for sides in pairs for side in sides]), machines=1)
        for old, new in pairs:
            said = verdict(differences(effective(old), effective(new)))
            for _ in range(12):
                side = chance.choice([old, new])
                question = asked(chance, side, chance.choice(side.data["terms"]), chance.randint(0, 1))
                aim(chance, question, key)
                before, after = (
                    got(engine.decide(question | {"basis": {"agreement": each.id, "digest": ""}}))
                    for each in (old, new)
                )
                if before != after:
                    effect = WIDENS if after > before else NARROWS
                    assert said in (effect, "mixed")
                    confirmed |= {said}
        engine.close()
        if {WIDENS, NARROWS} <= confirmed:
            return
    pytest.fail(f"{key}: the engine showed only {sorted(confirmed)}")


def only(chance: random.Random, key: str, name: str) -> list[Agreement] | None:
    """Two agreements of one term that differ in one part only."""
    made = document(chance, f"{name}-old")
    made["terms"] = made["terms"][:1]
    other = copy.deepcopy(made) | {"agreement": f"{name}-new"}
    node, schema = other["terms"][0], SCHEMA["$defs"]["term"]
    *parents, last = key.removeprefix("terms.").split(".")
    for parent in parents:
        node, schema = node[parent], schema["properties"][parent]
    if last == "providers":
        node[last] = chance.sample(made["parties"], chance.randint(1, len(made["parties"])))
    elif last in ("disclosure", "human"):
        member = schema["properties"][last]["additionalProperties"]
        node[last] = {action: value(chance, member) for action in chance.sample(node["actions"], 1)}
        if last == "disclosure":
            node[last] = {**made["terms"][0][last], **node[last]}
    else:
        node[last] = value(chance, schema["properties"][last])
    fit(other["terms"][0])
    sides = [loaded(made), loaded(other)]
    found = differences(*(effective(each) for each in sides))
    others = {"terms.disclosure"} if key == "terms.actions" else set()
    return sides if key in {change.part for change in found} <= {key, *others} else None


_AIMS: dict[str, Callable[[random.Random], dict[str, Any]]] = {
    "terms.subjects.minors": lambda _chance: {"subject": {"age_band": "minor"}},
    "terms.vulnerable": lambda _chance: {"subject": {"vulnerable": True}},
    "terms.automated": lambda _chance: {"automated": True},
    "terms.confidentiality": lambda _chance: {"confidential": True},
    "terms.partial": lambda _chance: {"ask": {"fields": ["name", "no such field"]}},
    "terms.identification": lambda chance: {"identification": chance.choice(["weak", "moderate"])},
    "terms.special": lambda _chance: {"necessity": "strict"},
    "terms.requires": lambda chance: chance.choice(
        [{"nexus": False}, {"summary": False}, {"case": {"present": False}}]
    ),
    "terms.limits.max_candidates": lambda chance: {"ask": {"max_candidates": chance.choice([2, 30, 900])}},
    "terms.retention": lambda chance: {"ask": {"keep_days": chance.choice([1, 10, 40, 400])}},
    "terms.obligations": lambda _chance: {"intended_use": "evidence"},
    "terms.undertakings": lambda _chance: {"undertakings": ["logging", "statistics"]},
    "terms.offences.min_penalty_months": lambda chance: {"offence": {"max_penalty_months": chance.randint(0, 1200)}},
    "terms.offences.listed_min_penalty_months": lambda chance: {
        "offence": {"max_penalty_months": chance.randint(0, 1200), "list_category": "terrorism", "dual_criminal": False}
    },
    "terms.offences.dual_criminality": lambda _chance: {"offence": {"dual_criminal": False}},
    "terms.offences.requires": lambda chance: {"offence": {chance.choice(["organised", "convention"]): False}},
    "terms.offences.min_gravity": lambda chance: {"offence": {"gravity": chance.choice(["minor", "ordinary"])}},
    "terms.offences.excluded": lambda chance: {"offence": {"kinds": [chance.choice(["fiscal", "in-absentia"])]}},
    "terms.offences.carve_outs": lambda _chance: {"offence": {"kinds": ["political"]}},
    "terms.review": lambda chance: chance.choice(
        [
            {"intended_use": "evidence"},
            {"subject": {"nationality": "provider"}},
            {"offence": {"kinds": ["state-security"]}},
        ]
    ),
}


def aim(chance: random.Random, question: dict[str, Any], key: str) -> None:
    """Make a question touch the part."""
    for path, facts in _AIMS.get(key, lambda _chance: {})(chance).items():
        question[path] = {**question[path], **facts} if isinstance(facts, dict) else facts


def text(name: str) -> str:
    return (FOLDER / f"{name}.yaml").read_text()


def against(old: str, new: str, language: str = "en") -> Comparison:
    sides = (effective(load_agreement(each.encode(), "a.yaml")) for each in (old, new))
    return compared(*sides, language=language)


BASE = text("ee-fi-police-2026")
KEPT = "retention: P180D\n"
PENALTY = "min_penalty_months: 12, dual_criminality: unless-listed, listed_min_penalty_months: 36"


@pytest.mark.parametrize(
    ("before", "after", "effect", "part"),
    [
        ("alias, birthDate", "alias, birthDate, address", "widens", "terms.fields"),
        ("convicted], minors: review", "convicted], minors: never", "narrows", "terms.subjects.minors"),
        (PENALTY, PENALTY.replace("12", "24"), "narrows", "terms.offences.min_penalty_months"),
        (PENALTY, PENALTY.replace("36", "12"), "widens", "terms.offences.listed_min_penalty_months"),
        ("excluded: [political, military]", "excluded: [political]", "widens", "terms.offences.excluded"),
        ("query.follow_up: desk-officer", "query.follow_up: judge", "changes", "terms.human"),
        ("    human: {query.follow_up: desk-officer}\n", "", "widens", "terms.human"),
        ("disclosure: {query.search: core", "disclosure: {query.search: hit", "narrows", "terms.disclosure"),
        ("{urgent: PT8H, normal: PT48H}", "{urgent: PT8H, normal: PT24H}", "changes", "terms.deadline.normal"),
        ("retention: P180D", "retention: P1Y", "widens", "terms.retention"),
        ("retention: P180D", "retention: PT4320H", "wording", "terms.retention"),
        ("per_day: 1000,", "per_day: 10,", "narrows", "terms.limits.per_day"),
        ("[specialty, not-as-evidence]", "[specialty]", "widens", "terms.obligations"),
        ("rule: prior-consent", "rule: permitted", "widens", "onward_transfer.rule"),
        ("rule: prior-consent", "rule: prohibited", "narrows", "onward_transfer.rule"),
        ("article: Art. 9}", "article: Art. 10}", "wording", "onward_transfer.article"),
        ("FI: [nbi, prosecutor]", "FI: [nbi]", "narrows", "authorities"),
        ("FI: [fi, sv, en]", "FI: [sv, fi, en]", "changes", "languages"),
        ("FI: [fi, sv, en]", "FI: [fi, sv, en, da]", "widens", "languages"),
        ("  - bis_in_idem\n", "", "widens", "refusals"),
        ("article: Art. 7(1)}", "article: Art. 11}", "wording", "refusals"),
        ("until: 2031-03-01", "until: 2030-03-01", "narrows", "instrument.until"),
        ("in_force: 2026-03-01", "in_force: 2026-02-01", "widens", "instrument.start"),
        ("name: Estonian-Finnish", "name: The Estonian-Finnish", "wording", "instrument.name"),
        ("id: registers", "id: our-registers", "wording", "terms.id"),
        ("name: theft below the threshold", "name: theft", "wording", "scenarios"),
        ("\nlanguages:", "\nreciprocity: required\nlanguages:", "narrows", "reciprocity"),
        ("\nlanguages:", "\ntransfer: {basis: derogation, article: Art. 12}\nlanguages:", "narrows", "transfer.basis"),
        ("\nlanguages:", "\nundertakings: [logging]\nlanguages:", "narrows", "undertakings"),
        ("\nlanguages:", "\nsurvival: {duties: [specialty], article: A}\nlanguages:", "changes", "survival.duties"),
        ("\nlanguages:", "\ndeclarations: [{party: FI, article: D1, own_nationals: never}]\nlanguages:", "narrows",
         "declarations.own_nationals"),
        ("\nlanguages:", "\nassurances: [{kind: no-torture, when: torture-risk, article: A1}]\nlanguages:", "narrows",
         "assurances"),
        ("retention: P180D\n", "retention: P180D\n    vulnerable: review\n", "widens", "terms.vulnerable"),
        ("retention: P180D\n", "retention: P180D\n    channels: [spoc]\n", "narrows", "terms.channels"),
        (KEPT, f"{KEPT}    review: [{{when: minor, role: judge}}]\n", "changes", "terms.review"),
        (KEPT, f"{KEPT}    review: [{{when: group, role: judge}}]\n", "narrows", "terms.review"),
        ("retention: P180D\n", "retention: P180D\n    officers: 2\n", "narrows", "terms.officers"),
        ("fields: []", "fields: [name]", "wording", "terms.fields"),
    ],
)  # fmt: skip
def test_a_change_is_classed(before: str, after: str, effect: str, part: str) -> None:
    assert before in BASE
    found = against(BASE, BASE.replace(before, after, 1)).as_json()
    assert effect in [change["effect"] for change in found["changes"] if change["part"] == part], found["changes"]
    if part not in ("instrument.start", "transfer.basis", "survival.duties", "onward_transfer.rule"):
        assert found["verdict"] == effect


def test_nothing_but_form_changed_is_no_effect() -> None:
    new = BASE.replace("revision: 3", "revision: 4").replace(
        "[specialty, not-as-evidence]", "[not-as-evidence, specialty]"
    )
    new = new.replace("retention: P90D", "retention: P90D  # a comment\n    vulnerable: never\n    officers: 1")
    new = new.replace("parties: [EE, FI]", "parties: [FI, EE]")
    found = against(BASE, new)
    assert (found.verdict, found.as_json()["changes"]) == ("same", [])
    assert "No effect" in found.as_text()


def test_a_term_is_told_with_those_who_answer() -> None:
    told = against(BASE, BASE.replace("retention: P90D", "retention: P30D")).as_text()
    assert "Art. 5 \u2013 criminal-records (Estonia, Finland)\n  narrows: " in told


def test_a_new_and_a_removed_permission() -> None:
    start, end = BASE.index("  - id: missing-persons"), BASE.index("  - id: registers")
    less = BASE[:start] + BASE[end:]
    gone, back = against(BASE, less), against(less, BASE)
    assert (gone.verdict, back.verdict) == ("narrows", "widens")
    assert "Permission removed: article Art. 6, `missing-persons`." in gone.as_text()
    assert "New permission: article Art. 6, `missing-persons`." in back.as_text()


def test_the_sentences_before_and_after_and_the_article() -> None:
    (change,) = against(BASE, BASE.replace("alias, birthDate", "alias, birthDate, address", 1)).as_json()["changes"]
    assert change == {
        "effect": "widens",
        "term": "wanted-persons",
        "article": "Art. 4(1)",
        "party": "",
        "part": "terms.fields",
        "added": ["address"],
        "removed": [],
        "summary": "widens: now also: address",
        "before": "Fields that may leave, never others: alias; date of birth; gender; name; nationality.",
        "after": "Fields that may leave, never others: address; alias; date of birth; gender; name; nationality.",
    }


def test_an_assurance_in_every_case_covers_the_occasion() -> None:
    one = BASE.replace(
        "\nlanguages:", "\nassurances: [{kind: no-torture, when: torture-risk, article: A1}]\nlanguages:"
    )
    every = one.replace("when: torture-risk", "when: always")
    assert against(one, every).verdict == "narrows"
    assert against(every, one).verdict == "widens"


@settings(max_examples=300, deadline=None)
@given(st.integers(min_value=0), st.integers(min_value=1, max_value=4))
def test_every_difference_can_be_told_in_every_language(seed: int, times: int) -> None:
    chance = random.Random(seed)
    made = document(chance)
    sides = [effective(loaded(each)) for each in (made, changed(chance, made, times))]
    for language in languages():
        comparison = compared(sides[0], sides[1], language)
        assert comparison.as_text().count("{") == 0
        assert all(change["summary"] for change in comparison.as_json()["changes"])


@settings(max_examples=300, deadline=None)
@given(st.integers(min_value=0))
def test_backwards_is_the_opposite(seed: int) -> None:
    chance = random.Random(seed)
    made = document(chance)
    old, new = (effective(loaded(each)) for each in (made, changed(chance, made, 2)))
    opposite = {WIDENS: NARROWS, NARROWS: WIDENS}
    forth, back = verdict(differences(old, new)), verdict(differences(new, old))
    assert back == opposite.get(forth, forth)


@pytest.mark.parametrize("agreement", AGREEMENTS, ids=lambda each: each.id)
def test_a_text_against_itself(agreement: Agreement) -> None:
    assert differences(effective(agreement), effective(agreement)) == []
