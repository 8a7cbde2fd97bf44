"""The asking side over the real wire: what it does with replies that are wrong. The courier between is made to lie."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from support.world import CODEC, World, make_world

from comity.app import policy_in_force
from comity.exchange.model import PeerResult, SignedReply
from comity.exchange.ports import Undelivered
from comity.exchange.requester import Requester, Started
from comity.ledger.entry import EntryKind
from comity.ledger.verify import verify_ledger, verify_vault
from comity.wire.courier import GrpcCourier


class LyingCourier(GrpcCourier):
    """Delivers for real, then changes what came back."""

    lie = staticmethod(lambda reply: reply)

    def send(self, peer, method, message, timeout):
        return self.lie(super().send(peer, method, message, timeout))


@contextmanager
def asking(world: World) -> Iterator[tuple[Requester, LyingCourier]]:
    courier = LyingCourier(world.ee.identity)
    with policy_in_force(world.ee.agreements(), world.ee.settings.policy) as policy:
        requester = Requester(world.ee.own(lambda: policy), world.ee.peers, courier, CODEC)
        yield requester, courier
        requester.close()
        courier.close()


def ask(world: World, requester: Requester) -> tuple[str, PeerResult]:
    started, result = requester.ask(world.circumstances(), world.query(), ("FI",), timedelta(seconds=10))
    assert isinstance(started, Started)
    return started.exchange_id, result


def test_the_whole_exchange_on_postgresql(tmp_path, fresh_postgres: str, another_postgres: str) -> None:
    """Both nodes on PostgreSQL: the same path, the same proofs."""
    with (
        make_world(tmp_path, databases={"EE": fresh_postgres, "FI": another_postgres}) as world,
        asking(world) as (asker, _),
    ):
        exchange_id, result = ask(world, asker)
        assert (result.outcome, result.receipt) == ("permitted", "verified")
        assert result.findings.hit
        message = world.request()
        assert world.send(message)[0] == world.send(message)[0]
        for node in (world.ee, world.fi.node):
            assert node.store.engine.dialect.name == "postgresql"
            assert verify_ledger(node.store, node.ledger.vkey) == []
            assert verify_vault(node.store, node.vault) == []
        assert len(world.ee.ledger.by_exchange(exchange_id)) == 2


@pytest.fixture(scope="module")
def requester(world: World) -> Iterator[tuple[Requester, LyingCourier]]:
    with asking(world) as made:
        yield made


def test_an_honest_reply_is_verified_and_logged_on_both_sides(world: World, requester) -> None:
    exchange_id, result = ask(world, requester[0])
    assert (result.outcome, result.receipt) == ("permitted", "verified")
    kinds = [stored.entry.kind for stored in world.ee.ledger.by_exchange(exchange_id)]
    assert kinds == [EntryKind.QUESTION_ASKED, EntryKind.ANSWER_RECEIVED]
    ours = world.ee.ledger.by_exchange(exchange_id)[-1].entry
    (theirs,) = (stored.entry for stored in world.fi.node.ledger.by_exchange(exchange_id))
    assert ours.request_commitment == theirs.request_commitment
    assert ours.answer_commitment == theirs.answer_commitment
    assert ours.released_fields == theirs.released_fields


def flip(data: bytes, at: int = -1) -> bytes:
    changed = bytearray(data)
    changed[at] ^= 1
    return bytes(changed)


def lies(world: World) -> dict[str, object]:
    """Every way in which a reply can be wrong that the asker must see."""
    other = world.send(world.request())
    from comity.wire import metadata

    swapped = SignedReply(metadata.signed_message("SearchResponse", other[0], other[1]), metadata.receipt_of(other[1]))

    def with_receipt(**changes):
        return lambda reply: replace(reply, receipt=replace(reply.receipt, **{k: f(reply) for k, f in changes.items()}))

    return {
        "payload changed": lambda r: replace(r, message=replace(r.message, payload=flip(r.message.payload))),
        "signature changed": lambda r: replace(r, message=replace(r.message, signature=flip(r.message.signature))),
        "signed by us": lambda r: replace(r, message=world.ee.identity.sign("SearchResponse", r.message.payload)),
        "reply of another exchange": lambda _r: swapped,
        "receipt of another exchange": lambda r: replace(r, receipt=swapped.receipt),
        "no receipt": lambda r: replace(r, receipt=None),
        "receipt's entry changed": with_receipt(entry=lambda r: flip(r.receipt.entry)),
        "receipt's index changed": with_receipt(index=lambda r: r.receipt.index + 1),
        "receipt's proof changed": with_receipt(
            proof=lambda r: tuple(flip(h) for h in r.receipt.proof) or (b"x" * 32,)
        ),
        "checkpoint changed": with_receipt(checkpoint=lambda r: flip(r.receipt.checkpoint, 40)),
    }


LIES = (
    "payload changed",
    "signature changed",
    "signed by us",
    "reply of another exchange",
    "receipt of another exchange",
    "no receipt",
    "receipt's entry changed",
    "receipt's index changed",
    "receipt's proof changed",
    "checkpoint changed",
)


@pytest.mark.parametrize("name", LIES)
def test_a_lie_is_unverified_and_shows_nothing(world: World, requester, name: str) -> None:
    asker, courier = requester
    found = lies(world)
    assert set(found) == set(LIES)
    courier.lie = found[name]
    try:
        exchange_id, result = ask(world, asker)
    finally:
        courier.lie = LyingCourier.lie
    assert (result.outcome, result.receipt) == ("unverified", "invalid")
    assert result.findings is None
    assert result.verdict is None
    kinds = [stored.entry.kind for stored in world.ee.ledger.by_exchange(exchange_id)]
    assert kinds == [EntryKind.QUESTION_ASKED, EntryKind.ANSWER_MISSING]


def test_a_ledger_that_tells_another_story_is_no_proof(world: World, requester) -> None:
    """The peer signs and logs, but its entry names another purpose than the question had."""
    from comity.exchange import release

    honest = release.exchange_entry
    release.exchange_entry = lambda *a, **k: replace(honest(*a, **k), purpose="road-traffic")
    try:
        _, result = ask(world, requester[0])
    finally:
        release.exchange_entry = honest
    assert (result.outcome, result.receipt) == ("unverified", "invalid")
    assert "says of this one what the reply does not" in result.failure.message


def test_a_lost_reply_is_asked_again_with_the_same_bytes(world: World, requester) -> None:
    """The peer answered and logged, the reply was lost: the retry brings the same answer and no second entry."""
    _, courier = requester
    seen = []

    def lose_the_first(reply):
        seen.append(reply)
        if len(seen) == 1:
            raise Undelivered("unreachable", "UNAVAILABLE", "lost")
        return reply

    size = world.fi_size()
    message = world.request()
    peer = world.ee.peers.get("FI")
    courier.lie = lose_the_first
    try:
        with pytest.raises(Undelivered):
            courier.send(peer, CODEC.method, message, timedelta(seconds=5))
        again = courier.send(peer, CODEC.method, message, timedelta(seconds=5))
    finally:
        courier.lie = LyingCourier.lie
    assert again.message == seen[0].message
    assert world.fi_size() == size + 1


def resigned(world: World, change):
    """Return a lie that the peer itself signs: its own key, another reply."""
    from comity.v1 import query_service_pb2

    def lie(reply: SignedReply) -> SignedReply:
        message = query_service_pb2.SearchResponse.FromString(reply.message.payload)
        change(message)
        payload = message.SerializeToString(deterministic=True)
        return replace(reply, message=world.fi.node.identity.sign("SearchResponse", payload))

    return lie


def _far_future(message) -> None:
    message.header.issued_at.seconds = 2**60


def _name_as_field(message) -> None:
    message.header.terms.fields.append("Juri Kaskov")


def _control_in_reference(message) -> None:
    message.result.hits[0].reference = "\x1b]0;owned\x07"


def _endless_agreement(message) -> None:
    message.header.decision.basis.term = "x" * 100_000


@pytest.mark.parametrize("change", [_far_future, _name_as_field, _control_in_reference, _endless_agreement])
def test_a_signed_reply_that_breaks_a_rule_is_unverified_and_kept(world: World, requester, change) -> None:
    """A hostile peer's reply never leaves the asker waiting, and never puts its words into our ledger."""
    asker, courier = requester
    courier.lie = resigned(world, change)
    try:
        exchange_id, result = ask(world, asker)
    finally:
        courier.lie = LyingCourier.lie
    assert (result.outcome, result.failure.reason) == ("unverified", "MALFORMED")
    kinds = [stored.entry.kind for stored in world.ee.ledger.by_exchange(exchange_id)]
    assert kinds == [EntryKind.QUESTION_ASKED, EntryKind.ANSWER_MISSING]


def test_a_bug_on_the_way_is_a_result_not_a_wait(world: World, requester) -> None:
    """Whatever breaks while a peer is asked, every country asked has a result, also with several at once."""
    asker, courier = requester

    def break_down(_reply):
        raise RuntimeError("Juri Kaskov")

    courier.lie = break_down
    try:
        started, *results = asker.ask(world.circumstances(), world.query(), ("FI", "LV"), timedelta(seconds=10))
    finally:
        courier.lie = LyingCourier.lie
    assert {result.country for result in results} == {"FI", "LV"} == set(started.asked)
    (fi,) = (result for result in results if result.country == "FI")
    assert (fi.outcome, fi.failure.reason) == ("unverified", "INTERNAL")
    assert "Kaskov" not in fi.failure.message
