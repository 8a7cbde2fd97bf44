"""A question that is left to a person, over the real wire: two running nodes, their ledgers and their desks."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import grpc
import pytest
from sqlalchemy import text
from support.desks import Desks, make_desks, now
from support.world import Refused

from comity.casework.review import Officer
from comity.errors import Conflict, Forbidden, Malformed, NotFound
from comity.exchange.ids import new_exchange_id
from comity.exchange.model import Claim, Official
from comity.exchange.ports import Undelivered
from comity.exchange.sealing import open_message
from comity.identity.store import PeerState, set_state
from comity.ledger.entry import EntryKind
from comity.ledger.vault import Part
from comity.ledger.verify import verify_ledger, verify_vault
from comity.wire import desk_casework
from comity.wire.claims import AwaitAnswerMessages, GetAnswerMessages
from comity.wire.desk_client import DeskClient
from comity.wire.desk_service import pseudonym

FETCH, FOLLOW = GetAnswerMessages(), AwaitAnswerMessages()
KINDS = EntryKind


@pytest.fixture(scope="module")
def desks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desks]:
    with make_desks(tmp_path_factory.mktemp("desks")) as made:
        yield made


@pytest.fixture(autouse=True)
def whole(desks: Desks) -> Iterator[None]:
    """After each test both ledgers verify, and every kept message has its entry."""
    yield
    for node in (desks.ee.node, desks.fi.node):
        assert verify_ledger(node.store, node.ledger.vkey) == []
        assert verify_vault(node.store, node.vault) == []


def claim(desks: Desks, exchange_id: str, /, **changes) -> Claim:
    with desks.ee.node.store.read() as tx:
        asked = open_message(desks.ee.node.vault, tx, exchange_id, "FI", Part.REQUEST)
    made = Claim(
        exchange_id, sha256(asked.payload).digest(), desks.ee.own.node_id, desks.fi.own.node_id,
        now(), now() + timedelta(seconds=60),
    )  # fmt: skip
    return replace(made, **changes)


def fetch(desks: Desks, made: Claim):
    message = desks.ee.node.identity.sign(FETCH.request_type, FETCH.encode(made))
    return desks.world.send(message, method=FETCH.method)


def test_a_question_waits_in_the_inbox_with_its_clock(desks: Desks) -> None:
    before = desks.inbox()["open"]
    exchange_id = desks.waiting()
    found = desks.inbox()
    assert (found["open"], found["overdue"]) == (before + 1, 0)
    item = desks.item(exchange_id)
    assert (item["state"], item["role"], item["country"], item["late"]) == ("waiting", "desk-officer", "EE", False)
    assert item["basis"]["article"] == "Art. 4(1)"
    assert item["due_at"] > item["received_at"]
    assert desks.fi.inbox.count(now() + timedelta(days=3))[1] >= 1  # PT48H are over by then
    status = DeskClient.connect(desks.fi.node, "auditor")
    with status as desk:
        assert desk.status().inbox_open == found["open"]
    assert desks.answers(exchange_id) == ["review"]


def test_no_table_of_the_inbox_tells_who_is_searched(desks: Desks) -> None:
    desks.waiting()
    names = [name.encode() for name in desks.world.query().names]
    with desks.fi.node.store.read() as tx:
        for table in ("inbox_item", "inbox_step", "exchange_later", "exchange_inbound"):
            rows = repr(tx.execute(text(f"SELECT * FROM {table}")).all()).encode()
            assert not any(name in rows for name in names), table


def test_showing_a_question_is_logged_before_it_is_shown(desks: Desks) -> None:
    exchange_id = desks.waiting()
    size = desks.world.fi_size()
    with DeskClient.connect(desks.fi.node, "desk") as desk:
        shown = desk_casework.show_inbox_item(desk, exchange_id)
    assert shown["query"]["names"] == desks.world.query().names
    assert shown["asked"]["nexus"] == "phone contact with the suspect"
    entry = desks.fi.node.ledger.entry(size).entry
    assert (entry.kind, entry.official_role) == (KINDS.RECORDS_VIEWED, "desk-officer")
    assert entry.official == pseudonym(desks.fi.own, "desk")
    assert exchange_id in entry.note


def test_another_role_neither_sees_nor_decides(desks: Desks) -> None:
    exchange_id = desks.waiting()
    size = desks.world.fi_size()
    for officer in ("prosecutor", "investigator", "auditor"):
        with DeskClient.connect(desks.fi.node, officer) as desk, pytest.raises(Forbidden):
            desk_casework.show_inbox_item(desk, exchange_id)
        for act, what in (("approve", {}), ("refuse", {"ground": "political"}), ("return", {"consultation": "x"})):
            with pytest.raises(Forbidden):
                desks.act(exchange_id, act, officer, **what)
    assert desks.inbox(officer="prosecutor")["items"] == []
    assert desks.world.fi_size() == size
    assert desks.item(exchange_id)["state"] == "waiting"


def test_whoever_asked_may_not_decide(desks: Desks) -> None:
    """A question under an officer's own pseudonym waits for another officer."""
    mine = Official(pseudonym(desks.fi.own, "desk"), "investigator", "ppa")
    exchange_id, _ = desks.ask(official=mine)
    with DeskClient.connect(desks.fi.node, "desk") as desk, pytest.raises(Forbidden, match="whoever asked"):
        desk_casework.show_inbox_item(desk, exchange_id)
    with pytest.raises(Forbidden, match="whoever asked"):
        desks.act(exchange_id, "approve")
    assert desks.act(exchange_id, "approve", "desk2")["outcome"] == "permitted"


