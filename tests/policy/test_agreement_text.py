"""The plain-language text says everything the schema can say, in every language, and loses nothing."""

import dataclasses
import random
import re
import string
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from agreement_maker import changed, document, loaded, resolved
from babel import Locale
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_samples import AGREEMENTS, REPO, question

from comity.errors import Malformed
from comity.policy import library
from comity.policy.agreement import Agreement
from comity.policy.effective import Effective, effective
from comity.policy.embedded import EmbeddedEngine
from comity.policy.parts import AGREEMENT, PARTY, TERM, WHOLE
from comity.policy.reasons import translate_ground, translate_reason
from comity.policy.rendering import Rendering, render
from comity.policy.speech import languages, source, speech, template

LANGUAGES = languages()
KNOWN = {**AGREEMENT, **PARTY, **TERM}
# Parts whose values are shown by the whole they belong to: its words in the message catalogue.
INNER = {
    "refusals": "ground",
    "refusals.ground": "ground",
    "assurances.kind": "assurance",
    "assurances.when": "occasion",
    "transfer.basis": "transfer",
    "terms.review.when": "trigger",
    "terms.review.role": "role",
    "scenarios.expect.outcome": "outcome",
    "scenarios.expect.disclosure": "level",
    "scenarios.expect.reasons": "ground",
    "scenarios.expect.fields": "field",
    "scenarios.expect.human": "role",
}
PLAIN = {"refusals.article", "assurances.article", "declarations.party", "declarations.article", "scenarios.name"}
PLAIN |= {"scenarios.input"}


