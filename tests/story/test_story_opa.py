"""The same federation with an OPA server beside every node; a killed node takes its OPA with it."""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.shell import Shell

from comity.sandbox.layout import find_sandbox
from comity.sandbox.people import stars
from comity.sandbox.processes import marked_processes, running_pid

STAR = stars()[0]

pytestmark = pytest.mark.xdist_group("opa-story")


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory, opa_binary: str) -> Iterator[Shell]:
    os.environ["COMITY_OPA"] = opa_binary
    made = Shell(tmp_path_factory.mktemp("opa"))
    directory = str(made.folder / "sandbox")
    made.good("sandbox", "up", "--dir", directory, "--countries", "EE,FI,SE,LV", "--engine", "opa", "--people", "40")
    yield made
    made("sandbox", "down", "--dir", directory, "--delete")
    assert marked_processes(directory) == []


def descendants(pid: int) -> set[int]:
    """Processes below a process."""
    below = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            child, rest = int(stat.parent.name), stat.read_text().rpartition(")")[2].split()
            if int(rest[1]) == pid:
                below |= {child, *descendants(child)}
    return below


def opa_of(shell: Shell, country: str) -> set[int]:
    """The OPA processes that a country's node started."""
    pid = running_pid(find_sandbox(shell.folder / "sandbox").home(country))
    assert pid
    return {child for child in descendants(pid) if Path(f"/proc/{child}/comm").read_text().strip() == "opa"}


def test_opa_decides_in_every_country(shell: Shell) -> None:
    why = (
        "--purpose",
        "criminal-investigation",
        "--case",
        "K-1",
        "--nexus",
        "x",
        "--offence",
        "fraud",
        "--penalty",
        "60",
    )
    person = ("--name", STAR.names["EE"], "--birth-date", STAR.birth_date, "--category", "wanted-persons")
    ran = shell("--node", "EE", "query", "person", *person, *why, "--json")
    assert ran.code == 0, ran.out + ran.err
    assert {peer["country"] for peer in ran.json["peers"] if peer["hits"]} == {"FI", "LV"}
    policy = next(f for f in shell.good("--node", "FI", "doctor", "--json").json if f["subject"] == "policy")
    assert "engine opa" in policy["message"]
    assert all(opa_of(shell, country) for country in ("EE", "FI", "SE", "LV"))


def test_a_killed_node_leaves_no_opa(shell: Shell) -> None:
    pid = running_pid(find_sandbox(shell.folder / "sandbox").home("LV"))
    assert pid
    servers = opa_of(shell, "LV")
    assert servers
    os.kill(pid, signal.SIGKILL)
    until = time.monotonic() + 10
    while any(Path(f"/proc/{child}").exists() for child in servers) and time.monotonic() < until:
        time.sleep(0.05)
    assert not [child for child in servers if Path(f"/proc/{child}").exists()]
