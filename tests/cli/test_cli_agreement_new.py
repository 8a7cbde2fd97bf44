"""`comity agreement new` as a command: by options, by a file, on a terminal; and `lint` on what it made."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from comity.cli.main import main
from comity.policy.agreement import load_agreement

MUST = {
    "parties": "EE,FI",
    "agreement": "ee-fi-new",
    "instrument.name": "Agreement of 1 December 2026",
    "instrument.signed": "2026-12-01",
    "instrument.in_force": "2027-01-01",
    "instrument.until": "2032-01-01",
    "authorities.EE": "ppa",
    "authorities.FI": "nbi",
    "languages.EE": "et,en",
    "languages.FI": "fi,en",
}


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["agreement", *arguments])


def options(*without: str) -> list[str]:
    return [word for key, value in MUST.items() if key not in without for word in ("--set", f"{key}={value}")]


@pytest.mark.parametrize("template", ["police", "prum", "judicial", "assets"])
def test_by_options_alone(tmp_path: Path, template: str) -> None:
    file = tmp_path / "new.yaml"
    ran = run("new", "--from", template, *options(), "-o", str(file), "--json")
    assert ran.exit_code == 0, ran.output
    told = json.loads(ran.stdout)
    held = load_agreement(file.read_bytes(), str(file))
    assert (told["agreement"], told["digest"], told["template"]) == ("ee-fi-new", held.digest, template)
    assert told["scenarios"] == len(held.scenarios) >= 2 * len(told["terms"])
    (linted,) = json.loads(run("lint", str(file), "--json").stdout)
    assert (linted["ok"], linted["violations"], linted["warnings"]) == (True, [], [])
    tested = CliRunner().invoke(main, ["policy", "test", "--agreements", str(tmp_path), "--json"])
    assert tested.exit_code == 0, tested.output
    assert all(each["passed"] for each in json.loads(tested.stdout))


def test_by_a_file_of_answers(tmp_path: Path) -> None:
    answers, file = tmp_path / "answers.yaml", tmp_path / "new.yaml"
    answers.write_text("""
template: police
parties: [EE, NO]
agreement: ee-no-new
instrument: {name: A, signed: 2026-12-01, in_force: 2027-01-01, until: 2032-01-01}
authorities: {EE: [ppa], NO: [kripos]}
languages: {EE: [et, en], NO: [nb, en]}
terms:
  wanted-persons: {subjects: {minors: review}, disclosure: {query.search: hit, query.follow_up: hit}}
  registers: {keep: false}
""")
    ran = run("new", "--answers", str(answers), "-o", str(file))
    assert ran.exit_code == 0, ran.output
    made = load_agreement(file.read_bytes(), str(file)).document
    assert made["title"] == "Agreement between Estonia and Norway on the exchange of police information"
    assert [term["id"] for term in made["terms"]] == ["wanted-persons", "missing-persons", "criminal-records"]
    assert made["terms"][0]["subjects"]["minors"] == "review"
    assert "comity agreement text" in ran.stdout
    again = run("new", "--answers", str(answers), "-o", str(file))
    assert again.exit_code == 1
    assert "is there already" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "no template: give --from"),
        (("--from", "police"), "not answered: parties, agreement, instrument.name, instrument.signed"),
        (("--from", "police", "--set", "parties=EE,FI"), "authorities.EE, languages.EE, authorities.FI, languages.FI"),
        (("--from", "police", "--set", "parties"), "write KEY=VALUE"),
        (("--from", "police", *options(), "--set", "terms.registers.kept=no"), "did you mean `terms.registers.keep`"),
        (("--from", "police", *options(), "--set", "instrument.until=2026-12-02"), "ends before it begins"),
    ],
)
def test_without_a_terminal_nothing_is_asked(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    file = tmp_path / "new.yaml"
    ran = run("new", *arguments, "-o", str(file))
    assert ran.exit_code == 2, ran.output
    assert said in ran.stderr
    assert not file.exists()


def test_on_a_terminal_it_asks_and_enter_takes_the_strict_default(tmp_path: Path) -> None:
    file = tmp_path / "new.yaml"
    theirs, ours = pty.openpty()
    words = ["agreement", "new", *options("agreement"), "-o", str(file)]
    started = subprocess.Popen(
        [sys.executable, "-m", "comity.cli.main", *words],
        stdin=ours,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "NO_COLOR": "1"},
    )
    os.close(ours)
    # template, name, title, provisional, keep and adjust of three terms, the last after a wrong answer; then the rest
    os.write(theirs, b"prum\nee-fi-asked\n\n\n\n\nno\nperhaps\nyes\n\n\n\n\n\n")
    out, asked = started.communicate(timeout=60)
    os.close(theirs)
    assert started.returncode == 0, asked
    assert "Who answers: Estonia, Finland." in asked
    assert "`perhaps` is no answer" in asked
    assert "prohibited" in asked
    made = load_agreement(file.read_bytes(), str(file)).document
    assert made["agreement"] == "ee-fi-asked"
    assert [term["id"] for term in made["terms"]] == ["biometric", "vehicles"]
    assert "ee-fi-asked with biometric, vehicles" in out


def test_lint_names_what_to_look_at_again_and_its_line(tmp_path: Path) -> None:
    file = tmp_path / "new.yaml"
    assert run("new", "--from", "prum", *options(), "-o", str(file)).exit_code == 0
    file.write_text(file.read_text().replace("retention: P90D", "retention: P3Y"))
    line = file.read_text()[: file.read_text().index("retention: P3Y")].count("\n") + 1
    ran = run("lint", str(file))
    assert ran.exit_code == 0
    assert f"look again: terms[2].retention: {file}:{line}: the answer may be kept longer than a year" in ran.stdout
