"""Four countries in separate processes, driven from outside: what the README's tour shows, and what can go wrong."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.shell import Shell

from comity.sandbox.layout import find_sandbox
from comity.sandbox.people import stars
from comity.sandbox.processes import marked_processes, running_pid, start_node, wait_until_running

STAR = stars()[0]
PERSON = ("query", "person", "--name", STAR.names["EE"], "--birth-date", STAR.birth_date)
WHY = (
    *("--category", "wanted-persons", "--purpose", "criminal-investigation", "--case", "K-1"),
    *("--nexus", "phone contact", "--offence", "fraud"),
)
QUESTION = ("--node", "EE", *PERSON, *WHY, "--penalty", "60", "--json")

pytestmark = pytest.mark.xdist_group("story")


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    made = Shell(tmp_path_factory.mktemp("story"))
    directory = str(made.folder / "sandbox")
    up = made.good("sandbox", "up", "--dir", directory, "--people", "150", "--json")
    assert up.json["try"]
    yield made
    made("sandbox", "down", "--dir", directory, "--delete")
    assert marked_processes(directory) == []
    for process in started:
        process.wait(timeout=10)


def by_country(document: dict) -> dict[str, dict]:
    return {peer["country"]: peer for peer in document["peers"]}


started: list[subprocess.Popen[bytes]] = []  # a node outlives its test: `sandbox down` ends it


def restart(shell: Shell, country: str) -> None:
    sandbox = find_sandbox(shell.folder / "sandbox")
    started.append(start_node(sandbox, country))
    wait_until_running(sandbox.home(country), started[-1])


def outcome_once_reconnected(shell: Shell, question: tuple[str, ...], country: str) -> str:
    """Ask until the peer is reached again: a channel that lost its peer dials anew within two seconds (courier.py)."""
    until = time.monotonic() + 15
    while True:
        outcome = by_country(shell(*question).json)[country]["outcome"]
        if outcome != "unreachable" or time.monotonic() > until:
            return outcome


def test_a_person_known_in_two_countries_under_other_spellings(shell: Shell) -> None:
    ran = shell(*QUESTION)
    assert ran.code == 0, ran.err
    document = ran.json
    assert (document["asked"], document["answered"]) == (3, 3)
    peers = by_country(document)
    assert {country for country, peer in peers.items() if peer["hits"]} == {"FI", "LV"}
    for peer in peers.values():
        assert peer["outcome"] == "permitted"
        assert peer["receipt"] == "verified"
        assert peer["basis"]["article"]
        assert set(peer["terms"]) >= {"purpose", "obligations", "retention", "erase_by"}
    for country in ("FI", "LV"):
        hit = peers[country]["hits"][0]
        assert hit["score"] > 0.7
        assert hit["explanation"]
        assert len(hit["reference"]) == 26
    assert peers["FI"]["hits"][0]["reference"] != peers["LV"]["hits"][0]["reference"]


def test_preflight_tells_before_asking_what_each_country_will_answer(shell: Shell) -> None:
    for penalty in ("60", "6"):
        before = shell(
            "--node", "EE", "query", "preflight", *WHY, "--identification", "moderate", "--penalty", penalty, "--json"
        )
        asked = shell("--node", "EE", *PERSON, *WHY, "--penalty", penalty, "--json")
        assert before.code == asked.code
        foreseen, answered = by_country(before.json), by_country(asked.json)
        assert foreseen.keys() == answered.keys()
        for country, peer in answered.items():
            told = foreseen[country]
            for part in ("outcome", "disclosure", "basis", "reasons", "withheld", "decided_by"):
                if part in peer:
                    assert told[part] == peer[part], (country, part)
            if peer["outcome"] == "permitted":
                assert told["fields"] == peer["terms"]["fields"]
        after = by_country(
            shell(
                "--node",
                "EE",
                "query",
                "preflight",
                *WHY,
                "--identification",
                "moderate",
                "--penalty",
                penalty,
                "--json",
            ).json
        )
        for country, told in foreseen.items():
            spent = answered[country]["outcome"] == "permitted"
            assert after[country].get("quota", {}).get("left") == (
                told["quota"]["left"] - spent if "quota" in told else None
            )
    empty = shell("--node", "EE", *PERSON, *WHY, "--to", "", "--json")
    assert empty.code == 2
    assert "names no country" in empty.json["error"]["message"]


def test_a_signed_assurance_satisfies_until_it_is_broken(shell: Shell) -> None:
    """What a penalty of death asks for: given by EE's prosecutor, proven by FI, then marked as breached there."""
    capital = ("--node", "EE", *PERSON, *WHY, "--penalty", "60", "--offence-kind", "capital", "--to", "FI", "--json")
    wished = (*capital, "--assurance", "no-death-penalty")
    ran = shell(*wished)
    assert (ran.code, ran.json["error"]["reason"]) == (1, "NOT_FOUND")
    assert "comity assurance give" in ran.json["error"]["message"]
    give = ("--node", "EE", "assurance", "give", "no-death-penalty", "--to", "FI", "--until", "2030-01-01")
    text = ("--text", "The penalty will not be carried out.", "--agreement", "ee-fi-police-2026", "--case", "K-1")
    assert shell(*give, *text, "--as", "investigator").code == 1  # may not bind the country
    made = shell.good(*give, *text, "--as", "prosecutor", "--json").json
    assert (made["giver"], made["recipient"], made["status"]) == ("EE", "FI", "given")
    refused, permitted = shell(*capital), shell(*wished)
    assert refused.code == 3
    reasons = by_country(refused.json)["FI"]["reasons"]
    assert {reason["code"] for reason in reasons} == {"death_penalty_no_assurance"}
    assert all(reason["article"] and reason["remedy"] for reason in reasons)
    assert permitted.code == 0, permitted.out
    fi = ("--node", "FI", "assurance")
    assert [each["id"] for each in shell.good(*fi, "list", "--peer", "EE", "--json").json] == [made["id"]]
    shell.good(*fi, "verify", made["id"], "--as", "desk")
    shown = shell.good(*fi, "show", made["id"], "--json").json
    assert (shown["status"], shown["signature"], shown["case"]) == ("verified", "proven", "K-1")
    assert shown["text"] == text[1]
    assert shell(*wished).code == 0
    shell.good(*fi, "breach", made["id"], "--note", "sentence was carried out", "--as", "desk")
    broken = shell(*wished)
    assert broken.code == 3
    assert by_country(broken.json)["FI"]["decided_by"] == "peer"
    withdrawn = shell.good("--node", "EE", "assurance", "withdraw", made["id"], "--as", "prosecutor", "--json").json
    assert withdrawn["status"] == "withdrawn"
    assert shell(*wished).code == 1