def test_approved_the_answer_is_fetched_and_both_ledgers_tell_who_decided(desks: Desks) -> None:
    exchange_id = desks.waiting()
    done = desks.act(exchange_id, "approve")
    assert (done["state"], done["outcome"], done["decision"]["disclosure"]) == ("answered", "permitted", "core")
    peer = desks.refresh(exchange_id)
    assert (peer["outcome"], peer["receipt"], peer["reviewed"]) == ("permitted", "verified", {"role": "desk-officer"})
    assert peer["hits"][0]["fields"]["name"]
    provider, asker = desks.entries("FI", exchange_id), desks.entries("EE", exchange_id)
    assert [e.kind for e in provider] == [KINDS.QUESTION_ANSWERED, KINDS.REVIEW_DECIDED, KINDS.QUESTION_ANSWERED]
    decided = provider[1]
    assert (decided.official, decided.official_role) == (pseudonym(desks.fi.own, "desk"), "desk-officer")
    assert (decided.outcome, decided.released_fields) == ("approved", ())
    assert [e.kind for e in asker] == [KINDS.QUESTION_ASKED, KINDS.ANSWER_RECEIVED, KINDS.ANSWER_RECEIVED]
    assert asker[-1].answer_commitment == provider[-1].answer_commitment != provider[0].answer_commitment
    assert asker[-1].released_fields == provider[-1].released_fields != ()


def test_twice_is_once(desks: Desks) -> None:
    """Approve twice, refuse after it, refresh twice: one final answer, one entry on each side."""
    exchange_id = desks.waiting()
    first = desks.act(exchange_id, "approve")
    assert desks.act(exchange_id, "approve") == first
    with pytest.raises(Conflict, match="answered already"):
        desks.act(exchange_id, "refuse", ground="political")
    with pytest.raises(Conflict, match="answered already"):
        desks.act(exchange_id, "approve", "desk2")
    once, twice = desks.refresh(exchange_id), desks.refresh(exchange_id)
    assert once["hits"] == twice["hits"]
    assert desks.answers(exchange_id) == ["review", "permitted"]
    assert len(desks.entries("EE", exchange_id)) == 3


def test_a_retry_of_the_question_brings_the_first_reply_again(desks: Desks) -> None:
    exchange_id = desks.waiting()
    with desks.ee.node.store.read() as tx:
        asked = open_message(desks.ee.node.vault, tx, exchange_id, "FI", Part.REQUEST)
        reply = open_message(desks.ee.node.vault, tx, exchange_id, "FI", Part.REPLY)
    desks.act(exchange_id, "approve")
    assert desks.world.send(asked)[0] == reply.payload
    assert desks.answers(exchange_id) == ["review", "permitted"]


