"""Over the real wire: an asker's own limits are kept, and every fact is decided at the country asked."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from support.world import CODEC, World

from comity.errors import Reason, Unavailable
from comity.exchange import responder
from comity.exchange.model import Ask, Privilege
from comity.exchange.release import Exchange, Release
from comity.exchange.search import search_records
from comity.identity.store import Reciprocity, set_reciprocity


def test_only_the_fields_that_were_asked_for_leave(world: World) -> None:
    answer = world.answered(world.request(world.header(world.circumstances(ask=Ask(("name",), 1, 3)))))
    assert answer.verdict.outcome == "permitted"
    assert answer.findings.released_fields == ("name",)
    assert answer.terms.fields == ("name",)
    assert len(answer.findings.hits) == 1
    assert answer.terms.retention == "P3D"
    assert answer.terms.erase_by == (datetime.now(UTC) + timedelta(days=3)).date().isoformat()


def test_a_field_that_the_term_does_not_share_is_refused(world: World) -> None:
    answer = world.answered(world.request(world.header(world.circumstances(ask=Ask(("name", "iban"))))))
    assert answer.verdict.outcome == "refused"
    assert all(reason.article and reason.remedy for reason in answer.verdict.reasons)
    assert answer.findings is None


def test_more_than_the_term_gives_is_refused(world: World) -> None:
    for ask in (Ask(max_candidates=1000), Ask(keep_days=36_500)):
        assert world.answered(world.request(world.header(world.circumstances(ask=ask)))).verdict.outcome == "refused"


def test_each_fact_is_decided_at_the_country_asked(world: World) -> None:
    """One fact changed against the sandbox's text, and the same question is refused."""
    usual = world.circumstances()
    assert world.answered(world.request(world.header(usual))).verdict.outcome == "permitted"
    for changed in (
        {"scope": "bulk"},
        {"assistance": "arrest"},
        {"automated": True},
        {"privilege": Privilege("lawyer")},
        {"procedure": "special"},
        {"subject": replace(usual.subject, vulnerable=True)},
        {"language": "xx"},
    ):
        answer = world.answered(world.request(world.header(world.circumstances(**changed))))
        assert answer.verdict.outcome == "refused", changed
        assert all(reason.code and reason.article and reason.remedy for reason in answer.verdict.reasons)


def test_reciprocity_is_the_word_of_the_country_asked(world: World) -> None:
    """The statement reaches policy with the next message; the sandbox's text does not ask for it."""
    store = world.fi.node.store
    with store.write() as tx:
        set_reciprocity(tx, "EE", Reciprocity.WITHHELD, datetime.now(UTC))
    try:
        world.answered(world.request())
        assert world.fi.node.peers.get("EE").reciprocity is Reciprocity.WITHHELD
    finally:
        with store.write() as tx:
            set_reciprocity(tx, "EE", Reciprocity.GIVEN, datetime.now(UTC))
    world.answered(world.request())
    assert world.fi.node.peers.get("EE").reciprocity is Reciprocity.GIVEN


def test_an_attempt_that_is_still_under_way_says_try_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is wrong with policy: the same message is worked on elsewhere."""
    monkeypatch.setattr(responder, "_RETRY_WAIT_SECONDS", 0)
    fi, message = world.fi, world.request()
    searches = Exchange(CODEC, search_records(fi.node.records))
    answering = responder.Responder(fi.own, Release(fi.own), fi.inbox.waiting)
    header, _ = CODEC.decode_request(message.payload)
    answering._guard.admit("EE", header.exchange_id, sha256(message.payload).digest(), datetime.now(UTC))
    ee = fi.node.peers.get("EE")
    call = responder.Call(ee, ee.prove(world.ee.identity.certificate, datetime.now(UTC)), message)
    with pytest.raises(Unavailable) as told:
        answering.answer(call, searches)
    assert told.value.reason is Reason.TRY_AGAIN