def test_below_the_threshold_is_refused_with_its_article(shell: Shell) -> None:
    ran = shell("--node", "EE", *PERSON, *WHY, "--penalty", "6", "--to", "SE", "--json")
    assert ran.code == 3
    (peer,) = ran.json["peers"]
    assert (peer["outcome"], peer["receipt"], peer["decided_by"]) == ("refused", "verified", "peer")
    reason = next(reason for reason in peer["reasons"] if reason["code"] == "threshold")
    assert reason["article"]
    assert reason["remedy"]
    assert "hits" not in peer


def test_a_missing_fact_is_refused_at_home_and_nothing_is_sent(shell: Shell) -> None:
    before = shell.good("--node", "FI", "ledger", "status", "--json").json["size"]
    question = [*PERSON, "--category", "wanted-persons", "--purpose", "criminal-investigation"]
    ran = shell("--node", "EE", *question, "--to", "FI", "--json")
    assert ran.code == 3
    (peer,) = ran.json["peers"]
    assert peer["decided_by"] == "home"
    assert {reason["code"] for reason in peer["reasons"]} & {"incomplete", "no_nexus"}
    assert shell.good("--node", "FI", "ledger", "status", "--json").json["size"] == before


def test_a_country_that_is_down_is_unreachable_and_the_others_answer(shell: Shell) -> None:
    shell.good("sandbox", "down", "--node", "LV")
    assert shell("sandbox", "status").code == 1
    ran = shell(*QUESTION)
    assert ran.code == 4
    assert (ran.json["asked"], ran.json["answered"]) == (3, 2)
    peers = by_country(ran.json)
    assert peers["LV"]["outcome"] == "unreachable"
    assert peers["LV"]["error"]["reason"] == "UNAVAILABLE"
    assert peers["FI"]["outcome"] == peers["SE"]["outcome"] == "permitted"
    restart(shell, "LV")
    assert outcome_once_reconnected(shell, QUESTION, "LV") == "permitted"