def test_refused_on_a_ground_that_the_agreement_keeps(desks: Desks) -> None:
    exchange_id = desks.waiting()
    with pytest.raises(Malformed, match="is not a ground that ee-fi-police-2026 keeps"):
        desks.act(exchange_id, "refuse", ground="press")
    with pytest.raises(Malformed, match="ground is required"):
        desks.act(exchange_id, "refuse")
    done = desks.act(exchange_id, "refuse", ground="death_penalty_no_assurance")
    assert done["outcome"] == "refused"
    peer = desks.refresh(exchange_id)
    assert (peer["outcome"], peer["receipt"], peer["decided_by"]) == ("refused", "verified", "peer")
    (reason,) = peer["reasons"]
    assert (reason["code"], reason["article"]) == ("death_penalty_no_assurance", "Art. 7(4)")
    assert reason["remedy"]
    decided = desks.entries("FI", exchange_id)[1]
    assert (decided.kind, decided.outcome) == (KINDS.REVIEW_DECIDED, "refused")
    assert decided.refusal_codes == ("death_penalty_no_assurance",)
    with pytest.raises(Conflict):
        desks.act(exchange_id, "approve")
    assert desks.answers(exchange_id) == ["review", "refused"]


def test_returned_it_stays_open_and_the_asker_reads_what_is_asked(desks: Desks) -> None:
    exchange_id = desks.waiting()
    question = "How is the minor linked to case K-1?"
    assert desks.act(exchange_id, "return", consultation=question)["state"] == "returned"
    peer = desks.refresh(exchange_id)
    assert (peer["outcome"], peer["receipt"], peer["review"]["asks"]) == ("review", "verified", question)
    with desks.fi.node.store.read() as tx:
        for table in ("inbox_item", "inbox_step", "exchange_later"):
            assert question not in repr(tx.execute(text(f"SELECT * FROM {table}")).all())
    assert not any(question in repr(entry) for entry in desks.entries("FI", exchange_id))
    desks.act(exchange_id, "approve")
    assert desks.refresh(exchange_id)["outcome"] == "permitted"
    assert desks.answers(exchange_id) == ["review", "review", "permitted"]
    assert [step["act"] for step in desks.item(exchange_id)["steps"]] == ["return", "approve"]


def test_an_agreement_that_was_suspended_since_refuses_at_approval(desks: Desks) -> None:
    exchange_id = desks.waiting()
    with desks.suspended():
        done = desks.act(exchange_id, "approve")
        assert (done["outcome"], done["decision"]["reasons"][0]["code"]) == ("refused", "agreement_suspended")
    peer = desks.refresh(exchange_id)
    assert [reason["code"] for reason in peer["reasons"]] == ["agreement_suspended"]
    assert "hits" not in peer
    assert desks.answers(exchange_id) == ["review", "refused"]


def test_an_approved_answer_does_not_leave_while_the_agreement_is_suspended(desks: Desks) -> None:
    exchange_id = desks.waiting()
    desks.act(exchange_id, "approve")
    with desks.suspended():
        for _ in range(2):
            peer = desks.refresh(exchange_id)
            assert (peer["outcome"], peer["receipt"]) == ("refused", "verified")
            assert peer["reasons"][0]["code"] == "agreement_suspended"
    assert desks.refresh(exchange_id)["outcome"] == "permitted"
    assert desks.answers(exchange_id) == ["review", "permitted", "refused"]


def test_two_officers_at_once_give_one_answer(desks: Desks) -> None:
    for _ in range(3):
        exchange_id = desks.waiting()
        both = threading.Barrier(2)

        def decide(officer: str, act: str, *, exchange_id: str = exchange_id, both: threading.Barrier = both, **what):
            both.wait()
            return _outcome(desks, exchange_id, officer, act, **what)

        with ThreadPoolExecutor(2) as pool:
            approved = pool.submit(decide, "desk", "approve")
            refused = pool.submit(decide, "desk2", "refuse", ground="political")
        outcomes = {approved.result(), refused.result()}
        assert "conflict" in outcomes
        final = desks.answers(exchange_id)[1:]
        assert len(final) == 1
        assert set(final) == outcomes - {"conflict"}


