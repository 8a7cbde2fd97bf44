"""A question that a person must decide, on two real node processes, driven from outside as the desks would."""

import os
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path

import pytest
from support.shell import COMITY, Ran, Shell

from comity.sandbox.layout import find_sandbox
from comity.sandbox.people import stars
from comity.sandbox.processes import marked_processes, running_pid, start_node, wait_until_running

STAR = stars()[0]
QUESTION = (
    *("--node", "EE", "query", "person", "--name", STAR.names["EE"], "--birth-date", STAR.birth_date),
    *("--category", "wanted-persons", "--purpose", "criminal-investigation", "--case", "K-1"),
    *("--nexus", "phone contact", "--offence", "fraud", "--penalty", "60", "--age-band", "minor"),
    *("--to", "FI", "--json"),
)

pytestmark = pytest.mark.xdist_group("story")


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    made = Shell(tmp_path_factory.mktemp("inbox"))
    directory = str(made.folder / "sandbox")
    made.good("sandbox", "up", "--dir", directory, "--countries", "EE,FI", "--people", "40", "--json")
    yield made
    made("sandbox", "down", "--dir", directory, "--delete")
    assert marked_processes(directory) == []
    for process in started:
        process.wait(timeout=10)


started: list[subprocess.Popen[bytes]] = []


def ask(shell: Shell) -> str:
    """Ask about a minor; return the exchange id."""
    ran = shell.good(*QUESTION)
    (peer,) = ran.json["peers"]
    assert (peer["outcome"], peer["receipt"], peer["hits"]) == ("review", "verified", [])
    assert (peer["review"]["role"], peer["review"]["deadline"]) == ("desk-officer", "PT48H")
    return str(ran.json["exchange"])


def inbox(shell: Shell, *arguments: str) -> Ran:
    return shell("--node", "FI", "inbox", *arguments, "--json")


def ledger_of(shell: Shell, country: str, exchange: str) -> list[dict]:
    return shell.good("--node", country, "exchange", "show", exchange, "--json").json["ledger"]


def test_the_whole_road_of_one_question(shell: Shell, tmp_path: Path) -> None:
    exchange = ask(shell)
    listed = inbox(shell, "list").json
    (item,) = (each for each in listed["items"] if each["exchange"] == exchange)
    assert (item["state"], item["role"], item["late"], item["country"]) == ("waiting", "desk-officer", False, "EE")
    assert (listed["open"], listed["overdue"]) == (1, 0)

    shown = inbox(shell, "show", exchange).json
    assert shown["query"]["names"] == [STAR.names["EE"]]
    assert shown["asked"]["official"]["role"] == "investigator"

    for officer in ("prosecutor", "investigator"):  # wrong role
        ran = inbox(shell, "approve", exchange, "--as", officer)
        assert (ran.code, ran.json["error"]["reason"]) == (1, "METHOD_NOT_ALLOWED")
    for officer in ("investigator", "desk"):  # whoever asked cannot answer it at home
        ran = shell("--node", "EE", "inbox", "approve", exchange, "--as", officer, "--json")
        assert ran.code == 1
    assert shell("--node", "EE", "exchange", "refresh", exchange, "--json").json["peers"][0]["outcome"] == "review"

    approved = inbox(shell, "approve", exchange)
    assert (approved.code, approved.json["state"], approved.json["outcome"]) == (0, "answered", "permitted")

    ran = shell.good("--node", "EE", "exchange", "refresh", exchange, "--json")
    (peer,) = ran.json["peers"]
    assert (peer["outcome"], peer["receipt"], peer["disclosure"]) == ("permitted", "verified", "core")
    assert peer["hits"][0]["fields"]["name"]
    assert peer["reviewed"] == {"role": "desk-officer"}

    provider, asker = ledger_of(shell, "FI", exchange), ledger_of(shell, "EE", exchange)
    assert [e["kind"] for e in provider] == ["question_answered", "review_decided", "question_answered"]
    assert (provider[1]["outcome"], provider[1]["role"]) == ("approved", "desk-officer")
    assert provider[1]["official"].startswith("fi-")
    assert [e["kind"] for e in asker] == ["question_asked", "answer_received", "answer_received"]
    assert [e["outcome"] for e in asker][1:] == ["review", "permitted"]

    proof, key = tmp_path / "fi.proof", tmp_path / "fi.json"
    shell.good("--node", "EE", "receipt", "save", exchange, "--peer", "FI", "-o", str(proof))
    shell.good("--node", "FI", "peer", "export", "-o", str(key))
    verified = shell.good("receipt", "verify", str(proof), "--key", str(key), "--json").json
    assert verified["exchange"] == exchange
    for country in ("EE", "FI"):
        shell.good("--node", country, "ledger", "verify")


