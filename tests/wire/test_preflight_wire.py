"""Pre-flight on the desk port of a running node: what it says, what it does not take, who may ask for it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from support.world import World

from comity.errors import Forbidden, Malformed, NotFound
from comity.exchange.assurances import Wish
from comity.exchange.model import Circumstances, Official
from comity.v1 import desk_service_pb2
from comity.wire.desk_client import DeskClient, foreseen_document, preflight_request


def plan(facts: Circumstances, **changes) -> desk_service_pb2.PreflightRequest:
    usual = {"category": "wanted-persons", "identification": "moderate", "to": ("EE",)}
    return preflight_request(facts, **{**usual, **changes})


def foreseen(world: World, request: desk_service_pb2.PreflightRequest, staff: str = "investigator") -> list[dict]:
    with DeskClient.connect(world.fi.node, staff) as desk:
        return [foreseen_document(each) for each in desk.preflight(request)]


def test_it_says_how_fully_by_which_article_and_at_what_quota(world: World) -> None:
    size = world.fi_size()
    (ee,) = foreseen(world, plan(world.circumstances()))
    assert (ee["country"], ee["outcome"], ee["decided_by"]) == ("EE", "permitted", "peer")
    assert ee["basis"]["article"]
    assert ee["disclosure"] == "core"
    assert ee["quota"]["left"] == ee["quota"]["per_day"] > 0
    assert world.fi_size() == size  # nothing was asked, nothing is logged


def test_a_refusal_is_foreseen_with_article_and_remedy(world: World) -> None:
    facts = world.circumstances()
    (ee,) = foreseen(world, plan(replace(facts, offence=replace(facts.offence, max_penalty_months=3))))
    assert ee["outcome"] == "refused"
    assert all(reason["article"] and reason["remedy"] for reason in ee["reasons"])


def test_all_peers_are_foreseen_and_an_unknown_one_is_named(world: World) -> None:
    found = foreseen(world, plan(world.circumstances(), to=()))
    assert [each["country"] for each in found] == ["EE", "LV"]
    with pytest.raises(NotFound, match="XX"):
        foreseen(world, plan(world.circumstances(), to=("XX",)))


def test_an_assurance_counts_as_it_will(world: World) -> None:
    facts = world.circumstances(assurances=("no-death-penalty",))
    facts = replace(facts, offence=replace(facts.offence, kinds=("capital",)))
    with pytest.raises(NotFound, match="comity assurance give"):
        foreseen(world, plan(facts))
    now, ee = datetime.now(UTC), world.fi.node.peers.get("EE")
    wish = Wish("no-death-penalty", "ee-fi-police-2026", "", "will not be carried out", now + timedelta(days=1))
    world.fi.own.assurances.give(wish, ee, Official("fi-x", "prosecutor", "prosecutor"), now)
    assert foreseen(world, plan(facts))[0]["outcome"] == "permitted"
    assert foreseen(world, plan(replace(facts, assurances=())))[0]["outcome"] == "refused"


def test_who_is_searched_is_not_taken(world: World) -> None:
    request = plan(world.circumstances())
    request.question.query.names.append("Ann Lee")
    with pytest.raises(Malformed, match=r"question\.query"):
        foreseen(world, request)
    with pytest.raises(Malformed, match=r"identification.*question\.purpose|question\.purpose"):
        foreseen(world, desk_service_pb2.PreflightRequest())


def test_it_is_for_those_who_may_ask(world: World) -> None:
    with pytest.raises(Forbidden):
        foreseen(world, plan(world.circumstances()), staff="auditor")
