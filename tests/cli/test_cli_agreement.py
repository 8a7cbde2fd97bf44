"""`comity agreement` on a home whose node does not run, as text and as JSON; the running node is in tests/story."""

from collections.abc import Callable
from pathlib import Path

import pytest
from support.agreements import changed, read, sample
from support.shell import Ran, Shell

ID = "ee-fi-police-2026"
Command = Callable[..., Ran]


@pytest.fixture(scope="module")
def comity(tmp_path_factory: pytest.TempPathFactory) -> Command:
    """`comity` on a fresh home of EE with two policy officers; a word `!` after the command is added by the test."""
    shell = Shell(tmp_path_factory.mktemp("agreement"))
    home = str(shell.folder / "ee")
    shell.good("init", home, "--country", "EE", "--trust-domain", "police.ee")

    def run(*words: str) -> Ran:
        return shell("--home", home, *words)

    for name, role in (("anna", "policy-officer"), ("bo", "policy-officer"), ("dan", "desk-officer")):
        run("staff", "add", name, "--role", role)
    (Path(home) / "agreements" / "paper.yaml").write_bytes(sample())
    return run


@pytest.fixture
def draft(tmp_path: Path) -> Callable[[bytes], str]:
    def write(content: bytes) -> str:
        (tmp_path / "draft.yaml").write_bytes(content)
        return str(tmp_path / "draft.yaml")

    return write


def test_files_show_before_the_node_ran(comity: Command) -> None:
    (listed,) = comity("agreement", "list", "--json").json
    assert (listed["agreement"], listed["revision"], listed["state"]) == (ID, 3, "file")
    shown = comity("agreement", "show", ID, "--json").json
    assert (shown["digest"], shown["state"]) == (read(sample()).digest, "file")
    assert comity("agreement", "show", "nothing").code == 1
    assert "wanted-persons" in comity("agreement", "show", ID).out


def test_a_draft_at_home_by_two_officers(comity: Command, draft: Callable[[bytes], str]) -> None:
    content = sample(agreement="ee-fi-new", revision=1)
    text = read(content)
    file = draft(content)
    unnamed = comity("agreement", "draft", file, "--json")
    assert (unnamed.code, "--as NAME`: anna, bo" in unnamed.json["error"]["message"]) == (1, True)
    desk = comity("agreement", "draft", file, "--as", "dan", "--json")
    assert (desk.code, desk.json["error"]["reason"]) == (1, "METHOD_NOT_ALLOWED")
    assert comity("agreement", "draft", file, "--as", "nobody", "--json").code == 1
    made = comity("agreement", "draft", file, "--as", "anna", "--json")
    assert (made.code, made.json["state"], made.json["digest"]) == (0, "checked", text.digest)

    other = draft(changed(content, title="By another officer"))
    clash = comity("agreement", "draft", other, "--as", "bo", "--json")
    assert (clash.code, clash.json["error"]["reason"]) == (1, "AGREEMENT_STATE")
    assert clash.json["error"]["detail"]["draft_digest"] == text.digest
    saved = comity("agreement", "draft", other, "--as", "bo", "--replaces", text.digest[:12], "--json")
    newer = saved.json["digest"]
    short = comity("agreement", "approve", "ee-fi-new", "123", "--as", "bo", "--json")
    assert (short.code, short.json["error"]["violations"][0]["field"]) == (2, "digest")
    for name in ("anna", "bo"):  # both wrote it
        refused = comity("agreement", "approve", "ee-fi-new", newer, "--as", name, "--json")
        assert refused.json["error"]["reason"] == "FOUR_EYES"
    comity("staff", "add", "cleo", "--role", "policy-officer")
    assert comity("agreement", "approve", "ee-fi-new", newer[:12], "--as", "cleo", "--json").json["state"] == "approved"
    alone = comity("agreement", "propose", "ee-fi-new", newer, "--as", "anna", "--json")
    assert (alone.code, alone.json["error"]["reason"]) == (1, "UNKNOWN_PEER")
    assert "comity peer add" in alone.json["error"]["message"]

    shown = comity("agreement", "show", "ee-fi-new", "--json").json
    assert [event["step"] for event in shown["events"]][-1] == "approved"
    assert {text["state"] for text in shown["texts"]} == {"approved", "discarded"}
    assert (
        comity("agreement", "show", "ee-fi-new", "--yaml").out == changed(content, title="By another officer").decode()
    )
    assert "discarded" in comity("agreement", "show", "ee-fi-new").out
    assert comity("agreement", "discard", "ee-fi-new", newer, "--as", "bo", "--json").json["state"] == "discarded"


def test_a_failing_scenario_is_shown(comity: Command, draft: Callable[[bytes], str]) -> None:
    wrong = sample(
        agreement="ee-fi-wrong", revision=1, edit=lambda d: d["scenarios"][0]["expect"].update(disclosure="hit")
    )
    ran = comity("agreement", "draft", draft(wrong), "--as", "anna")
    assert ran.code == 1
    assert "FAILED fraud with a maximum of five years: disclosure: expected hit, got core" in ran.out
    broken = comity("agreement", "draft", draft(wrong.replace(b"parties", b"partis")), "--as", "anna", "--json")
    assert broken.code == 2
    assert any("parties" in violation["problem"] for violation in broken.json["error"]["violations"])


def test_nothing_agreed_cannot_be_suspended_or_ended(comity: Command) -> None:
    for words in (("suspend", "nothing"), ("resume", "nothing"), ("end", "nothing"), ("activate", "nothing")):
        ran = comity("agreement", *words, "--as", "anna", "--json")
        assert (ran.code, ran.json["error"]["reason"]) == (1, "AGREEMENT_STATE"), words
    bad = comity("agreement", "end", ID, "--from", "soon", "--as", "anna", "--json")
    assert (bad.code, bad.json["error"]["violations"][0]["field"]) == (2, "from")
    bad = comity("agreement", "show", "ee-fi-new", "--at", "soon", "--json")
    assert (bad.code, bad.json["error"]["violations"][0]["field"]) == (2, "at")
    assert comity("agreement", "show", "ee-fi-new", "--known-at", "2020-01-01", "--json").code == 1
    assert comity("agreement", "of", "018f0000-0000-7000-8000-000000000000", "--json").code == 1
    assert comity("agreement", "status", "nothing", "--json").code == 1