def test_a_slow_country_is_late_and_the_others_do_not_wait(shell: Shell) -> None:
    pid = running_pid(find_sandbox(shell.folder / "sandbox").home("SE"))
    assert pid
    os.kill(pid, signal.SIGSTOP)
    try:
        ran = shell(*QUESTION, "--deadline", "1500")
    finally:
        os.kill(pid, signal.SIGCONT)
    assert ran.code == 4
    peers = by_country(ran.json)
    assert peers["SE"]["outcome"] == "late"
    assert peers["FI"]["outcome"] == "permitted"
    assert peers["FI"]["took_ms"] < peers["SE"]["took_ms"]


def test_both_sides_list_and_log_the_exchange(shell: Shell) -> None:
    exchange = shell(*QUESTION).json["exchange"]
    for country, direction in (("EE", "outbound"), ("FI", "inbound")):
        listed = shell.good("--node", country, "exchange", "list", "--json").json
        assert direction in {line["direction"] for line in listed if line["exchange_id"] == exchange}
        shown = shell.good("--node", country, "exchange", "show", exchange, "--json").json
        assert shown["ledger"]
    ours = shell.good("--node", "EE", "ledger", "show", "--limit", "20", "--json").json
    theirs = shell.good("--node", "FI", "ledger", "show", "--limit", "20", "--json").json
    received = next(
        e
        for e in ours
        if e.get("exchange") == exchange and e["kind"] == "answer_received" and "poliisi" in e["responder"]
    )
    answered = next(e for e in theirs if e.get("exchange") == exchange)
    for name in ("request_commitment", "answer_commitment", "outcome", "disclosure", "purpose", "agreement"):
        assert received[name] == answered[name], name


def test_receipts_verify_offline_and_a_changed_one_does_not(shell: Shell, tmp_path: Path) -> None:
    exchange = shell(*QUESTION).json["exchange"]
    proof, key = tmp_path / "fi.proof", tmp_path / "fi.json"
    shell.good("--node", "EE", "receipt", "save", exchange, "--peer", "FI", "-o", str(proof))
    shell.good("--node", "FI", "peer", "export", "-o", str(key))
    verified = shell.good("receipt", "verify", str(proof), "--key", str(key), "--json").json
    assert verified["exchange"] == exchange
    text = proof.read_text()
    for position in range(0, len(text), 7):
        swapped = "B" if text[position] != "B" else "C"
        proof.write_text(text[:position] + swapped + text[position + 1 :])
        ran = shell("receipt", "verify", str(proof), "--key", str(key)) if position % 210 == 0 else None
        assert ran is None or ran.code == 5, (position, ran)


def test_a_changed_ledger_row_is_found_with_its_place(shell: Shell) -> None:
    import sqlite3

    home = find_sandbox(shell.folder / "sandbox").home("SE").path
    shell.good("--node", "SE", "ledger", "verify")
    with sqlite3.connect(home / "node.db") as database:
        (entry,) = database.execute("SELECT entry FROM ledger_entry WHERE idx = 1").fetchone()
        changed = bytes([*entry[:-1], entry[-1] ^ 1])
        database.execute("UPDATE ledger_entry SET entry = ? WHERE idx = 1", (changed,))
    try:
        ran = shell("--node", "SE", "ledger", "verify", "--json")
        assert ran.code == 5
        assert any("1" in finding["where"] for finding in ran.json["findings"])
    finally:
        with sqlite3.connect(home / "node.db") as database:
            database.execute("UPDATE ledger_entry SET entry = ? WHERE idx = 1", (entry,))
    shell.good("--node", "SE", "ledger", "verify")


