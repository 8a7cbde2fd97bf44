"""New agreements: questions, answers, the file with its comments, and the golden cases that the engine confirms."""

import json
import random
from typing import Any

import pytest
from agreement_maker import document as made_document
from agreement_maker import loaded
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.errors import Malformed, NotFound
from comity.policy.advice import advice
from comity.policy.agreement import Agreement, load_agreement
from comity.policy.bundle import build
from comity.policy.drafting import Question, check_known, document, flattened, questions, read
from comity.policy.embedded import EmbeddedEngine
from comity.policy.golden import golden_cases
from comity.policy.parts import TERM
from comity.policy.scenarios import run_scenarios
from comity.policy.templates import template_named, template_names
from comity.policy.writing import flow, write_agreement

MUST = {
    "parties": ["EE", "FI"],
    "agreement": "ee-fi-new",
    "instrument.name": "Agreement of 1 December 2026",
    "instrument.signed": "2026-12-01",
    "instrument.in_force": "2027-01-01",
    "instrument.until": "2032-01-01",
    "authorities.EE": ["ppa"],
    "authorities.FI": ["nbi", "prosecutor"],
    "languages.EE": ["et", "en"],
    "languages.FI": ["fi", "en"],
}


def settled(template: str, **said: Any) -> dict[str, Any]:
    """All answers of a script that gives these."""
    wanted = {**MUST, **said}
    found: dict[str, Any] = {}
    for question in questions(template_named(template), found, wanted):
        found[question.key] = read(question, wanted[question.key]) if question.key in wanted else question.default
    return found


def draft(template: str, **said: Any) -> Agreement:
    made = document(template_named(template), settled(template, **said))
    return loaded(made | {"scenarios": [{"name": "none yet", "input": {}, "expect": {"outcome": "refused"}}]})


