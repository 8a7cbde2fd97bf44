"""Agreement files: what is read, what is refused, and by which words."""

import re

import pytest
from policy_samples import AGREEMENTS, FILES, FOLDER, agreement

from comity.errors import Malformed
from comity.policy.agreement import load_agreement, unix_day

TEXT = (FOLDER / "ee-fi-police-2026.yaml").read_text()
LINES = TEXT.splitlines()


def line_of(start: str) -> int:
    return next(number for number, line in enumerate(LINES, 1) if line.strip().startswith(start))


def problems(text: str) -> list[str]:
    with pytest.raises(Malformed) as caught:
        load_agreement(text.encode(), "x.yaml")
    assert caught.value.violations
    return [violation.problem for violation in caught.value.violations]


def test_the_sandbox_agreements_load() -> None:
    assert [each.id for each in AGREEMENTS] == [path.stem for path in FILES]
    assert sum(each.multilateral for each in AGREEMENTS) == 3


def test_what_policy_reads() -> None:
    data = agreement("ee-fi-police-2026").data
    assert (data["from"], data["until"]) == (unix_day("2026-03-01"), unix_day("2031-03-01")) == (1772323200, 1930089600)
    assert data["refusals"]["political"] == "Art. 7(1)"
    assert data["refusals"]["sovereignty_security_ordre_public"] == ""
    assert data["suspended"] is False


def test_provisional_application_begins_with_the_signature() -> None:
    assert agreement("ee-lv-police-2026").in_force[0] == unix_day("2026-06-01")


def test_digest_is_of_the_content_only() -> None:
    known = agreement("ee-fi-police-2026").digest
    commented = TEXT.replace("parties: [EE, FI]", 'parties:\n  - "EE"\n  - FI   # by and large')
    assert load_agreement(commented.encode(), "x.yaml").digest == known
    assert load_agreement(TEXT.replace("revision: 3", "revision: 4").encode(), "x.yaml").digest != known


def test_digest_golden() -> None:
    """RFC 8785 over the parsed document; the bytes are computed here by hand from the sorted keys."""
    import hashlib
    import json

    document = agreement("ee-se-police-2026").document
    plain = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert agreement("ee-se-police-2026").digest == hashlib.sha256(plain.encode()).hexdigest()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("    retention: P180D", "    retentoin: P180D", ["unknown key `retentoin`", "did you mean `retention`?"]),
        ("    article: Art. 4(1)", "    articel: Art. 4(1)", ["did you mean `article`?"]),
        (
            "[criminal-investigation, prosecution]",
            "[criminal-investigaton]",
            ["did you mean `criminal-investigation`?"],
        ),
        ("categories: [wanted-persons]", "categories: [wanted-people]", ["did you mean `wanted-persons`?"]),
        ("minors: review", "minors: sometimes", ["`sometimes` is unknown", "known are never, review, allow"]),
        ("query.search: core,", "query.search: coer,", ["did you mean `core`?"]),
        ("fields: [name, alias,", "fields: [nmae, alias,", ["did you mean `name`?"]),
        ("revision: 3", "revision: 0", ["must be at least 1"]),
        ("revision: 3", "revision: 3.5", ["must be of type integer"]),
        ("  in_force: 2026-03-01", "  in_force: 2026-3-1", ["does not have the form"]),
        ("  in_force: 2026-03-01", "  in_force: 2026-02-30", ["no such day"]),
        ("  in_force: 2026-03-01", "  in_force: 2026-01-01", ["before the day of signature"]),
        ("  until: 2031-03-01", "  until: 2026-03-01", ["ends before it begins"]),
        ("parties: [EE, FI]", "parties: [EE, FI, SE]", ["party SE is missing"]),
        ("parties: [EE, FI]", "parties: [EE, EE]", ["`EE` is there twice"]),
        ("providers: [EE, FI]", "providers: [EE, SE]", ["SE is no party"]),
        ("{query.search: core, query.follow_up: core}", "{query.search: core}", ["query.follow_up has no disclosure"]),
        ("human: {query.follow_up: desk-officer}", "human: {notice.publish: judge}", ["is no action of this term"]),
        (", listed_min_penalty_months: 36", "", ["goes with `dual_criminality: unless-listed`"]),
        ("    deadline: {urgent: PT8H, normal: PT48H}\n", "", ["say by when in `deadline`"]),
        ("  - id: criminal-records", "  - id: wanted-persons", ["term `wanted-persons` is there twice"]),
        ("fields: [name, alias, birthDate, nationality, gender]", "fields: []", ["name what may leave"]),
        ("  - bis_in_idem", "  - political", ["ground `political` is there twice"]),
        ("  - bis_in_idem", "  - bis_in_iden", ["did you mean `bis_in_idem`?"]),
        ("{ground: political, article: Art. 7(1)}", "{ground: political}", ["`article` is missing"]),
        ("title:", "titel: x\ntitle:", ["did you mean `title`?"]),
    ],
)
def test_each_mistake_is_named(old: str, new: str, words: list[str]) -> None:
    assert old in TEXT
    found = " | ".join(problems(TEXT.replace(old, new, 1)))
    for word in words:
        assert word in found
    assert re.search(r"x\.yaml:\d+: ", found)


def test_file_and_line_are_named() -> None:
    number = line_of("retention: P180D")
    assert problems(TEXT.replace("retention: P180D", "retentoin: P180D", 1))[-1].startswith(
        f"x.yaml:{number}: unknown key"
    )


def test_every_violation_is_reported() -> None:
    broken = TEXT.replace("minors: review", "minors: maybe").replace("revision: 3", "revision: -1")
    assert len(problems(broken)) >= 3


def test_norway_is_a_country() -> None:
    nordic = TEXT.replace("FI", "NO")
    loaded = load_agreement(nordic.encode(), "x.yaml")
    assert loaded.parties == ("EE", "NO")


def top_level_without(key: str) -> str:
    kept, dropping = [], False
    for line in LINES:
        if not line.startswith((" ", "#")):
            dropping = line.startswith(f"{key}:")
        kept.append("" if dropping else line)
    return "\n".join(kept)


@pytest.mark.parametrize("key", sorted(agreement("ee-fi-police-2026").document))
def test_no_key_may_be_left_out(key: str) -> None:
    assert any(f"`{key}` is missing" in problem for problem in problems(top_level_without(key)))
