"""Invariants: proved where they hold, and broken by a question that the engine confirms."""

import json
from pathlib import Path
from typing import Any

import pytest
from policy_samples import AGREEMENTS, FILES, POLICY, REPO
from support.shell import Shell

from comity.errors import Malformed, Unavailable
from comity.policy.agreement import load_agreement
from comity.policy.bundle import PolicySet, build
from comity.policy.embedded import EmbeddedEngine
from comity.policy.national import compile_national
from comity.policy.prove.conditions import holds
from comity.policy.prove.invariants import load_invariants
from comity.policy.prove.verdicts import Verdict, prove

pytestmark = pytest.mark.xdist_group("prove")
SANDBOX = REPO / "policy" / "invariants" / "sandbox.yaml"
FEW = build(
    [each for each in AGREEMENTS if each.id in ("ee-fi-police-2026", "ee-lv-police-2026", "baltic-nordic-2026")]
)
RECORDS = """
- name: criminal records of Estonia go to Finland on a judge's order only
  article: Code of Criminal Procedure § 4
  never:
    direction: inbound
    provider: EE
    requester: FI
    category: criminal-records
    basis.agreement: ee-fi-police-2026
    decision.outcome: {not: refused}
    not: {authorisation.type: [judge, court], authorisation.valid: true}
"""


def verdicts(policy: PolicySet, text: str) -> list[Verdict]:
    engine = EmbeddedEngine(policy, machines=1)
    try:
        found = prove(policy, engine, load_invariants(text.encode(), "rules.yaml"))
        for each in found:
            if each.counterexample is not None:
                document, decision = each.counterexample.document, each.counterexample.decision
                assert engine.decide_raw(document) == decision
                assert holds(each.invariant.broken, document, decision)
        return found
    finally:
        engine.close()


def planted(name: str, old: str, new: str) -> PolicySet:
    """The agreements of `FEW` with one place of one text changed."""
    texts = {path.name: path.read_text() for path in FILES if path.stem in FEW.data["comity"]["agreements"]}
    assert old in texts[name]
    texts[name] = texts[name].replace(old, new, 1)
    return build([load_agreement(text.encode(), file) for file, text in texts.items()])


def test_the_sandbox_keeps_its_invariants() -> None:
    found = verdicts(POLICY, SANDBOX.read_text())
    assert len(found) >= 3
    assert [each.invariant.name for each in found if not each.proved] == []
    assert found[0].classes > 10**20


def test_a_planted_leak_is_found() -> None:
    (held,) = verdicts(FEW, RECORDS)
    assert held.proved
    requires = "[case, offence, nexus, judicial-authorisation]"
    leaky = planted("ee-fi-police-2026.yaml", f"requires: {requires}", "requires: [case, offence, nexus]")
    (broken,) = verdicts(leaky, RECORDS)
    assert broken.counterexample is not None
    assert broken.counterexample.decision["basis"]["term"] == "criminal-records"
    assert broken.counterexample.document["authorisation"]["valid"] is False


def test_verdicts() -> None:
    found = verdicts(FEW, (REPO / "tests" / "policy" / "prove_rules.yaml").read_text())
    wrong = [each.invariant.name for each in found if each.invariant.name.startswith("holds") != each.proved]
    assert wrong == []
    assert {each.proved for each in found} == {True, False}