@pytest.fixture(params=template_names())
def template(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_template_makes_a_whole_agreement_that_the_engine_confirms(template: str) -> None:
    made = draft(template)
    engine = EmbeddedEngine(build([made]), machines=1)
    cases = golden_cases(made, engine)
    engine.close()
    whole = loaded({**made.document, "scenarios": cases})
    content = write_agreement(whole, "a draft")
    again = load_agreement(content, "draft.yaml")
    assert again.digest == whole.digest
    assert advice(content, "draft.yaml") == []
    engine = EmbeddedEngine(build([again]), machines=1)
    assert [each.problems for each in run_scenarios([again], engine) if not each.passed] == []
    engine.close()
    for term in whole.document["terms"]:
        own = [each["expect"]["outcome"] for each in cases if each["name"].startswith(f"{term['id']}: ")]
        assert "refused" in own
        assert {"permitted", "review"} & set(own)
        assert f"# {term['article']}: " in content.decode()
        assert f"# {term['article']}, not written: " in content.decode()


def test_the_defaults_are_the_strict_ones(template: str) -> None:
    for term in draft(template).data["terms"]:
        assert term["vulnerable"] == term["automated"] == "never"
        assert term["partial"] == "refuse"
        assert term["scopes"] == ["individual"]
        assert "specialty" in term["obligations"]
        assert "nexus" in term["requires"]
        assert term["subjects"]["minors"] != "allow"
        for action, level in term["disclosure"].items():
            assert level not in ("core", "full") or action in term["human"]


def test_each_part_of_a_term_can_be_answered(template: str) -> None:
    term = template_named(template)["terms"][0]["id"]
    asked = settled(template, **{f"terms.{term}.article": "Art. 99"})
    parts = {f"terms.{term}.{key.removeprefix('terms.')}" for key in TERM}
    assert parts - set(asked) <= {f"terms.{term}.offences.listed_min_penalty_months"}
    assert document(template_named(template), asked)["terms"][0]["article"] == "Art. 99"


def test_answers_change_the_document() -> None:
    made = draft(
        "police",
        **{
            "terms.registers.keep": "no",
            "terms.wanted-persons.subjects.minors": "review",
            "terms.wanted-persons.offences.dual_criminality": "unless-listed",
            "terms.wanted-persons.actions": "query.search",
            "terms.wanted-persons.review": "minor=prosecutor",
            "terms.wanted-persons.officers": "2",
            "terms.missing-persons.disclosure": "query.search=reference, query.follow_up=core",
            "refusals": ["political", "sovereignty_security_ordre_public"],
            "onward_transfer.rule": "prior-consent",
            "reciprocity": "required",
            "undertakings": "logging, statistics",
        },
    ).document
    first, second, *_ = made["terms"]
    assert [term["id"] for term in made["terms"]] == ["wanted-persons", "missing-persons", "criminal-records"]
    assert first["subjects"]["minors"] == "review"
    assert first["offences"]["listed_min_penalty_months"] == 36
    assert first["disclosure"] == {"query.search": "hit"}
    assert first["human"] == {}
    assert first["review"] == [{"when": "minor", "role": "prosecutor"}]
    assert first["officers"] == 2
    assert second["disclosure"]["query.search"] == "reference"
    assert made["refusals"] == ["political", {"ground": "sovereignty_security_ordre_public", "article": "Art. 8(1)"}]
    assert made["onward_transfer"] == {"rule": "prior-consent", "article": "Art. 9"}
    assert (made["reciprocity"], made["undertakings"]) == ("required", ["logging", "statistics"])


def test_three_parties() -> None:
    said = {"parties": "EE, FI, SE", "authorities.SE": ["polisen"], "languages.SE": ["sv"]}
    made = draft("prum", **said).document
    assert all(term["providers"] == ["EE", "FI", "SE"] for term in made["terms"])


@pytest.mark.parametrize(
    ("key", "given", "said"),
    [
        ("parties", "EE", "parties: `EE` is no answer here"),
        ("parties", "EE, Finland", "is no answer here"),
        ("instrument.signed", "2026-02-30", "instrument.signed: `2026-02-30` is no answer here"),
        ("instrument.provisional", "perhaps", "instrument.provisional: `perhaps` is no answer"),
        ("terms.wanted-persons.fields", "name, adress", "did you mean `address`"),
        ("terms.wanted-persons.subjects.minors", "sometimes", "known are never, review, allow"),
        ("terms.wanted-persons.retention", "half a year", "PT8H, P30D"),
        ("terms.wanted-persons.limits.per_day", "many", "a whole number"),
        ("terms.wanted-persons.disclosure", "core", "KEY=WORD"),
        ("languages.EE", "", "languages.EE: `` is no answer"),
    ],
)
def test_an_answer_that_does_not_fit_says_what_would(key: str, given: str, said: str) -> None:
    with pytest.raises(Malformed, match=key) as problem:
        settled("police", **{key: given})
    assert said in str(problem.value)


def test_an_answer_to_no_question_names_the_nearest() -> None:
    base = template_named("police")
    asked = set(settled("police", **{"terms.wanted-persons.article": "Art. 1"}))
    with pytest.raises(Malformed, match=r"did you mean `terms.wanted-persons.fields`"):
        check_known(base, {"terms.wanted-persons.field": "name"}, asked)
    check_known(base, {"terms.wanted-persons.fields": "name"}, asked)


def test_a_permission_that_answers_nothing_is_said() -> None:
    made = draft("police", **{"terms.wanted-persons.categories": ["dna-profiles"]})
    engine = EmbeddedEngine(build([made]), machines=1)
    with pytest.raises(Malformed, match=r"`wanted-persons` answers no question at query.search: .*special categories"):
        golden_cases(made, engine)
    engine.close()


def test_no_permission_at_all_is_said() -> None:
    base = template_named("prum")
    with pytest.raises(Malformed, match="keep one"):
        document(base, settled("prum", **{f"terms.{term['id']}.keep": "no" for term in base["terms"]}))


def test_an_unknown_template_names_those_there_are() -> None:
    with pytest.raises(NotFound, match="assets, judicial, police, prum"):
        template_named("extradition")


def test_nested_answers_are_read_by_their_dotted_keys() -> None:
    nested = {"instrument": {"name": "x"}, "terms": {"a": {"disclosure": {"query.search": "hit"}, "fields": ["name"]}}}
    assert flattened(nested) == {
        "instrument.name": "x",
        "terms.a.disclosure": {"query.search": "hit"},
        "terms.a.fields": ["name"],
    }


def test_a_table_reads_rows_and_pairs_alike() -> None:
    question = Question("terms.a.review", "", "table", [])
    rows = [{"when": "minor", "role": "judge"}]
    assert read(question, rows) == read(question, {"minor": "judge"}) == read(question, "minor=judge") == rows


@settings(max_examples=200, deadline=None)
@given(st.integers(min_value=0))
def test_a_written_file_says_what_the_document_says(seed: int) -> None:
    made = loaded(made_document(random.Random(seed)))
    assert load_agreement(write_agreement(made, "made at random"), "file").digest == made.digest


@given(st.recursive(st.text() | st.integers(-(10**14), 10**14) | st.booleans() | st.none(), st.lists, max_leaves=5))
def test_any_value_survives_the_file(value: Any) -> None:
    from comity.policy.yamltree import parse

    try:
        json.dumps(value).encode()
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return  # half a surrogate is no text
    assert parse(f"key: {flow(value)}\n".encode(), "file").plain() == {"key": value}
