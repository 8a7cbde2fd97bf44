"""`comity policy bundle | activate | status` as a policy officer and an operator use them."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.shell import Shell

REPO = Path(__file__).resolve().parents[2]
AGREEMENT = REPO / "policy" / "agreements" / "ee-fi-police-2026.yaml"


class Home:
    """A fresh node home, and commands on it."""

    def __init__(self, folder: Path, name: str = "ee") -> None:
        self.shell = Shell(folder)
        self.path = folder / name
        self.shell.good("init", str(self.path), "--country", "EE", "--trust-domain", "police.ee", "--staff", "")
        (self.path / "agreements" / AGREEMENT.name).write_bytes(AGREEMENT.read_bytes())

    def good(self, *arguments: str) -> Any:
        return self.shell.good("--home", str(self.path), *arguments, "--json").json

    def fails(self, code: int, *arguments: str) -> str:
        ran = self.shell("--home", str(self.path), *arguments, "--json")
        assert ran.code == code, ran.out + ran.err
        return str(json.loads(ran.out)["error"]["message"])

    def finding(self, subject: str) -> dict[str, str]:
        ran = self.shell("--home", str(self.path), "doctor", "--json")
        return next(each for each in ran.json if each["subject"] == subject)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_from_the_first_bundle_to_a_refused_rollback(home: Home, tmp_path: Path) -> None:
    before = home.good("policy", "status")
    assert (before["sequence"], before["in_step"], before["revision"]) == (0, False, "")
    first, file = home.good("policy", "activate"), str(tmp_path / "b.tar.gz")
    assert first["sequence"] == 1
    assert home.good("policy", "activate") == first  # nothing changed: nothing to do
    built = home.good("policy", "bundle", "build", "-o", file, "--sequence", "5")
    assert (built["signed"], built["key_id"], built["digest"]) == (True, first["key_id"], first["digest"])
    proven = home.good("policy", "bundle", "verify", file)
    assert (proven["revision"], proven["sequence"]) == (built["revision"], 5)
    assert [each["agreement"] for each in proven["agreements"]] == ["ee-fi-police-2026"]
    assert home.good("policy", "activate", file)["sequence"] == 5
    now = home.good("policy", "status")
    assert (now["revision"], now["in_step"], now["engine"]) == (built["revision"], True, "embedded")
    assert now["since"]
    said = home.finding("policy")
    assert said["state"] == "ok"
    assert built["revision"][:24] in said["message"]
    older = str(tmp_path / "older.tar.gz")
    home.good("policy", "bundle", "build", "-o", older, "--sequence", "4")
    assert "--sequence 6" in home.fails(5, "policy", "activate", older)
    kinds = [entry["kind"] for entry in home.good("ledger", "show")]
    assert kinds[-3:] == ["policy_activated", "policy_activated", "alarm"]
    assert home.good("policy", "status") == now


def test_a_bundle_of_another_key_is_taken_once_that_key_is_pinned(home: Home, tmp_path: Path) -> None:
    desk, file = Home(tmp_path, "workstation"), str(tmp_path / "b.tar.gz")
    desk.good("policy", "bundle", "build", "-o", file, "--sequence", "1")
    assert "pinned" in home.fails(5, "policy", "bundle", "verify", file)
    assert "pinned" in home.fails(5, "policy", "activate", file)
    pinned = desk.path / "keys" / "bundle.pem"
    assert home.good("policy", "bundle", "verify", file, "--key", str(pinned))["sequence"] == 1
    with (home.path / "keys" / "bundle.pem").open("ab") as keys:
        keys.write(pinned.read_bytes())
    made = home.good("policy", "activate", file)
    assert made["key_id"] == desk.good("policy", "bundle", "build", "-o", file)["key_id"]


def test_a_text_that_is_not_in_force_is_not_activated(home: Home, tmp_path: Path) -> None:
    folder, file = tmp_path / "drafts", str(tmp_path / "b.tar.gz")
    folder.mkdir()
    (folder / AGREEMENT.name).write_text(AGREEMENT.read_text().replace("per_day: 1000,", "per_day: 999,", 1))
    home.good("policy", "bundle", "build", "-o", file, "--agreements", str(folder))
    assert "not the one in force here" in home.fails(5, "policy", "activate", file)
    entries = home.good("ledger", "show")
    assert (entries[-1]["kind"], entries[-1]["note"]) == ("alarm", "policy refused: agreements")


def test_without_a_home_it_is_not_signed_and_says_so(tmp_path: Path) -> None:
    shell, file = Shell(tmp_path), str(tmp_path / "b.tar.gz")
    made = shell.good("policy", "bundle", "-o", file, "--agreements", str(AGREEMENT.parent), "--json").json
    assert (made["signed"], made["sequence"]) == (False, 0)
    home = Home(tmp_path)
    assert "not signed" in home.fails(5, "policy", "activate", file)
    key = str(home.path / "keys" / "bundle.key")
    arguments = ("policy", "bundle", "build", "-o", file, "--agreements", str(home.path / "agreements"), "--key", key)
    assert shell.good(*arguments, "--sequence", "3", "--json").json["signed"] is True
    assert home.good("policy", "activate", file)["sequence"] == 3


@pytest.mark.usefixtures("opa_binary")
def test_national_modules_come_into_force_by_activation(home: Home, tmp_path: Path) -> None:
    home.good("policy", "activate")
    folder = home.path / "national"
    folder.mkdir(exist_ok=True)
    (folder / "closed.rego").write_text(
        "package comity.national.closed\n\nloaded := true\n\n"
        'deny contains {"code": "domestic_law_prohibits", "article": "§ 1", "detail": "closed"} if {\n'
        '\tinput.purpose == "immigration"\n}\n'
    )
    assert home.good("policy", "status")["national"] == []
    found = home.finding("national law")
    assert (found["state"], "comity policy activate" in found["message"]) == ("warn", True)
    assert home.good("policy", "activate")["sequence"] == 2
    assert home.good("policy", "status")["national"] == ["closed"]
    assert home.finding("national law")["state"] == "ok"
    file = str(tmp_path / "b.tar.gz")
    home.good("policy", "bundle", "-o", file)
    assert home.good("policy", "bundle", "verify", file)["national"] == ["closed"]


def test_a_lost_bundle_key_is_not_made_anew_in_silence(home: Home) -> None:
    home.good("policy", "activate")
    (home.path / "keys" / "bundle.key").unlink()
    assert "bundle.key is missing" in home.fails(1, "policy", "status")


def test_a_home_of_an_earlier_version_gets_its_bundle_key(home: Home) -> None:
    for name in ("bundle.key", "bundle.pem"):
        (home.path / "keys" / name).unlink()
    assert home.good("policy", "activate")["sequence"] == 1
    assert (home.path / "keys" / "bundle.key").stat().st_mode & 0o077 == 0