def test_doctor_and_peer_check(shell: Shell) -> None:
    findings = shell.good("--node", "EE", "doctor", "--json").json
    assert {finding["state"] for finding in findings} <= {"ok", "warn"}
    assert {"certificate", "database", "ledger", "agreements", "policy"} <= {f["subject"] for f in findings}
    shell.good("--node", "EE", "peer", "check", "FI")


@pytest.mark.parametrize(
    ("asker", "holder", "question"),
    [
        ("EE", "FI", ("vehicle", "--plate", "KVB412", "--category", "vehicle-register", "--subject", "other")),
        ("EE", "FI", ("document", "--passport", "FP 4170352", "--category", "stolen-documents", "--subject", "other")),
        ("EE", "LV", ("account", "--iban", "LV28 DEMO 5820 7580 5800 5", "--category", "bank-accounts")),
        ("LV", "EE", ("company", "--name", "Sinilaiu Kaubandus OU", "--category", "company-register")),
    ],
)
def test_other_subjects_than_persons(shell: Shell, asker: str, holder: str, question: tuple[str, ...]) -> None:
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
    ran = shell("--node", asker, "query", *question, *why, "--authorisation", "prosecutor:12-1", "--json")
    hits = {peer["country"] for peer in ran.json["peers"] if peer.get("hits")}
    assert hits == {holder}, ran.out


def test_wrong_use_is_told_with_field_and_remedy(shell: Shell) -> None:
    ran = shell("--node", "EE", "query", "person", "--name", "*", *WHY, "--json")
    assert ran.code == 2
    assert ran.json["error"]["violations"][0]["field"]
    assert shell("--node", "EE", "query", "person", *WHY[:4], "--to", "XX", "--name", "Ann Lee").code == 1


def test_kill_9_of_the_answering_node_in_mid_traffic(shell: Shell) -> None:
    """No answer was given that is not in the responder's ledger; both ledgers verify afterwards."""
    answers = _traffic_with_a_kill(shell, "FI")
    permitted = [a for a in answers if a["peers"] and a["peers"][0]["outcome"] == "permitted"]
    assert permitted
    for document in permitted:
        shown = shell.good("--node", "FI", "exchange", "show", document["exchange"], "--json").json
        assert [entry["kind"] for entry in shown["ledger"]] == ["question_answered"]


def test_kill_9_of_the_asking_node_in_mid_traffic(shell: Shell) -> None:
    answers = _traffic_with_a_kill(shell, "EE")
    assert answers
    for document in answers:
        if document["peers"] and document["peers"][0]["outcome"] == "permitted":
            shown = shell.good("--node", "EE", "exchange", "show", document["exchange"], "--json").json
            assert {"question_asked", "answer_received"} <= {entry["kind"] for entry in shown["ledger"]}


def _traffic_with_a_kill(shell: Shell, victim: str) -> list[dict]:
    from concurrent.futures import ThreadPoolExecutor

    sandbox = find_sandbox(shell.folder / "sandbox")
    pid = running_pid(sandbox.home(victim))
    assert pid
    question = ("--node", "EE", *PERSON, *WHY, "--penalty", "60", "--to", "FI", "--json", "--deadline", "3000")
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(shell, *question) for _ in range(10)]
        while not asked[2].done():
            time.sleep(0.02)
        os.kill(pid, signal.SIGKILL)
        done = [future.result() for future in asked]
    restart(shell, victim)
    for country in ("EE", "FI"):
        shell.good("--node", country, "ledger", "verify")
    assert outcome_once_reconnected(shell, question, "FI") == "permitted"
    documents = [json.loads(ran.out) for ran in done if ran.out.strip().startswith("{")]
    return [document for document in documents if "peers" in document]


def test_a_crashed_sandbox_leaves_no_process(shell: Shell) -> None:
    """Runs last: records of the processes are lost, and `down` finds them all the same."""
    directory = shell.folder / "sandbox"
    sandbox = find_sandbox(directory)
    assert len(marked_processes(str(directory))) >= 4
    for country in sandbox.countries:
        sandbox.home(country).running.unlink(missing_ok=True)
    shell.good("sandbox", "down", "--dir", str(directory))
    assert marked_processes(str(directory)) == []
