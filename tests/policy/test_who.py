"""Who could get what: every row is one that the engine confirms, and nobody who gets it is missing."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from policy_samples import AGREEMENTS, REPO
from prove_samples import questions
from support.shell import Shell

from comity.errors import Malformed
from comity.policy.bundle import build
from comity.policy.embedded import EmbeddedEngine
from comity.policy.prove.workbench import tables_of
from comity.policy.who import Offer, who

pytestmark = pytest.mark.xdist_group("prove")
NAMES = ("ee-fi-police-2026", "ee-lv-police-2026", "baltic-nordic-2026")
FEW = build([each for each in AGREEMENTS if each.id in NAMES])
LEVEL = {"none": 0, "hit": 1, "count": 2, "reference": 3, "core": 4, "full": 5}


@pytest.fixture(scope="module")
def engine() -> Iterator[EmbeddedEngine]:
    found = EmbeddedEngine(FEW, machines=1)
    yield found
    found.close()


@pytest.fixture(scope="module")
def offers(engine: EmbeddedEngine) -> dict[str, list[Offer]]:
    return {word: who(FEW, engine, word) for word in ("idNumber", "criminal-records")}


def test_every_row_is_confirmed(engine: EmbeddedEngine, offers: dict[str, list[Offer]]) -> None:
    for word, found in offers.items():
        assert found
        for offer in found:
            for provider, requester, example in offer.pairs:
                document, decision = example.document, example.decision
                assert engine.decide_raw(document) == decision
                assert decision["outcome"] in ("permitted", "review")
                assert (decision["basis"]["agreement"], decision["basis"]["term"]) == (offer.agreement, offer.term)
                assert (document["self"]["country"], document["peer"]["country"]) == (provider, requester)
                assert document["action"] == offer.action
                assert word in decision["fields"] or document["category"] == word


def test_nobody_is_missing(engine: EmbeddedEngine, offers: dict[str, list[Offer]]) -> None:
    met = 0
    with tables_of(FEW) as model:
        asked = list(questions(model, 2500, seed=3))
    for document in asked:
        decision = engine.decide_raw(document)
        for word, found in offers.items():
            got = word in decision["fields"] or (document["category"] == word and LEVEL[decision["disclosure"]] > 0)
            if document["direction"] == "inbound" and got:
                met += 1
                assert any(fits(offer, document, decision) for offer in found), (word, document)
    assert met > 50


def fits(offer: Offer, document: dict, decision: dict) -> bool:
    pair = document["self"]["country"], document["peer"]["country"]
    order = document["authorisation"]
    basis = decision["basis"]
    return (
        (basis["agreement"], basis["term"], document["action"]) == (offer.agreement, offer.term, offer.action)
        and pair in {each[:2] for each in offer.pairs}
        and decision["disclosure"] in offer.levels
        and document["requester"]["role"] in offer.roles
        and document["purpose"] in offer.purposes
        and (not offer.orders or (order["valid"] and order["type"] in offer.orders))
        and (decision["human"] is None or decision["human"]["role"] in offer.humans)
        and (offer.direct or decision["outcome"] == "review" or document["review"]["state"] == "approved")
    )


def test_the_conditions_of_a_term(offers: dict[str, list[Offer]]) -> None:
    (records,) = [each for each in offers["criminal-records"] if each.agreement == "ee-fi-police-2026"]
    assert records.levels == ("reference",)
    assert records.orders == ("judge", "court")
    assert records.roles == ("prosecutor",)
    assert records.assurances == (("no-death-penalty", "capital"),)
    assert {"case", "offence", "nexus"} <= set(records.needs)
    assert {each[:2] for each in records.pairs} == {("EE", "FI"), ("FI", "EE")}


def test_an_unknown_word(engine: EmbeddedEngine) -> None:
    with pytest.raises(Malformed, match="did you mean `dna-profiles`"):
        who(FEW, engine, "dna-profile")


def test_the_command(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    (tmp_path / "texts").mkdir()
    text = "ee-fi-police-2026.yaml"
    (tmp_path / "texts" / text).write_bytes((REPO / "policy" / "agreements" / text).read_bytes())
    words = ["policy", "who", "registrationNumber", "--agreements", str(tmp_path / "texts"), "--requester", "fi"]
    found = json.loads(shell.good(*words, "--json").out)
    assert [each["term"] for each in found["offers"]] == ["registers"]
    assert [(each["provider"], each["requester"]) for each in found["offers"][0]["pairs"]] == [("EE", "FI")]
    assert "registers, Art. 8" in shell.good(*words).out
    nobody = shell.good("policy", "who", "dna-profiles", "--agreements", str(tmp_path / "texts"))
    assert nobody.out == "nobody could get dna-profiles\n"
