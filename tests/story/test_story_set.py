"""The set of agreements on real nodes: a statute's facts, a trace, a suspended text, an assurance across the ocean."""

from collections.abc import Iterator

import pytest
from support.shell import Ran, Shell

from comity.sandbox.people import Star, stars
from comity.sandbox.processes import marked_processes

pytestmark = pytest.mark.xdist_group("story")

INVESTIGATION = ("--purpose", "criminal-investigation", "--case", "K-1", "--nexus", "x")


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    made = Shell(tmp_path_factory.mktemp("set"))
    directory = str(made.folder / "sandbox")
    up = made.good("sandbox", "up", "--dir", directory, "--people", "40", "--countries", "EE,FI,LT,US", "--json")
    assert list(up.json["countries"]) == ["EE", "FI", "LT", "US"]
    yield made
    made("sandbox", "down", "--dir", directory, "--delete")
    assert marked_processes(directory) == []


def star(key: str) -> Star:
    return next(each for each in stars() if each.key == key)


def ask(shell: Shell, node: str, *arguments: str) -> tuple[Ran, dict[str, dict]]:
    ran = shell("--node", node, "query", *arguments, "--json")
    return ran, {peer["country"]: peer for peer in ran.json.get("peers", [])}


def person(key: str, country: str) -> tuple[str, ...]:
    found = star(key)
    return ("person", "--name", found.names[country], "--birth-date", found.birth_date)


def grounds(peer: dict) -> set[tuple[str, str]]:
    return {(reason["code"], reason["article"]) for reason in peer["reasons"]}


def test_a_statute_brings_class_category_and_penalty(shell: Shell) -> None:
    question = (*person("kaskov", "EE"), "--category", "wanted-persons", *INVESTIGATION, "--to", "FI")
    _, peers = ask(shell, "EE", *question, "--offence", "EE:209")
    assert (peers["FI"]["outcome"], peers["FI"]["disclosure"]) == ("permitted", "core")
    assert peers["FI"]["hits"]
    _, peers = ask(shell, "EE", *question, "--offence", "EE:209", "--penalty", "6")
    assert grounds(peers["FI"]) == {("threshold", "Art. 4(2)")}
    for wrong, told in (("EE:208", "EE:209 Fraud"), ("FI:36-1", "in your own law")):
        ran, _ = ask(shell, "EE", *question, "--offence", wrong)
        assert ran.code == 2
        assert told in ran.json["error"]["message"]


def test_a_trace_is_compared_and_names_nobody(shell: Shell) -> None:
    found = star("trace")
    question = ("person", "--id", f"document:{found.names['EE']}", "--category", "dna-profiles", *INVESTIGATION)
    _, peers = ask(shell, "EE", *question, "--subject", "other", "--to", "FI,LT", "--necessity", "strict")
    assert {country: len(peer["hits"]) for country, peer in peers.items()} == {"FI": 1, "LT": 0}
    assert {peer["basis"]["agreement"] for peer in peers.values()} == {"pruem-2026"}
    assert peers["FI"]["hits"][0]["fields"] == {}
    _, peers = ask(shell, "EE", *question, "--subject", "other", "--to", "FI")
    assert grounds(peers["FI"]) == {("special_category", "Art. 50(3)")}


def test_a_suspended_text_stops_at_home_and_the_other_texts_go_on(shell: Shell) -> None:
    question = (*person("gangster", "EE"), "--category", "wanted-persons", *INVESTIGATION, "--offence", "EE:209")
    ran, peers = ask(shell, "EE", *question, "--to", "LT")
    assert ran.code == 3
    assert peers["LT"]["decided_by"] == "home"
    assert grounds(peers["LT"]) == {("agreement_suspended", "Art. 12")}
    theirs = (*person("kaskov", "EE"), "--category", "wanted-persons", *INVESTIGATION, "--offence", "LT:182")
    _, peers = ask(shell, "LT", *theirs, "--to", "EE")
    assert {code for code, _ in grounds(peers["EE"])} == {"agreement_suspended"}
    company = ("company", "--name", star("company").names["LV"], "--category", "company-register", "--subject", "other")
    _, peers = ask(shell, "LT", *company, "--purpose", "asset-recovery", "--case", "K-1", "--to", "EE")
    assert peers["EE"]["basis"]["agreement"] == "asset-recovery-2026"
    assert len(peers["EE"]["hits"]) == 1


def test_no_answer_about_a_capital_offence_without_an_assurance(shell: Shell) -> None:
    question = (
        *person("fugitive", "US"),
        *("--category", "wanted-persons", "--purpose", "prosecution", "--case", "A-77", "--nexus", "lived there"),
        *("--summary", "A man was shot.", "--channel", "central-authority", "--to", "EE", "--as", "prosecutor"),
    )
    _, peers = ask(shell, "US", *question, "--offence", "US:18-1111")
    assert grounds(peers["EE"]) == {("death_penalty_no_assurance", "Art. 3(4)")}
    promise = ("--to", "EE", "--case", "A-77", "--until", "2099-12-31", "--text", "None will be sought.")
    shell.good("--node", "US", "assurance", "give", "no-death-penalty", *promise, "--as", "prosecutor")
    _, peers = ask(shell, "US", *question, "--offence", "US:18-1111", "--assurance", "no-death-penalty")
    assert (peers["EE"]["outcome"], len(peers["EE"]["hits"])) == ("permitted", 1)
    _, peers = ask(shell, "US", *question, "--offence", "US:18-1343")
    assert (peers["EE"]["outcome"], len(peers["EE"]["hits"])) == ("permitted", 1)
