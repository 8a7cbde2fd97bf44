"""Normal forms: idempotent, and the same for the spellings of one name or number."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.records.identifiers import KINDS
from comity.records.keys import query_keys, record_keys
from comity.records.names import align, alike
from comity.records.normalise import identifier, name_tokens, skeleton, sound
from comity.records.query import Query

KIND = st.sampled_from(sorted(KINDS))
LATIN = st.text(st.characters(categories=["L", "N", "P", "Z"], max_codepoint=0x24F), max_size=40)
NAMES = st.text(max_size=40) | LATIN | st.sampled_from(["Abd al-Rahman", "عبد الرحمن", "Abdul Ullah", "Mr Mr", "张 伟"])


@settings(max_examples=300)
@given(KIND, st.text(max_size=40))
def test_identifiers_normalise_once(kind: str, value: str) -> None:
    normal = identifier(kind, value)
    assert identifier(kind, normal) == normal


@settings(max_examples=300)
@given(LATIN | st.sampled_from(["Abdul Ullah", "abd abd abd x", "Abdul al Rahman", "Abdullah Abdurrahman", "Mr Dr"]))
def test_names_normalise_once(name: str) -> None:
    tokens = name_tokens(name)
    assert name_tokens(" ".join(tokens)) == tokens


@settings(max_examples=300)
@given(NAMES, NAMES)
def test_no_unicode_breaks_a_comparison_and_sides_do_not_matter(one: str, other: str) -> None:
    left, right = name_tokens(one), name_tokens(other)
    for token in (*left, *right):
        assert skeleton(token)
        sound(token)
    forth, back = align(left, right), align(right, left)
    assert forth.score == pytest.approx(back.score)
    assert 0 <= forth.score <= 1


@pytest.mark.parametrize(
    ("kind", "spellings"),
    [
        ("passport", ["K 1234567", "k-1234567", "\uff2b1234567"]),
        ("iban", ["EE38 2200 2210 2014 5685", "ee382200221020145685"]),
        ("vin", ["1HGBH41JXMN109186", "1hg-bh41jx mn109186"]),
        ("plate", ["123 ABC", "123-abc"]),
        ("phone", ["+372 5123 4567", "00372 51234567", "+37251234567"]),
        ("registration", ["0010345833", "10345833"]),
        ("imo", ["IMO 9187629", "9187629"]),
    ],
)
def test_spellings_of_one_number_are_one(kind: str, spellings: list[str]) -> None:
    assert len({identifier(kind, each) for each in spellings}) == 1


def test_leading_zeros_of_passports_are_kept() -> None:
    assert identifier("passport", "0012345") != identifier("passport", "12345")


@pytest.mark.parametrize(
    "spellings",
    [
        ["Юрий Каськов", "Juri Kaskov", "Jurij Kaskow", "Jurijs Kaskovs", "KASKOV, Juri"],
        ["Abd al-Rahman Yasin", "Abdul Rahman Yasin", "ABDURRAHMAN YASIN", "عبد الرحمن ياسين"],
        ["Кубраков Иван", "Ivan KUBRAKOU", "Ivan Kubrakov"],
        ["Müller-Lüdenscheidt Hans", "Hans Muller Ludenscheidt"],
    ],
)
def test_spellings_of_one_name_agree(spellings: list[str]) -> None:
    for one in spellings:
        for other in spellings:
            assert align(name_tokens(one), name_tokens(other)).score > 0.85, (one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("jaan", "anna"), ("jaan", "juhan"), ("juri", "eero"), ("maria", "marina"), ("anton", "antonina"), ("jan", "jon")],
)
def test_other_given_names_are_not_spellings(one: str, other: str) -> None:
    assert alike(one, other) < 0.85


def test_one_name_in_common_is_not_a_name() -> None:
    assert align(("igor", "girkin"), ("igor", "petrov")).score < 0.5
    assert align(("saddam", "hussein"), ("rana", "saddam", "hussein")).score < 0.8


def test_an_initial_counts_the_same_from_either_side() -> None:
    assert align(("j", "smith"), ("john", "smith")).score == align(("john", "smith"), ("j", "smith")).score < 0.85


def test_who_shares_a_given_name_only_is_no_candidate() -> None:
    asked = set(query_keys(Query("wanted-persons", "Person", names=("Juri Kaskov",)))[1])

    def candidate(name: str) -> bool:
        return not asked.isdisjoint(record_keys((), [name_tokens(name)]))

    assert not candidate("Juri Petrov")
    assert candidate("Каськов Юрий")
    assert candidate("Juri Kastov")
    assert candidate("Kaskov")
