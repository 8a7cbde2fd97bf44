"""Two countries hold their readings of one agreement side by side; a national module makes one of them differ."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.shell import Shell

from comity.sandbox.layout import find_sandbox
from comity.sandbox.processes import marked_processes, start_node, stop_node, wait_until_running

MODULE = """package comity.national.persons

loaded := true

# s. 12: missing persons are for investigators to ask about.
deny contains {"code": "domestic_law_prohibits", "article": "Act on Missing Persons, s. 12", "detail": "desks"} if {
	input.category == "missing-persons"
	input.requester.role == "desk-officer"
}
"""

pytestmark = pytest.mark.xdist_group("story")


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    made = Shell(tmp_path_factory.mktemp("mirror"))
    directory = str(made.folder / "sandbox")
    made.good("sandbox", "up", "--dir", directory, "--countries", "EE,FI", "--people", "20", "--json")
    yield made
    made("sandbox", "down", "--dir", directory, "--delete")
    assert marked_processes(directory) == []
    for process in started:
        process.wait(timeout=10)


started: list[subprocess.Popen[bytes]] = []


def test_both_read_alike_until_one_has_a_law_of_its_own(
    shell: Shell, opa_binary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror = ("--node", "EE", "policy", "mirror", "FI", "--agreement", "ee-fi-police-2026")
    (alike,) = shell.good(*mirror, "--json").json
    assert alike["questions"] > 500
    assert alike["differences"] == []

    monkeypatch.setenv("COMITY_OPA", opa_binary)
    sandbox = find_sandbox(Path(shell.folder / "sandbox"))
    law = sandbox.home("FI").path / "national"
    law.mkdir(exist_ok=True)
    (law / "persons.rego").write_text(MODULE)
    stop_node(sandbox, "FI")
    started.append(start_node(sandbox, "FI"))
    wait_until_running(sandbox.home("FI"), started[-1])
    (unlike,) = shell.good(*mirror, "--json").json
    assert unlike["differences"] == []  # a law that lies in the home and was not activated binds nobody

    shell.good("--node", "FI", "policy", "activate")
    ran = shell(*mirror, "--json")
    assert ran.code == 1
    (found,) = ran.json
    assert found["differences"]
    for each in found["differences"]:
        assert each["provider"] == "FI"
        assert each["facts"]["category"] == "missing-persons"
        assert each["ours"].get("reasons", []) != each["theirs"]["reasons"]
        assert "Act on Missing Persons, s. 12" in each["theirs"]["articles"]
    text = shell(*mirror).out
    assert "read differently" in text
    assert "domestic_law_prohibits" in text
    assert shell("--node", "EE", "policy", "mirror", "XX").code == 1
    stop_node(sandbox, "FI")
    silent = shell(*mirror, "--json")
    assert (silent.code, "FI: " in silent.json["error"]["message"]) == (4, True)
