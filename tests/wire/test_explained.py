"""A real exchange is recorded on both sides, explained to the article, and replayed under a draft."""

import json
from typing import Any

from click.testing import CliRunner
from support.world import World

from comity.cli.main import main
from comity.exchange.decisions import decisions_of


def run(*arguments: str, code: int = 0) -> Any:
    done = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert done.exit_code == code, done.output
    return json.loads(done.stdout)


def test_an_exchange_is_explained_and_replayed(world: World, tmp_path) -> None:
    from dataclasses import replace

    facts = world.circumstances()
    low = replace(facts, offence=replace(facts.offence, max_penalty_months=6))
    refused, permitted = world.header(low), world.header(facts)
    for header in (refused, permitted):
        world.answered(world.request(header))
    home = world.fi.node.home.path
    with world.fi.node.store.read() as tx:
        (row,) = decisions_of(tx, refused.exchange_id)
    assert row.past.outcome == "refused"
    for name in world.query().names:
        assert name not in json.dumps(row.past.document)

    (why,) = run("--home", str(home), "policy", "explain", refused.exchange_id, "--json")
    assert why["same"]
    assert why["decision"]["codes"] == ["threshold"]
    stands = why["candidates"][0]
    assert stands["key"] == why["nearest"] == "ee-fi-police-2026/wanted-persons"
    assert [(g["rule"], g["article"]) for g in stands["grounds"]] == [("threshold", "Art. 4(2)")]
    text = CliRunner().invoke(main, ["--home", str(home), "policy", "explain", refused.exchange_id]).output
    assert "threshold: threshold, Art. 4(2)" in text

    (why,) = run("--home", str(home), "policy", "explain", refused.exchange_id, "--lang", "et", "--json")
    (ground,) = why["candidates"][0]["grounds"]
    assert ground["message"] == "märgitud karistuse ülemmäär jääb alla artiklis nõutud 12 kuu"
    assert (ground["code"], ground["article"], why["same"]) == ("threshold", "Art. 4(2)", True)

    (why,) = run("--home", str(home), "policy", "explain", permitted.exchange_id, "--json")
    assert why["decision"]["outcome"] == "permitted"
    assert not why["candidates"][0]["grounds"]

    held = home / "agreements" / "ee-fi-police-2026.yaml"
    draft = tmp_path / "draft.yaml"
    draft.write_text(held.read_text().replace("min_penalty_months: 12", "min_penalty_months: 72", 1))
    found = run("--home", str(home), "policy", "impact", str(draft), "--since", "1d", "--json")
    assert found["decisions"] >= 2
    narrowed = [flip for flip in found["flips"] if flip["effect"] == "narrows"]
    assert any(flip["after"]["codes"] == ["threshold"] and flip["peer"] == "EE" for flip in narrowed)

    question = tmp_path / "question.json"
    question.write_text(json.dumps(row.past.document))
    (why,) = run("--home", str(home), "policy", "explain", str(question), "--json")
    assert why["decision"]["codes"] == ["threshold"]


def test_what_cannot_be_explained_says_so(world: World, tmp_path) -> None:
    home = str(world.fi.node.home.path)
    for what, says in (
        ("0192f0c0-0000-7000-8000-000000000000", "no decision of exchange"),
        (str(tmp_path / "absent.json"), "neither an exchange id nor a file"),
    ):
        done = CliRunner().invoke(main, ["--home", home, "policy", "explain", what])
        assert done.exit_code == 1
        assert says in done.output + done.stderr
    done = CliRunner().invoke(main, ["--home", home, "policy", "impact", __file__, "--since", "soon"])
    assert done.exit_code == 2


def test_any_document_is_explained_or_refused_in_words(world: World, tmp_path) -> None:
    file = tmp_path / "odd.json"
    for odd in (
        "{}",
        '{"requester": 1}',
        '{"requester": {"country": "EE"}, "self": 1}',
        '{"direction": "inbound"}',
        "[]",
    ):
        file.write_text(odd)
        for command in ("explain", "simulate"):
            ran = CliRunner().invoke(main, ["--home", str(world.fi.node.home.path), "policy", command, str(file)])
            assert ran.exit_code in (0, 2, 3), (odd, ran.output)
            assert ran.exception is None or isinstance(ran.exception, SystemExit), (odd, command)