def leaves(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every part that the schema can say, list members under the name of their list."""
    schema = resolved(schema)
    for inner in schema.get("anyOf", ()):
        yield from leaves(inner, path)
    if schema.get("type") == "array":
        yield from leaves(schema["items"], path)
    elif "properties" in schema:
        for key, inner in schema["properties"].items():
            yield from leaves(inner, f"{path}.{key}" if path else key)
    elif "anyOf" not in schema:
        yield path, schema


LEAVES = list(leaves(library.schema("agreement")))


@pytest.mark.parametrize(("path", "schema"), LEAVES, ids=[f"{path}-{index}" for index, (path, _) in enumerate(LEAVES)])
@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_the_schema_can_say_has_a_phrase(path: str, schema: dict[str, Any], language: str) -> None:
    say = speech(language)
    if path in PLAIN or (path in WHOLE and path not in INNER):
        return
    if path in INNER:
        assert all(say.word(INNER[path], _whole_name(value)) for value in schema["enum"])
        return
    if path.startswith("scenarios.expect."):
        assert source()["phrases"][path.replace("expect.", "")]
        duties = schema["enum"] if path.endswith("obligations") else ()
        assert all(say.knows("obligation", duty) or say.knows("undertaking", duty) for duty in duties)
        return
    part = KNOWN[path]
    if part.shape == "by-action":
        assert all(say.word("action", action) for action in resolved(schema["propertyNames"])["enum"])
        schema = resolved(schema["additionalProperties"])
    values = [str(value) for value in schema.get("enum", ())]
    if part.shape == "choice":
        shown = values or (["1", "2"] if path == "terms.officers" else ["true", "false"])
        assert all(say.phrase(f"{part.key}.{value}") for value in shown)
        assert part.more == "wording" or sorted(part.more) == sorted(shown)
    elif part.words not in ("", "country", "tongue"):
        assert all(say.word(part.words, value) for value in values)
    else:
        assert part.key in source()["phrases"]


def _whole_name(ground: str) -> str:
    return "sovereignty_security_ordre_public" if ground == "sovereignty" else ground


def test_no_part_of_the_tables_is_made_up() -> None:
    assert set(KNOWN) - {path for path, _ in LEAVES} - {"terms.review", "declarations.own_nationals"} == set()


@pytest.mark.parametrize("language", [each for each in LANGUAGES if each != "en"])
def test_every_message_is_translated_with_its_placeholders(language: str) -> None:
    say = speech(language)
    for context, english, where in template():
        said = say.message(english, context)
        assert (context, english) in say._messages, f"{language}: {where} is not translated"
        assert _placeholders(said) == _placeholders(english), f"{language}: {where}: {said}"


def _placeholders(text: str) -> list[str]:
    return sorted(str(field) for _, field, _, _ in string.Formatter().parse(text) if field is not None)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_code_words_have_one_name(language: str) -> None:
    say = speech(language)
    for kind, table in source()["words"].items():
        names = [say.word(kind, code) for code in table]
        assert len(names) == len(set(names)), f"{language}: {kind}"
    countries = [code for code in Locale.parse(language).territories if re.fullmatch("[A-Z]{2}", code)]
    assert len({say.country(code) for code in countries}) == len(countries)


def test_the_catalogues_are_in_step_with_their_sources() -> None:
    checked = [sys.executable, str(REPO / "ops" / "messages_build.py"), "--check"]
    subprocess.run(checked, check=True, capture_output=True, text=True)


@pytest.mark.parametrize("agreement", AGREEMENTS, ids=lambda each: each.id)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_shipped_agreements_read_as_a_treaty(agreement: Agreement, language: str) -> None:
    rendering = render(effective(agreement), language)
    text = rendering.as_text()
    assert [article.term for article in rendering.articles if article.term] == [
        term["id"] for term in agreement.document["terms"]
    ]
    assert all(term["article"] in text for term in agreement.document["terms"])
    assert agreement.digest in text
    assert not re.search(r"\{\w*\}|duration-", text)
    assert max(map(len, text.splitlines())) <= 100


def test_english_sentences() -> None:
    held = next(each for each in AGREEMENTS if each.id == "ee-fi-police-2026")
    text = " ".join(render(effective(held), "en").as_text().split())
    for said in (
        "First day in force: 1 March 2026.",
        "Art. 4(1) \u2013 wanted-persons",
        "Who answers: Estonia, Finland.",
        "Questions about minors: a person decides before anything leaves.",
        "Fields that may leave, never others: alias; date of birth; gender; name; nationality.",
        "Who must confirm before anything leaves: follow-up of a match \u2013 desk officer.",
        "Time for the decision of a person, urgent: 8 hours.",
        "Questions put by a machine are refused.",
        "Kept ground: political offence (Art. 7(1)).",
        "An answer may be passed on only with the prior consent of the country that gave it.",
        "Whatever is not named here is refused.",
    ):
        assert said in text


def test_estonian_and_french_and_german_sentences() -> None:
    held = effective(next(each for each in AGREEMENTS if each.id == "ee-fi-police-2026"))
    said = {language: " ".join(render(held, language).as_text().split()) for language in ("et", "fr", "de")}
    assert "Kes vastab: Eesti, Soome." in said["et"]
    assert "Kuriteo karistuse ülemmäär vähemalt: 12 kuud." in said["et"]
    assert "Qui répond : Estonie, Finlande." in said["fr"]
    assert "Wer antwortet: Estland, Finnland." in said["de"]


def _said(rendering: Rendering) -> tuple[str, list[tuple[str, tuple[Any, ...]]]]:
    return rendering.title, [(article.heading, article.sentences) for article in rendering.articles]


def _effect(agreement: Agreement) -> Effective:
    return dataclasses.replace(effective(agreement), digest="")


@settings(max_examples=400, deadline=None)
@given(st.integers(min_value=0))
def test_two_agreements_that_differ_in_effect_read_differently(seed: int) -> None:
    chance = random.Random(seed)
    made = document(chance)
    one, other = loaded(made), loaded(changed(chance, made))
    same = _effect(one) == _effect(other)
    for language in LANGUAGES:
        assert (_said(render(effective(one), language)) == _said(render(effective(other), language))) == same


def test_order_defaults_and_layout_do_not_change_the_text() -> None:
    chance = random.Random(7)
    made = document(chance)
    other = {**made, "undertakings": made.get("undertakings", [])}
    other["terms"] = [dict(reversed(term.items())) for term in made["terms"]]
    for term in other["terms"]:
        term["categories"] = term["categories"][::-1]
        term.setdefault("vulnerable", "never")
    assert loaded(made).digest != loaded(other).digest
    assert _said(render(effective(loaded(made)), "en")) == _said(render(effective(loaded(other)), "en"))


def test_an_unknown_language_is_refused_with_those_there_are() -> None:
    with pytest.raises(Malformed, match="there are en, de, et, fr"):
        render(effective(AGREEMENTS[0]), "xx")


@pytest.mark.parametrize("ground", sorted(library.catalogue()))
@pytest.mark.parametrize("language", [each for each in LANGUAGES if each != "en"])
def test_a_reason_is_found_again_and_translated(ground: str, language: str) -> None:
    entry = library.catalogue()[ground]
    detail = "12" if "{}" in entry["message"] + entry["remedy"] else ""
    message, remedy = translate_ground(ground, "en", detail)
    reason = {"code": entry["code"], "article": "Art. 4(1)", "message": message, "remedy": remedy}
    said = translate_reason(reason, language)
    assert (said["message"], said["remedy"]) == translate_ground(ground, language, detail)
    assert said["message"] != message
    assert said["remedy"] != remedy
    assert (said["code"], said["article"]) == (entry["code"], "Art. 4(1)")
    assert translate_reason(reason, "en") == reason


def test_the_engines_own_reasons_are_translated_down_to_their_details(embedded: EmbeddedEngine) -> None:
    asked = question(
        basis={"agreement": "ee-fi-police-2026"},
        case__present=False,
        nexus=False,
        channel="interpol",
        offence__max_penalty_months=3,
        subject__category="witness",
        undertakings=[],
        scope="bulk",
    )
    reasons = [
        {"code": each.code, "article": each.article, "message": each.message, "remedy": each.remedy}
        for each in embedded.decide(asked).reasons
    ]
    assert len(reasons) >= 4
    for language in ("fr", "et", "de"):
        for reason in reasons:
            said = translate_reason(reason, language)
            assert said["message"] != reason["message"]
            assert not re.search(r"\b(case|victims|one person|individual)\b", said["message"])


def test_a_text_that_is_no_ground_of_ours_stays_as_it_is() -> None:
    reason = {"code": "threshold", "article": "Art. 1", "message": "something of their own", "remedy": "ask them"}
    assert translate_reason(reason, "et") == reason


def test_national_law_keeps_its_own_words() -> None:
    message, remedy = translate_ground("national_law", "en", "Politseiseadus § 7")
    reason = {"code": "domestic_law_prohibits", "article": "§ 7", "message": message, "remedy": remedy}
    assert "Politseiseadus § 7" in translate_reason(reason, "fr")["message"]
    assert translate_reason(reason, "fr")["message"].startswith("la loi nationale")
