"""An agreement's whole life on two real node processes, driven from outside as policy officers would."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.agreements import changed, read, sample
from support.shell import COMITY, Ran, Shell

from comity.sandbox import federation
from comity.sandbox.layout import Sandbox, find_sandbox
from comity.sandbox.people import stars
from comity.sandbox.processes import marked_processes, start_node, wait_until_running

ID = "ee-fi-police-2026"
STAR = stars()[0]
QUESTION = (
    *("--node", "EE", "query", "person", "--name", STAR.names["EE"], "--birth-date", STAR.birth_date),
    *("--category", "wanted-persons", "--purpose", "criminal-investigation", "--case", "K-1"),
    *("--nexus", "phone contact", "--offence", "fraud", "--penalty", "60", "--to", "FI"),
)
FIRST, SECOND = ("--as", "policy"), ("--as", "policy-second")

pytestmark = pytest.mark.xdist_group("story")


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """Two nodes that have agreed on nothing yet."""
    made = Shell(tmp_path_factory.mktemp("agreement"))
    directory = made.folder / "sandbox"
    sandbox = federation.make(directory, ["EE", "FI"], people=40, engine="embedded", say=lambda _line: None)
    for code in sandbox.countries:
        for file in sandbox.home(code).agreements.iterdir():
            file.unlink()
    for code in sandbox.countries:
        start(sandbox, code)
    yield made
    made("sandbox", "down", "--dir", str(directory), "--delete")
    assert marked_processes(str(directory)) == []
    for process in started:
        process.wait(timeout=10)


started: list[subprocess.Popen[bytes]] = []


def start(sandbox: Sandbox, code: str) -> None:
    started.append(start_node(sandbox, code))
    wait_until_running(sandbox.home(code), started[-1])


def agreement(shell: Shell, country: str, *arguments: str) -> Ran:
    return shell("--node", country, "agreement", *arguments, "--json")


def done(shell: Shell, country: str, *arguments: str) -> dict:
    ran = agreement(shell, country, *arguments)
    assert ran.code == 0, (arguments, ran.out, ran.err)
    return ran.json


def ask(shell: Shell) -> dict:
    (peer,) = shell(*QUESTION, "--json").json["peers"]
    return peer


def refusal(shell: Shell) -> set[tuple[str, str]]:
    peer = ask(shell)
    assert peer["outcome"] == "refused", peer
    return {(reason["code"], reason["article"]) for reason in peer["reasons"]}


def steps(shell: Shell, country: str) -> list[tuple[str, str, int]]:
    """(step, by which country's node, revision) of the ledger's entries about agreements."""
    entries = shell.good("--node", country, "ledger", "show", "--limit", "10000", "--json").json
    domains = {"EE": "ee", "FI": "fi"}
    return [
        (e["note"], next(code for code, word in domains.items() if f".{word}/" in f"{e['requester']}/"), e["revision"])
        for e in entries
        if e["kind"] == "agreement_changed"
    ]


def tighter(content: bytes) -> bytes:
    """Revision 2: a threshold of ten years, in another article."""

    def edit(document: dict) -> None:
        document["terms"][0]["offences"] |= {"min_penalty_months": 120, "listed_min_penalty_months": 120}
        document["refusals"] = [
            {"ground": "threshold", "article": "Art. 4(3)"} if isinstance(r, dict) and r["ground"] == "threshold" else r
            for r in document["refusals"]
        ]
        document["scenarios"][0]["expect"] = {"outcome": "refused", "reasons": ["threshold"]}
        document["scenarios"] = [
            case
            for index, case in enumerate(document["scenarios"])
            if index == 0 or case["input"].get("category") != "wanted-persons"
        ]

    return changed(content, revision=2, edit=edit)


def test_the_whole_life_of_an_agreement(shell: Shell, tmp_path: Path) -> None:
    assert {code for code, _ in refusal(shell)} == {"no_basis"}

    content = sample(revision=1)
    file, digest = tmp_path / "one.yaml", read(content).digest
    file.write_bytes(content)
    drafted = done(shell, "EE", "draft", str(file), *FIRST)
    assert (drafted["state"], drafted["digest"]) == ("checked", digest)
    assert all(case["passed"] for case in drafted["scenarios"])
    own = agreement(shell, "EE", "approve", ID, digest, *FIRST)
    assert (own.code, own.json["error"]["reason"]) == (1, "FOUR_EYES")
    assert agreement(shell, "EE", "approve", ID, digest, "--as", "desk").json["error"]["reason"] == "METHOD_NOT_ALLOWED"
    done(shell, "EE", "approve", ID, digest, *SECOND)
    assert done(shell, "EE", "propose", ID, digest, *FIRST)["told"] == [{"country": "FI", "state": "told"}]

    listed = next(d for d in done(shell, "FI", "list") if d["agreement"] == ID)
    assert (listed["state"], listed["digest"]) == ("proposed", digest)
    shown = shell.good("--node", "FI", "agreement", "show", ID, "--yaml")
    assert shown.out == content.decode()
    assert {code for code, _ in refusal(shell)} == {"no_basis"}
    done(shell, "FI", "approve", ID, digest, *FIRST)
    assert agreement(shell, "FI", "countersign", ID, digest, *FIRST).json["error"]["reason"] == "FOUR_EYES"
    assert done(shell, "FI", "countersign", ID, digest, *SECOND)["state"] == "in-force"
    assert [done(shell, code, "status", ID)["here"]["in_force"] for code in ("EE", "FI")] == [digest, digest]
    peer = ask(shell)
    assert peer["outcome"] == "permitted", peer
    assert (peer["basis"]["agreement"], peer["basis"]["revision"]) == (ID, 1)
    exchange = shell(*QUESTION, "--json").json["exchange"]

    amended = tighter(content)
    file.write_bytes(amended)
    second = read(amended).digest
    assert done(shell, "EE", "draft", str(file), *SECOND)["flips"] > 0
    done(shell, "EE", "approve", ID, second, *FIRST)
    done(shell, "EE", "propose", ID, second, *FIRST)
    done(shell, "FI", "approve", ID, second, *SECOND)
    assert ask(shell)["outcome"] == "permitted"
    assert done(shell, "FI", "countersign", ID, second, *FIRST)["state"] == "in-force"
    assert refusal(shell) == {("threshold", "Art. 4(3)")}

    found = done(shell, "EE", "of", exchange)["texts"]
    assert [(text["revision"], text["digest"], text["in_force_then"]) for text in found] == [(1, digest, True)]
    then = found[0]["decided_at"]
    assert done(shell, "EE", "show", ID, "--at", then)["digest"] == digest
    assert done(shell, "EE", "show", ID, "--known-at", then)["digest"] == digest
    assert done(shell, "EE", "show", ID)["digest"] == second
    assert agreement(shell, "EE", "show", ID, "--at", "2026-01-01").code == 1

    for country in ("EE", "FI"):
        shell.good("--node", country, "ledger", "verify")


WIDER = (*QUESTION[:-4], "--penalty", "200", "--to", "FI")


def test_suspended_while_a_stream_is_open(shell: Shell) -> None:
    """A minor's question waits for FI's desk officer, EE watches; then FI suspends."""
    assert shell(*WIDER, "--json").json["peers"][0]["outcome"] == "permitted"
    watching = subprocess.Popen(
        [*COMITY, *WIDER, "--age-band", "minor", "--watch"],
        env=shell.environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        seen = [watching.stdout.readline()]
        while "waits for" not in seen[-1]:
            seen.append(watching.stdout.readline())
            assert seen[-1], seen
        exchange = seen[0].split()[1].rstrip(":")
        suspended = done(shell, "FI", "suspend", ID, "--as", "desk", "--reason", "ordered by a court")
        assert (suspended["suspended_by"], suspended["told"]) == (["FI"], [{"country": "EE", "state": "told"}])
        shell("--node", "FI", "inbox", "approve", exchange, "--json")
        rest, _ = watching.communicate(timeout=60)
        assert "refused" in rest
        assert "agreement_suspended" in rest
    finally:
        watching.kill()
        watching.wait()
    (peer,) = shell(*WIDER, "--json").json["peers"]
    assert "agreement_suspended" in {reason["code"] for reason in peer["reasons"]}
    for country in ("EE", "FI"):
        shown = done(shell, country, "show", ID)
        assert (shown["state"], shown["suspended_by"]) == ("suspended", ["FI"])
        assert done(shell, country, "status", ID)["here"]["suspended_by"] == ["FI"]
    ran = agreement(shell, "EE", "resume", ID, *FIRST)
    assert (ran.code, ran.json["error"]["reason"]) == (1, "AGREEMENT_STATE")
    assert done(shell, "FI", "resume", ID, *FIRST)["suspended_by"] == []
    assert shell(*WIDER, "--json").json["peers"][0]["outcome"] == "permitted"


def test_a_node_that_does_not_run_suspends_and_tells_later(shell: Shell) -> None:
    """FI is away: EE's suspension counts at once, and FI hears of it when it is back. Then EE is away itself."""
    sandbox = find_sandbox(shell.folder / "sandbox")
    shell.good("sandbox", "down", "--node", "FI", "--dir", str(sandbox.path))
    told = done(shell, "EE", "suspend", ID, *FIRST)
    assert (told["suspended_by"], told["told"][0]["state"]) == (["EE"], "pending")
    (peer,) = shell(*WIDER, "--json").json["peers"]
    assert "agreement_suspended" in {reason["code"] for reason in peer["reasons"]}
    start(sandbox, "FI")
    until = time.monotonic() + 60
    while done(shell, "FI", "show", ID)["suspended_by"] != ["EE"]:
        assert time.monotonic() < until
        time.sleep(0.5)
    shell.good("sandbox", "down", "--node", "EE", "--dir", str(sandbox.path))
    resumed = done(shell, "EE", "resume", ID, *FIRST)
    assert (resumed["suspended_by"], resumed["told"]) == ([], [{"country": "FI", "state": "told"}])
    assert done(shell, "FI", "show", ID)["suspended_by"] == []
    ran = agreement(shell, "EE", "resume", ID, "--as", "desk")
    assert ran.json["error"]["reason"] == "METHOD_NOT_ALLOWED"
    start(sandbox, "EE")
    assert shell(*WIDER, "--json").json["peers"][0]["outcome"] == "permitted"


def test_it_ends_and_every_step_stands_in_both_ledgers(shell: Shell) -> None:
    ended = done(shell, "EE", "end", ID, *FIRST)
    assert ended["ended_by"] == ["EE"]
    (peer,) = shell(*WIDER, "--json").json["peers"]
    assert {reason["code"] for reason in peer["reasons"]} == {"no_basis"}
    for country in ("EE", "FI"):
        shown = done(shell, country, "show", ID)
        assert shown["state"] == "ended"
        assert "stay bound" in shown["survival"]
    tail = [
        ("suspended", "FI", 2),
        ("resumed", "FI", 2),
        ("suspended", "EE", 2),
        ("resumed", "EE", 2),
        ("ended", "EE", 2),
    ]
    signing = [("countersigned", "FI"), ("agreed", "{}"), ("in-force", "{}")]
    for country in ("EE", "FI"):
        expected = []
        for revision in (1, 2):
            at_home = [(step, "EE") for step in ("drafted", "checked", "simulated", "approved", "proposed")]
            abroad = [("proposed", "EE"), *((step, "FI") for step in ("checked", "simulated", "approved"))]
            road = [*(at_home if country == "EE" else abroad), *signing]
            expected += [(step, by.format(country), revision) for step, by in road]
        assert steps(shell, country) == expected + tail
        shell.good("--node", country, "ledger", "verify")