def test_a_failure_before_the_commit_leaves_the_question_open(desks: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    """Decision and answer are one transaction: there is no moment at which one stands without the other."""
    exchange_id = desks.waiting()
    inbox, officer = desks.fi.inbox, Officer(pseudonym(desks.fi.own, "desk"), "desk-officer")
    from comity.casework.review import Act, Deed

    with monkeypatch.context() as patch, pytest.raises(RuntimeError):
        patch.setattr(type(desks.fi.own.ledger), "append_many", _fail)
        inbox.decide(officer, exchange_id, Deed(Act.APPROVE))
    assert desks.item(exchange_id)["state"] == "waiting"
    assert desks.answers(exchange_id) == ["review"]
    assert desks.act(exchange_id, "approve")["outcome"] == "permitted"


def _fail(*_args, **_kwargs):
    raise RuntimeError("the node died here")


def test_only_whoever_asked_may_fetch(desks: Desks) -> None:
    exchange_id = desks.waiting()
    with pytest.raises(Forbidden, match="somebody else"):
        desks.refresh(exchange_id, "prosecutor")
    with pytest.raises(NotFound):
        desks.refresh(new_exchange_id(now()))
    with DeskClient.connect(desks.ee.node, "auditor") as desk, pytest.raises(Forbidden):
        list(desk_casework.refresh(desk, exchange_id))


def test_all_that_wait_are_refreshed_at_once(desks: Desks) -> None:
    ids = [desks.waiting() for _ in range(3)]
    desks.act(ids[1], "approve")
    with DeskClient.connect(desks.ee.node, "investigator") as desk:
        found = {each: result.outcome for each, result in desk_casework.refresh(desk, "")}
    assert [found[each] for each in ids] == ["review", "permitted", "review"]
    with DeskClient.connect(desks.ee.node, "investigator") as desk:
        assert ids[1] not in dict(desk_casework.refresh(desk, ""))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"request_digest": b"x" * 32}, grpc.StatusCode.NOT_FOUND),
        ({"exchange_id": new_exchange_id(now())}, grpc.StatusCode.NOT_FOUND),
        ({"request_digest": b"short"}, grpc.StatusCode.INVALID_ARGUMENT),
        ({"sender": "spiffe://vp.gov.lv/node/node-1"}, grpc.StatusCode.FAILED_PRECONDITION),
        ({"recipient": "spiffe://vp.gov.lv/node/node-1"}, grpc.StatusCode.FAILED_PRECONDITION),
        ({"issued_at": now() - timedelta(hours=1)}, grpc.StatusCode.FAILED_PRECONDITION),
    ],
)
def test_a_claim_that_is_not_ours_now_is_refused(desks: Desks, changes, code) -> None:
    exchange_id = desks.waiting()
    assert not isinstance(fetch(desks, claim(desks, exchange_id)), Refused)
    refused = fetch(desks, claim(desks, exchange_id, **changes))
    assert isinstance(refused, Refused)
    assert refused.code is code


def test_a_question_that_was_answered_at_once_is_not_fetched(desks: Desks) -> None:
    from comity.exchange.model import Subject

    exchange_id, result = desks.ask(subject=Subject("suspect", "adult"))
    assert result.outcome == "permitted"
    refused = fetch(desks, claim(desks, exchange_id))
    assert (refused.code, refused.reason) == (grpc.StatusCode.NOT_FOUND, "NOT_FOUND")


def test_a_claim_signed_by_another_key_is_refused(desks: Desks) -> None:
    exchange_id = desks.waiting()
    message = desks.ee.node.identity.sign(FOLLOW.request_type, FETCH.encode(claim(desks, exchange_id)))
    refused = desks.world.send(message, method=FETCH.method)
    assert refused.code is grpc.StatusCode.UNAUTHENTICATED