def test_national_law_is_part_of_what_is_proved(opa_binary: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMITY_OPA", opa_binary)
    module = """package comity.national.ours

import data.comity.candidates

loaded := true

deny contains {"code": "domestic_law_prohibits", "article": "§ 1", "detail": "no"} if {
\tinput.peer.country == "LV"
\tinput.offence.max_penalty_months < 24
}

deny contains {"code": "domestic_law_prohibits", "article": "§ 2", "detail": "no", "candidate": key} if {
\tsome key, candidate in candidates.considered
\t"idNumber" in candidate.term.fields
\t"torture-risk" in input.offence.kinds
}
"""
    law = build(
        [each for each in AGREEMENTS if each.id == "ee-lv-police-2026"],
        national=compile_national({"ours.rego": module}),
    )
    reached = "direction: inbound, peer.country: LV, decision.outcome: {not: refused}"
    months = f"- name: below %d\n  never: {{{reached}, offence.max_penalty_months: {{at-most: %d}}}}\n"
    leaves = "offence.kinds: {contains: torture-risk}, decision.fields: {contains: idNumber}"
    fields = f"- name: fields %s\n  never: {{{leaves}%s}}\n"
    rules = months % (24, 23) + months % (25, 24) + fields % ("anywhere", "") + fields % ("in", ", direction: inbound")
    assert [each.proved for each in verdicts(law, rules)] == [True, False, False, True]
    without = build(law.agreements)
    assert [each.proved for each in verdicts(without, rules)] == [False, False, False, False]


def test_each_article_of_a_module_is_followed_by_itself(opa_binary: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many denials that read few facts each are no problem; one that reads many at once is named."""
    monkeypatch.setenv("COMITY_OPA", opa_binary)
    head = "package comity.national.ours\n\nloaded := true\n"
    denial = '\ndeny contains {"code": "threshold", "article": "§ %s", "detail": "d"} if {\n\t%s\n}\n'
    words = {"channel": "interpol", "assistance": "arrest", "aim": "locate", "subject.category": "witness"}
    words |= {"subject.nationality": "third", "scope": "bulk", "case.proceeding": "trial", "privilege.kind": "press"}
    words |= {"offence.bar": "amnesty", "review.ground": "threshold"}
    reads = [f'input.{fact} == "{word}"' for fact, word in words.items()]
    lv = [each for each in AGREEMENTS if each.id == "ee-lv-police-2026"]
    rule = "- name: n\n  never: {direction: inbound, aim: locate, decision.outcome: {not: refused}}\n"
    many = head + "".join(denial % (at, read) for at, read in enumerate(reads))
    assert verdicts(build(lv, national=compile_national({"ours.rego": many})), rule)[0].proved
    one = head + denial % (1, "\n\t".join(reads))
    with pytest.raises(Unavailable, match=r"national.ours.§ 1: \d+ combinations of .*split the rule"):
        verdicts(build(lv, national=compile_national({"ours.rego": one})), rule)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("- name: n\n  never: {categry: dna-profiles}\n", r"rules.yaml:2: .*categry.*did you mean `category`"),
        ("- name: n\n  never:\n    category: dna\n", r"rules.yaml:3: .*`dna` is unknown"),
        ("- name: n\n  never: {offence.kinds: {has: capital}}\n", r"rules.yaml:2: .*unknown key `has`"),
        ("- name: n\n  nevr: {nexus: true}\n", r"rules.yaml:2: unknown key `nevr`.*`never`"),
        ("- name: n\n", "either `never`, or `whenever` with `then`"),
        ("- name: n\n  whenever: {nexus: true}\n", "either `never`, or `whenever` with `then`"),
        ("- name: n\n  never: {nexus: true}\n- name: n\n  never: {nexus: true}\n", "rules.yaml:3: `n` is there twice"),
        ("- name: n\n  never: {time: 2026-02-30}\n", "n: .*write a day as"),
        (
            "- name: n\n  never: {decision.agreement: ee-fi-police}\n",
            "`ee-fi-police` is unknown: did you mean `ee-fi-police-2026`",
        ),
        ("- name: n\n  never: {requester.authority: pppa}\n", "`pppa` is unknown: did you mean `ppa`"),
        ("- name: n\n  never: {decision.outcome: allowed}\n", "`allowed` is unknown"),
        ("- name: n\n  never: {assurances: {contains: {kind: no-death}}}\n", "`no-death` is unknown"),
    ],
)
def test_words_that_policy_does_not_know(text: str, words: str) -> None:
    with pytest.raises(Malformed, match=words):
        verdicts(FEW, text)


def test_the_command(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    (tmp_path / "rules.yaml").write_text(
        f"{RECORDS}\n- name: no status\n  never: {{decision.fields: {{contains: status}}}}\n"
    )
    (tmp_path / "agreements").mkdir()
    name = "ee-fi-police-2026.yaml"
    (tmp_path / "agreements" / name).write_bytes((REPO / "policy" / "agreements" / name).read_bytes())
    folder = str(tmp_path / "agreements")
    files = tmp_path / "found"
    words = ["policy", "prove", str(tmp_path / "rules.yaml"), "--agreements", folder]
    done = shell(*words, "--json", "--counterexample", str(files))
    assert done.code == 1
    first, second = json.loads(done.out)["invariants"]
    assert first["proved"]
    assert not second["proved"]
    written = Path(second["counterexample"]["file"])
    again = shell("policy", "simulate", str(written), "--agreements", folder, "--json")
    assert again.code == 0
    assert "status" in json.loads(again.out)["fields"]
    shown = shell(*words).out
    assert "proved" in shown
    assert "no status: false" in shown
    assert second["counterexample"]["question"] in shown
    (tmp_path / "rules.yaml").write_text("- name: n\n  never: {nexsus: true}\n")
    wrong = shell(*words)
    assert wrong.code == 2
    assert "did you mean `nexus`" in wrong.err


def test_the_schema_knows_every_fact() -> None:
    import subprocess
    import sys

    done: Any = subprocess.run([sys.executable, "ops/invariants_schema.py", "--check"], cwd=REPO)
    assert done.returncode == 0
