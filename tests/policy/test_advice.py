"""Warnings: what an officer should look at again, with the line; and none for a text without such things."""

import pytest
from policy_samples import FOLDER

from comity.errors import Malformed
from comity.policy.advice import advice

BASE = (FOLDER / "ee-fi-police-2026.yaml").read_text()
KEPT = "retention: P180D\n"


def line_of(text: str, what: str) -> int:
    return text[: text.index(what)].count("\n") + 1


@pytest.mark.parametrize(
    ("before", "after", "where", "said"),
    [
        (KEPT, "retention: P2Y\n", "retention: P2Y", "longer than a year"),
        ("convicted], minors: review", "convicted], minors: allow", "subjects:", "consider `review`"),
        (KEPT, f"{KEPT}    automated: allow\n", "automated: allow", "LED art. 11"),
        (KEPT, f"{KEPT}    vulnerable: allow\n", "vulnerable: allow", "consider `review`"),
        (KEPT, f"{KEPT}    scopes: [bulk]\n", "scopes: [bulk]", "fishing"),
        (KEPT, f"{KEPT}    officers: 2\n    human: {{}}\n", "officers: 2", "hardly any question"),
        ("categories: [wanted-persons]", "categories: [dna-profiles]", "categories: [dna-profiles]", "never leave"),
        ("categories: [wanted-persons]", "special: strict\n    categories: [dna-profiles]", "special: strict",
         "LED art. 10"),
        ("requires: [case, offence, nexus]", "requires: [case]", "requires: [case]", "consider `nexus`"),
        ("obligations: [specialty, not-as-evidence]", "obligations: [not-as-evidence]",
         "obligations: [not-as-evidence]", "consider `specialty`"),
        ("per_day: 1000,", "per_day: 0,", "limits: {per_day: 0", "nothing is given"),
        ("fields: []", "fields: [name]", "fields: [name]", "no field leaves"),
        ("rule: prior-consent", "rule: permitted", "onward_transfer:", "LED art. 35"),
        ("until: 2031-03-01", "until: 2051-03-01", "until: 2051-03-01", "more than 10 years"),
        ("  - {ground: death_penalty_no_assurance, article: Art. 7(4)}\n", "", "refusals:", "death penalty"),
        ("{query.search: reference}", "{query.search: none}", "disclosure: {query.search: none}", "without effect"),
    ],
)  # fmt: skip
def test_a_thing_to_look_at_again(before: str, after: str, where: str, said: str) -> None:
    alone = where in ("officers: 2", "special: strict")  # with nobody to confirm
    text = BASE.replace("    human: {query.follow_up: desk-officer}\n", "") if alone else BASE
    assert before in text
    changed = text.replace(before, after, 1)
    line = f"draft.yaml:{line_of(changed, where)}: "
    assert any(each.startswith(line) and said in each for each in problems(changed))
    assert not any(each.startswith(line) and said in each for each in problems(text))


def problems(text: str) -> list[str]:
    return [each.problem for each in advice(text.encode(), "draft.yaml")]


def test_core_data_without_a_person() -> None:
    said = f"draft.yaml:{line_of(BASE, 'disclosure:')}: data of level core leave at query.search without a person"
    assert any(each.startswith(said) for each in problems(BASE))
    confirmed = BASE.replace("human: {query.follow_up", "human: {query.search: judge, query.follow_up", 1)
    assert not any(each.startswith(said) for each in problems(confirmed))


def test_a_term_without_a_scenario_and_a_country_that_never_answers() -> None:
    text = BASE.replace("providers: [EE, FI]", "providers: [EE]")
    found = [each.problem for each in advice(text.encode(), "draft.yaml")]
    assert any("FI answers under no term" in each for each in found)
    for outcome in ("answered", "refused"):
        said = f"the question is {outcome} under term `missing-persons`"
        assert not any(said in each for each in found)
        less = without_scenarios("category: missing-persons", refused=outcome == "refused")
        assert any(said in each for each in problems(less)), outcome


def without_scenarios(words: str, *, refused: bool) -> str:
    """The text without the scenarios whose input has these words and whose outcome is, or is not, a refusal."""
    head, tail = BASE.split("scenarios:\n")
    kept = [
        each for each in tail.split("  - name: ")[1:] if words not in each or ("outcome: refused" in each) != refused
    ]
    return head + "scenarios:\n" + "".join(f"  - name: {each}" for each in kept)


def test_a_condition_without_effect() -> None:
    text = BASE.replace(KEPT, f"{KEPT}    review: [{{when: vulnerable, role: judge}}]\n", 1)
    assert any("`vulnerable` never comes to a person" in each.problem for each in advice(text.encode(), "x"))
    text = BASE.replace("excluded: [political, military]}", "excluded: [], carve_outs: [terrorism]}", 1)
    text = text.replace("  - {ground: political, article: Art. 7(1)}\n", "")
    assert any("nothing is carved out" in each.problem for each in advice(text.encode(), "x"))


def test_a_text_that_is_not_valid_gets_no_advice() -> None:
    with pytest.raises(Malformed):
        advice(b"agreement: x\n", "x")
