"""One word per thing: schemas, library data, catalogue and the other rooms use the same words."""

import json
import subprocess
import sys
from typing import Any

from jsonschema import Draft202012Validator
from policy_samples import AGREEMENTS, GOLDEN, REPO, golden_input, question

from comity.policy import library
from comity.policy.scenarios import scenario_input

DATA = library.data()["comity"]
AGREEMENT = library.schema("agreement")
INPUT = library.schema("input")
DECISION = library.schema("decision")
SHIPPED = [
    "no_basis",
    "not_competent",
    "incomplete",
    "wrong_language",
    "no_nexus",
    "disproportionate",
    "de_minimis",
    "threshold",
    "dual_crim",
    "political",
    "military",
    "discrimination",
    "death_penalty_no_assurance",
    "fundamental_rights",
    "bis_in_idem",
    "time_barred",
    "immunity_privilege",
    "press",
    "sovereignty_security_ordre_public",
    "domestic_law_prohibits",
    "ongoing_investigation",
    "danger_to_person",
    "third_state_consent",
    "judicial_authorisation_refused",
    "category_not_shared",
    "minor_or_victim_protection",
    "special_category",
    "not_available",
    "quality_insufficient",
    "quota_exceeded",
    "purpose_incompatible",
    "retention_expired",
    "onward_transfer_denied",
    "agreement_suspended",
    "agreement_expired",
    "conflict_of_laws",
    "inference_guard",
    "technical_unavailable",
]


def word(name: str) -> list[str]:
    found: list[str] = AGREEMENT["$defs"][name]["enum"]
    return found


def test_the_38_codes_of_the_design() -> None:
    assert len(SHIPPED) == 38
    assert {each["code"] for each in DATA["catalogue"]["grounds"].values()} == set(SHIPPED)
    assert set(DATA["catalogue"]["grounds"]) >= set(SHIPPED)
    assert set(word("ground")) == {*SHIPPED, "sovereignty"}
    assert set(DECISION["properties"]["reasons"]["items"]["properties"]["code"]["enum"]) == set(SHIPPED)


def test_input_schema_and_contract_agree() -> None:
    paths = {tuple(row["path"]): row for row in DATA["vocabulary"]["input"]}
    found: dict[tuple[str, ...], Any] = {}
    for key, schema in INPUT["properties"].items():
        assert key in INPUT["required"]
        if schema.get("type") != "object":
            found[(key,)] = schema
            continue
        assert schema["additionalProperties"] is False
        assert schema["required"] == list(schema["properties"])
        found |= {(key, inner): each for inner, each in schema["properties"].items()}
    assert set(found) == set(paths)
    for path, row in paths.items():
        schema = found[path]
        assert row.get("of") == (schema.get("enum") or schema.get("items", {}).get("enum")), path
    assert INPUT["additionalProperties"] is False


def test_questions_are_of_the_schema() -> None:
    validator = Draft202012Validator(INPUT)
    documents = [question(), *(golden_input(case) for case in GOLDEN)]
    documents += [scenario_input(each, scenario) for each in AGREEMENTS for scenario in each.scenarios]
    for document in documents:
        validator.validate(document)


def test_words_of_agreements_and_library_agree() -> None:
    vocabulary = DATA["vocabulary"]
    assert (
        word("level")
        == sorted(vocabulary["levels"], key=vocabulary["levels"].get)
        == DECISION["properties"]["disclosure"]["enum"]
    )
    duties = set(DECISION["properties"]["obligations"]["items"]["enum"])
    assert set(word("obligation")) | set(word("undertaking")) == duties
    assert set(word("undertaking")) == set(vocabulary["undertakings"])
    assert set(vocabulary["handling"]) | set(vocabulary["onward"].values()) <= set(word("obligation"))
    assert set(vocabulary["handling"].values()) | {"H0"} <= set(DECISION["properties"]["handling"]["items"]["enum"])
    assert set(word("fact")) == set(vocabulary["facts"]) | set(vocabulary["orders"])
    assert set(vocabulary["onward"]) == set(AGREEMENT["properties"]["onward_transfer"]["properties"]["rule"]["enum"])
    assert set(word("field")) == set(DECISION["properties"]["fields"]["items"]["enum"])
    assert set(word("human")) == set(DECISION["properties"]["human"]["anyOf"][1]["properties"]["role"]["enum"])
    rows = {tuple(row["path"]): row for row in vocabulary["input"]}
    assert word("subject") == rows["subject", "category"]["of"]
    assert word("kind") == rows["offence", "kinds"]["of"]
    assert set(word("human")) == set(vocabulary["human_rank"])
    assert set(vocabulary["special_categories"]) <= set(word("category"))
    term = AGREEMENT["$defs"]["term"]["properties"]
    for part, path in (("channels", "channel"), ("proceedings", "case.proceeding"), ("aims", "aim"),
                       ("urgencies", "urgency"), ("scopes", "scope"), ("nationalities", "subject.nationality"),
                       ("procedures", "procedure")):  # fmt: skip
        assert term[part]["items"]["enum"] == rows[tuple(path.split("."))]["of"], part
    given = set(term["assistance"]["items"]["enum"])
    assert given | set(vocabulary["excluded_assistance"]) == set(rows[("assistance",)]["of"])
    assert not given & set(vocabulary["excluded_assistance"])
    assert set(vocabulary["bars"]) | {"none"} == set(rows["offence", "bar"]["of"])
    assert set(vocabulary["bars"].values()) <= set(SHIPPED)
    assert set(rows["review", "ground"]["of"]) == {"", *SHIPPED}
    assert set(vocabulary["protected_subjects"]) <= set(word("subject"))
    assert len(vocabulary["list_offences"]) == len(set(vocabulary["list_offences"])) == 32


def test_fields_are_followthemoney_properties() -> None:
    schemata = json.loads((REPO / "node" / "comity" / "records" / "ftm.json").read_text())["schemata"]
    known = {name for schema in schemata.values() for name in schema["properties"]}
    assert set(word("field")) <= known
    assert not set(word("field")) & {
        "ethnicity",
        "religion",
        "political",
    }  # special categories (LED art. 10) have no field


def test_offence_tables_use_known_words() -> None:
    for country, table in DATA["offences"].items():
        assert len(country) == 2
        assert set(table["list"]) <= set(DATA["vocabulary"]["list_offences"])
        assert all(code.isdigit() for code in table["iccs"])


def test_the_compiled_library_is_fresh() -> None:
    done = subprocess.run([sys.executable, "ops/policy_build.py", "--check"], cwd=REPO, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_policy_reads_no_built_in_that_reaches_out() -> None:
    barred = (
        "http.send",
        "opa.runtime",
        "net.",
        "rand.",
        "time.",
        "io.jwt",
        "crypto.",
        "trace(",
        "print(",
        "uuid.",
        "input.name",
    )
    for path, source in library.rego().items():
        for name in barred:
            assert name not in source, (path, name)


def test_every_optional_part_has_what_silence_means() -> None:
    """A part that the schema lets a text leave out is written out before policy reads it."""
    usual = DATA["vocabulary"]["defaults"]
    schemas = {
        "agreement": AGREEMENT,
        "term": AGREEMENT["$defs"]["term"],
        "offences": AGREEMENT["$defs"]["term"]["properties"]["offences"],
    }
    only_text = {"survival", "listed_min_penalty_months"}  # for people; a threshold that goes with another part
    for name, schema in schemas.items():
        assert set(schema["properties"]) - set(schema["required"]) - only_text == set(usual[name]), name