def test_refused_on_a_ground_with_its_article(shell: Shell) -> None:
    exchange = ask(shell)
    wrong = inbox(shell, "refuse", exchange, "--ground", "press")
    assert (wrong.code, wrong.json["error"]["violations"][0]["field"]) == (2, "ground")
    assert inbox(shell, "refuse", exchange, "--ground", "death_penalty_no_assurance").code == 0
    ran = shell("--node", "EE", "exchange", "refresh", exchange, "--json")
    assert ran.code == 3
    (reason,) = ran.json["peers"][0]["reasons"]
    assert (reason["code"], reason["article"]) == ("death_penalty_no_assurance", "Art. 7(4)")
    assert reason["remedy"]
    provider = ledger_of(shell, "FI", exchange)
    assert [(e["kind"], e["outcome"]) for e in provider] == [
        ("question_answered", "review"),
        ("review_decided", "refused"),
        ("question_answered", "refused"),
    ]
    (line,) = shell.good("--node", "EE", "exchange", "show", exchange, "--json").json["peers"]
    assert (line["outcome"], line["receipt"]) == ("refused", "verified")


def test_whoever_watches_sees_the_answer_come(shell: Shell) -> None:
    question = [word for word in QUESTION if word != "--json"]
    watching = subprocess.Popen(
        [*COMITY, *question, "--watch"], env=shell.environment(), stdout=subprocess.PIPE, text=True
    )
    try:
        seen = [watching.stdout.readline()]
        while "waits for" not in seen[-1]:
            seen.append(watching.stdout.readline())
            assert seen[-1], seen
        exchange = seen[0].split()[1].rstrip(":")
        assert inbox(shell, "return", exchange, "--ask", "Which case of ours?").code == 0
        while "Which case of ours?" not in seen[-1]:
            seen.append(watching.stdout.readline())
            assert seen[-1], seen
        assert inbox(shell, "approve", exchange).code == 0
        rest, _ = watching.communicate(timeout=30)
    finally:
        watching.kill()
    assert watching.returncode == 0
    assert "permitted (core): 1 match(es)" in rest
    assert "receipt verified" in rest
    assert "1 of 1 answered" in rest


def test_killed_between_the_officers_word_and_the_answer(shell: Shell) -> None:
    """Whenever the node dies, a question is open or answered once; what an officer was told went out."""
    sandbox = find_sandbox(shell.folder / "sandbox")
    waiting = [ask(shell) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        decided = [pool.submit(inbox, shell, "approve", exchange) for exchange in waiting]
        wait(decided, return_when=FIRST_COMPLETED)
        os.kill(running_pid(sandbox.home("FI")), signal.SIGKILL)
        told = [future.result().code == 0 for future in decided]
    started.append(start_node(sandbox, "FI"))
    wait_until_running(sandbox.home("FI"), started[-1])
    for exchange, was_told in zip(waiting, told, strict=True):
        kinds = [entry["kind"] for entry in ledger_of(shell, "FI", exchange)]
        assert kinds in (["question_answered"], ["question_answered", "review_decided", "question_answered"])
        assert len(kinds) == 3 or not was_told
        assert inbox(shell, "approve", exchange).code == 0
        assert [entry["kind"] for entry in ledger_of(shell, "FI", exchange)].count("question_answered") == 2
    fetched = shell("--node", "EE", "exchange", "refresh", "--json")
    outcomes = {each["exchange"]: each["outcome"] for each in fetched.json}
    assert all(outcomes[exchange] in ("permitted", "unreachable") for exchange in waiting)
    for country in ("EE", "FI"):
        shell.good("--node", country, "ledger", "verify")