def test_the_stream_brings_each_change_and_ends_with_the_answer(desks: Desks) -> None:
    exchange_id = desks.waiting()
    with desks.watching(exchange_id) as changes:
        assert next(changes)["outcome"] == "review"
        desks.act(exchange_id, "return", consultation="which case?")
        assert next(changes)["review"]["asks"] == "which case?"
        desks.act(exchange_id, "approve")
        last = next(changes)
        assert (last["outcome"], last["receipt"], bool(last["hits"])) == ("permitted", "verified", True)
        assert list(changes) == []
    assert [e.kind for e in desks.entries("EE", exchange_id)] == [
        KINDS.QUESTION_ASKED,
        KINDS.ANSWER_RECEIVED,
        KINDS.ANSWER_RECEIVED,
        KINDS.ANSWER_RECEIVED,
    ]


@pytest.mark.parametrize("approved_meanwhile", [False, True])
def test_suspended_in_mid_stream_the_next_message_is_the_refusal(desks: Desks, approved_meanwhile: bool) -> None:
    exchange_id = desks.waiting()
    with desks.watching(exchange_id) as changes:
        assert next(changes)["outcome"] == "review"
        with desks.suspended():
            if approved_meanwhile:
                desks.act(exchange_id, "approve")
            refused = next(changes)
            assert (refused["outcome"], refused["receipt"]) == ("refused", "verified")
            assert refused["reasons"][0]["code"] == "agreement_suspended"
            assert list(changes) == []
    said = desks.answers(exchange_id)  # the stream may have looked before the officer acted: then both are logged
    assert said in (["review", "refused"], ["review", "refused", "refused"][: 2 + approved_meanwhile])
    resumed = desks.refresh(exchange_id)["outcome"]
    assert resumed == ("refused" if approved_meanwhile else "review")


def test_an_agreement_that_ends_in_mid_stream_ends_it_with_the_refusal(desks: Desks) -> None:
    exchange_id = desks.waiting()
    with desks.watching(exchange_id) as changes:
        assert next(changes)["outcome"] == "review"
        with desks.in_the_year(2031):
            refused = next(changes)
        assert (refused["outcome"], refused["reasons"][0]["code"]) == ("refused", "agreement_expired")


def test_a_suspended_peer_is_cut_off_in_mid_stream(desks: Desks) -> None:
    exchange_id = desks.waiting()
    store = desks.fi.node.store
    with desks.watching(exchange_id) as changes:
        assert next(changes)["outcome"] == "review"
        with store.write() as tx:
            set_state(tx, "EE", PeerState.SUSPENDED, now())
        try:
            last = next(changes)
            assert (last["outcome"], last["error"]["reason"]) == ("unreachable", "PEER_SUSPENDED")
        finally:
            with store.write() as tx:
                set_state(tx, "EE", PeerState.ACTIVE, now())


def test_open_streams_are_bounded_and_starve_no_question(desks: Desks) -> None:
    """As many streams as one peer may hold, as many threads as questions have: the next stream is refused, not they."""
    exchange_id = desks.waiting()
    allowed = desks.fi.node.settings.streams_per_peer
    assert allowed >= desks.fi.node.settings.threads
    channel = desks.world.channels.setdefault("ee", desks.world.channel())
    with ExitStack() as stack:
        calls = [_open(desks, channel, exchange_id) for _ in range(allowed)]
        stack.callback(lambda: [call.cancel() for call in calls])
        for call in calls:
            FOLLOW.unwrap(next(call))
        with pytest.raises(grpc.RpcError) as refused:
            next(_open(desks, channel, exchange_id))
        assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        from comity.exchange.model import Subject

        assert desks.ask(subject=Subject("suspect", "adult"))[1].outcome == "permitted"
    _until_free(desks, channel, exchange_id)


def _open(desks: Desks, channel: grpc.Channel, exchange_id: str):
    from comity.wire import metadata

    message = desks.ee.node.identity.sign(FOLLOW.request_type, FOLLOW.encode(claim(desks, exchange_id)))
    return channel.unary_stream(FOLLOW.method)(message.payload, timeout=30, metadata=metadata.of_message(message))


