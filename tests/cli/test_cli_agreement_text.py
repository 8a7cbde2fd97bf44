"""`comity agreement text` and `diff` as commands."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from comity.cli.main import main

FOLDER = Path(__file__).resolve().parents[2] / "policy" / "agreements"
FILE = str(FOLDER / "ee-fi-police-2026.yaml")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["agreement", *arguments])


def good(*arguments: str) -> str:
    ran = run(*arguments)
    assert ran.exit_code == 0, ran.output
    return ran.stdout


def test_the_text_of_a_file() -> None:
    assert "Who answers: Estonia, Finland." in good("text", FILE)
    assert "Kes vastab: Eesti, Soome." in good("text", FILE, "--lang", "et")
    told = json.loads(good("text", FILE, "--lang", "fr", "--json"))
    assert (told["agreement"], told["revision"], told["language"]) == ("ee-fi-police-2026", 3, "fr")
    article = next(each for each in told["articles"] if each["term"] == "wanted-persons")
    assert {"part": "terms.providers", "text": "Qui répond\u00a0: Estonie, Finlande."} in article["sentences"]


def test_the_difference_of_two_files(tmp_path: Path) -> None:
    other = tmp_path / "draft.yaml"
    other.write_text(Path(FILE).read_text().replace("alias, birthDate", "alias, birthDate, address", 1))
    assert "widens: now also: address" in good("diff", FILE, str(other))
    told = json.loads(good("diff", FILE, str(other), "--json"))
    assert told["verdict"] == "widens"
    assert told["counts"] == {"widens": 1, "narrows": 0, "changes": 0, "wording": 0}
    assert json.loads(good("diff", str(other), FILE, "--json"))["verdict"] == "narrows"
    assert json.loads(good("diff", FILE, FILE, "--json"))["changes"] == []


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("text", FILE, "--lang", "xx"), 2, "there are en, de, et, fr"),
        (("text", "nothing.yaml"), 1, "no file nothing.yaml"),
    ],
)
def test_wrong_use_says_what_there_is(arguments: tuple[str, ...], code: int, said: str) -> None:
    ran = run(*arguments)
    assert ran.exit_code == code
    assert said in ran.stderr


def test_an_agreement_of_the_node_by_name_and_revision(tmp_path: Path) -> None:
    home = tmp_path / "ee"
    made = CliRunner().invoke(main, ["init", str(home), "--country", "EE", "--trust-domain", "police.ee"])
    assert made.exit_code == 0, made.output
    (home / "agreements").mkdir(exist_ok=True)
    (home / "agreements" / "a.yaml").write_text(Path(FILE).read_text())

    def at_home(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["--home", str(home), "agreement", *arguments])

    assert "Who answers: Estonia, Finland." in at_home("text", "ee-fi-police-2026").stdout
    assert "No effect" in at_home("diff", "ee-fi-police-2026", "ee-fi-police-2026@3").stdout
    missing = at_home("text", "ee-fi-police-2026@9")
    assert missing.exit_code == 1
    assert "there is ee-fi-police-2026@3" in missing.stderr


def test_a_draft_of_the_node_by_its_name(tmp_path: Path) -> None:
    home, amended = tmp_path / "ee", tmp_path / "amended.yaml"
    changed = Path(FILE).read_text().replace("alias, birthDate", "alias, birthDate, address", 1)
    amended.write_text(changed.replace("revision: 3", "revision: 4"))
    steps = [
        ["init", str(home), "--country", "EE", "--trust-domain", "police.ee"],
        ["--home", str(home), "staff", "add", "policy", "--role", "policy-officer"],
        ["--home", str(home), "agreement", "draft", str(amended), "--as", "policy"],
    ]
    for step in steps:
        done = CliRunner().invoke(main, step)
        assert done.exit_code == 0, done.output
    for name in ("ee-fi-police-2026@draft", "ee-fi-police-2026@4"):
        told = CliRunner().invoke(main, ["--home", str(home), "agreement", "diff", FILE, name, "--json"])
        assert json.loads(told.stdout)["verdict"] == "widens"