def _until_free(desks: Desks, channel: grpc.Channel, exchange_id: str) -> None:
    """A cancelled stream gives its place back."""
    for _ in range(200):
        call = _open(desks, channel, exchange_id)
        try:
            next(call)
        except grpc.RpcError:
            threading.Event().wait(0.05)
            continue
        call.cancel()
        return
    pytest.fail("no stream was given back")


def test_a_reply_that_was_lost_is_fetched_by_its_exchange(desks: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    """The question came in and waits, the word that it waits did not come back."""
    honest = type(desks.ee.courier).send

    def lose(courier, *arguments):
        honest(courier, *arguments)
        raise Undelivered("unreachable", "UNAVAILABLE", "lost")

    with monkeypatch.context() as patch:
        patch.setattr(type(desks.ee.courier), "send", lose)
        exchange_id, result = desks.ask()
    assert result.outcome == "unreachable"
    assert desks.refresh(exchange_id)["outcome"] == "review"
    desks.act(exchange_id, "approve")
    assert desks.refresh(exchange_id)["outcome"] == "permitted"


def test_a_reply_that_was_changed_on_the_way_is_unverified_and_shows_nothing(
    desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange_id = desks.waiting()
    desks.act(exchange_id, "approve")
    honest = type(desks.ee.courier).claim

    def lie(courier, *arguments):
        reply = honest(courier, *arguments)
        payload = bytes([*reply.message.payload[:-1], reply.message.payload[-1] ^ 1])
        return replace(reply, message=replace(reply.message, payload=payload))

    with monkeypatch.context() as patch:
        patch.setattr(type(desks.ee.courier), "claim", lie)
        for _ in range(2):
            peer = desks.refresh(exchange_id)
            assert (peer["outcome"], peer["receipt"]) == ("unverified", "invalid")
            assert "hits" not in peer
    assert [e.kind for e in desks.entries("EE", exchange_id)].count(KINDS.ANSWER_MISSING) == 1
    assert desks.refresh(exchange_id)["receipt"] == "verified"


def test_the_same_on_postgresql(tmp_path, fresh_postgres: str, another_postgres: str) -> None:
    """Keys that hold two officers apart, on the other kind of database."""
    with make_desks(tmp_path, databases={"EE": fresh_postgres, "FI": another_postgres}) as desks:
        exchange_id = desks.waiting()
        with desks.watching(exchange_id) as changes:
            assert next(changes)["outcome"] == "review"
            with ThreadPoolExecutor(2) as pool:
                both = [pool.submit(_outcome, desks, exchange_id, officer) for officer in ("desk", "desk2")]
            assert {future.result() for future in both} == {"permitted", "conflict"}
            assert next(changes)["outcome"] == "permitted"
        assert desks.answers(exchange_id) == ["review", "permitted"]
        desks.act(desks.waiting(), "refuse", ground="political")
        for node in (desks.ee.node, desks.fi.node):
            assert verify_ledger(node.store, node.ledger.vkey) == []
            assert verify_vault(node.store, node.vault) == []


def _outcome(desks: Desks, exchange_id: str, officer: str, act: str = "approve", **what: str) -> str:
    try:
        return str(desks.act(exchange_id, act, officer, **what)["outcome"])
    except Conflict:
        return "conflict"


def test_four_eyes_are_two_officers(tmp_path) -> None:
    with make_desks(tmp_path, officers=2) as desks:
        exchange_id = desks.waiting()
        assert desks.item(exchange_id)["officers"] == 2
        for _ in range(2):  # the same officer twice is still one
            half = desks.act(exchange_id, "approve")
            assert (half["state"], half["outcome"]) == ("partly-approved", "")
            assert "decision" not in half
        assert desks.refresh(exchange_id)["outcome"] == "review"
        assert desks.act(exchange_id, "approve", "desk2")["outcome"] == "permitted"
        assert desks.refresh(exchange_id)["outcome"] == "permitted"
        decided = [e for e in desks.entries("FI", exchange_id) if e.kind is KINDS.REVIEW_DECIDED]
        assert [e.official for e in decided] == [pseudonym(desks.fi.own, name) for name in ("desk", "desk2")]
        assert desks.answers(exchange_id) == ["review", "permitted"]
