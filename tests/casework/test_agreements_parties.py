"""Agreements between whole nodes over mutual TLS: the road of a text, every refusal, suspension, end."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.agreements import changed, read, sample
from support.parties import CODEC, Party, officer, running_parties

from comity.app import office_of, open_node
from comity.casework.agreement_messages import Notice, Proposal, Signatures, StatusQuery
from comity.casework.statements import Statement, StatementAct, declare, read_statement
from comity.cli.checks import check_node
from comity.errors import Conflict, Forbidden, Malformed, NotFound, Precondition, Reason
from comity.exchange.ports import Undelivered
from comity.identity.access import RPCS
from comity.identity.descriptor import seal_descriptor
from comity.identity.store import add_peer
from comity.policy.agreement import Agreement
from comity.policy.lifecycle import State, Step
from comity.policy.scenarios import scenario_input
from comity.policy.store import forget_messages, message_row, read_content, read_events, to_ms, undelivered
from comity.store.engine import insert_rows
from comity.wire.agreement import METHODS
from comity.wire.courier import GrpcCourier
from comity.wire.desk_service import DeskGate
from comity.wire.peer_service import PeerGate

ID = "ee-fi-police-2026"
MANY = "baltic-nordic-2026"


@pytest.fixture(scope="module")
def parties(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Party]]:
    with running_parties(tmp_path_factory.mktemp("parties"), ["EE", "FI", "LV"]) as made:
        yield made


@pytest.fixture
def ee(parties: dict[str, Party]) -> Party:
    return parties["EE"]


@pytest.fixture
def fi(parties: dict[str, Party]) -> Party:
    return parties["FI"]


_numbers = iter(range(1000))


def fresh(**changes: object) -> tuple[bytes, Agreement]:
    """The text of an agreement that nobody knows yet."""
    content = sample(agreement=f"ee-fi-new-{next(_numbers)}", revision=1, **changes)
    return content, read(content)


def next_text(party: Party, agreement: str = ID, **changes: object) -> tuple[bytes, Agreement]:
    """A higher revision of the newest text both sides agreed."""
    newest = party.standing(agreement).newest
    with party.node.own.store.read() as tx:
        content = read_content(tx, newest.text.digest)
    amended = changed(content, revision=newest.text.revision + 1, **changes)
    return amended, read(amended)


def statement(party: Party, of: Agreement, act: StatementAct, **changes: object) -> bytes:
    """A statement of a party, with whatever a test wants wrong."""
    now = to_ms(datetime.now(UTC))
    own = party.node.own
    made = Statement(
        of.id, of.revision, of.digest, "", act, own.country, own.node_id, "x-1", "policy-officer", now, now
    )
    return declare(own.identity, replace(made, **changes)).envelope


def newest_digest(party: Party, agreement: str) -> str:
    return party.standing(agreement).newest.text.digest


def test_from_draft_to_in_force_on_both_sides(ee: Party, fi: Party) -> None:
    content, text = fresh()
    told = ee.proposed(content, text.digest, text.id)
    assert [(d.country, d.state) for d in told.deliveries] == [("FI", "told")]
    assert fi.standing(text.id).texts[text.digest].state is State.PROPOSED
    assert text.id not in {held.id for held in fi.held()}
    done = fi.signed(text.id, text.digest)
    assert done.held.state is State.IN_FORCE
    for party in (ee, fi):
        held = party.standing(text.id).texts[text.digest]
        assert (held.state, held.signed_by) == (State.IN_FORCE, {"EE", "FI"})
        assert [a.digest for a in party.held() if a.id == text.id] == [text.digest]
        with party.node.own.store.read() as tx:
            assert read_content(tx, text.digest) == content
            signed = [e for e in read_events(tx, text.id) if e.envelope]
        assert sorted(read_statement(e.envelope).country for e in signed) == ["EE", "FI"]
    ours, theirs = (party.node.own.identity.node_id.trust_domain for party in (ee, fi))
    assert ee.steps(text.id) == [
        ("drafted", ours), ("checked", ours), ("simulated", ours), ("approved", ours), ("proposed", ours),
        ("countersigned", theirs), ("agreed", ours), ("in-force", ours),
    ]  # fmt: skip
    assert fi.steps(text.id) == [
        ("proposed", ours), ("checked", theirs), ("simulated", theirs), ("approved", theirs),
        ("countersigned", theirs), ("agreed", theirs), ("in-force", theirs),
    ]  # fmt: skip
    entry = next(e for e in fi.entries(text.id) if e.note == "proposed")
    assert (entry.official, entry.official_role) == ("ee-a", "policy-officer")
    assert (entry.agreement_revision, entry.agreement_digest.hex()) == (1, text.digest)
    mirrored = next(e for e in ee.entries(text.id) if e.note == "proposed")
    assert entry.object_digest == mirrored.object_digest != b""


def test_a_text_whose_day_has_not_come_waits(ee: Party, fi: Party) -> None:
    content, text = fresh(instrument={"in_force": "2030-01-01"})
    ee.proposed(content, text.digest, text.id)
    assert fi.signed(text.id, text.digest).held.state is State.AGREED
    assert text.id not in {held.id for held in ee.held()}
    named = {"agreement": text.id, "digest": text.digest}
    (reason,) = ee.node.own.policy().decide({**_question(ee), "basis": named}).reasons
    assert "not yet in force" in reason.message
    with pytest.raises(Precondition, match="2030-01-01"):
        ee.acts.activate(text.id, ee.a)
    day = datetime(2030, 1, 1, tzinfo=UTC)
    assert text.digest in {held.digest for held in ee.node.office.book.in_force(day).agreements}
    assert ee.node.office.book.in_force(datetime.now(UTC)).changes_at is not None


def test_every_party_of_many_ends_with_every_signature(parties: dict[str, Party]) -> None:
    ee, fi, lv = (parties[code] for code in ("EE", "FI", "LV"))
    many = {"parties": ["EE", "FI", "LV"]}
    content, text = _three()
    told = ee.proposed(content, text.digest, text.id)
    assert {(d.country, d.state) for d in told.deliveries} == {("FI", "told"), ("LV", "told")}
    assert fi.signed(text.id, text.digest).held.state is State.PROPOSED
    assert lv.standing(text.id).texts[text.digest].signed_by == {"EE", "FI"}
    assert lv.signed(text.id, text.digest).held.state is State.IN_FORCE
    for party in parties.values():
        held = party.standing(text.id).texts[text.digest]
        assert (held.state, held.signed_by) == (State.IN_FORCE, set(many["parties"]))
        (status,) = party.node.office.outbox.ask(party.peer("FI" if party is not fi else "EE"), text.id).texts
        assert {read_statement(s).country for s in status.signatures} == set(many["parties"])
    ee.acts.suspend(text.id, ee.a)
    assert text.id in ee.node.office.book.in_force(datetime.now(UTC)).suspended
    (held,) = [each for each in lv.held() if each.id == text.id]
    assert held.data["suspended_by"] == ["EE"]
    for one, other, codes in (
        (lv, "EE", {"agreement_suspended"}),
        (lv, "FI", set()),
        (ee, "FI", {"agreement_suspended"}),
    ):
        found = one.node.own.policy().decide(_question(one, text.id, other)).codes
        assert set(found) & {"agreement_suspended", "no_basis"} == codes, (one.code, other)
    ee.acts.resume(text.id, ee.a)
    assert [each.data["suspended_by"] for each in lv.held() if each.id == text.id] == [[]]


def _three() -> tuple[bytes, Agreement]:
    def edit(document: dict) -> None:
        keep = ["EE", "FI", "LV"]
        document["parties"] = keep
        for key in ("authorities", "languages"):
            document[key] = {country: document[key][country] for country in keep}
        for term in document["terms"]:
            term["providers"] = [country for country in term["providers"] if country in keep]
        document["scenarios"] = [
            case
            for case in document["scenarios"]
            if {case["input"].get("self", {}).get("country"), case["input"].get("peer", {}).get("country")}
            <= {*keep, None}
        ]

    content = sample(MANY, agreement=f"three-{next(_numbers)}", revision=1, edit=edit)
    return content, read(content)


def test_four_eyes(ee: Party, fi: Party) -> None:
    content, text = fresh()
    ee.acts.draft(content, ee.a, "")
    with pytest.raises(Forbidden) as refused:
        ee.acts.approve(text.id, text.digest, ee.a)
    assert refused.value.reason is Reason.FOUR_EYES
    with pytest.raises(Precondition, match="once a second officer"):
        ee.acts.propose(text.id, text.digest, ee.a)
    ee.acts.approve(text.id, text.digest, ee.b)
    ee.acts.propose(text.id, text.digest, ee.a)
    with pytest.raises(Forbidden, match="first officer"):
        fi.acts.countersign(text.id, text.digest, fi.a)
    fi.acts.approve(text.id, text.digest, fi.a)
    with pytest.raises(Forbidden, match="second officer"):
        fi.acts.countersign(text.id, text.digest, fi.a)
    assert text.id not in {held.id for held in fi.held()}


def test_concurrent_edits_of_a_draft(ee: Party) -> None:
    content, text = fresh()
    ee.acts.draft(content, ee.a, "")
    edits = [changed(content, title=f"Another title, {name}") for name in "ab"]
    ee.acts.draft(edits[0], ee.a, text.digest[:10])
    size = len(ee.entries(text.id))
    with pytest.raises(Conflict, match="changed by somebody else") as refused:
        ee.acts.draft(edits[1], ee.b, text.digest)
    assert refused.value.detail["draft_digest"] == read(edits[0]).digest
    with pytest.raises(Conflict):
        ee.acts.draft(edits[1], ee.b, "")
    with pytest.raises(Precondition, match="discarded"):
        ee.acts.approve(text.id, text.digest, ee.b)
    assert len(ee.entries(text.id)) == size
    ee.acts.discard(text.id, read(edits[0]).digest, ee.b)
    assert ee.standing(text.id).draft is None


def test_a_draft_whose_scenarios_fail_is_kept_but_not_approved(ee: Party) -> None:
    content, text = fresh(edit=lambda d: d["scenarios"][0]["expect"].update(outcome="refused"))
    trial = ee.acts.draft(content, ee.a, "").trial
    assert not trial.passed
    with pytest.raises(Precondition, match="scenarios must pass"):
        ee.acts.approve(text.id, text.digest, ee.b)
    with pytest.raises(Malformed) as refused:
        ee.acts.draft(sample(terms=[]), ee.a, "")
    assert refused.value.violations
    with pytest.raises(Malformed, match="no party"):
        ee.acts.draft(sample("fi-se-nordic-2026"), ee.a, "")


def test_a_proposal_whose_scenarios_differ_here_is_not_approved(ee: Party, fi: Party) -> None:
    content, text = fresh(edit=lambda d: d["scenarios"][0]["expect"].update(outcome="refused"))
    envelope = statement(ee, text, StatementAct.SIGNED)
    ee.say("FI", Proposal(content, text.digest, "", (envelope,)))
    with pytest.raises(Precondition, match="fraud with a maximum"):
        fi.acts.approve(text.id, text.digest, fi.a)


def test_a_proposal_changed_in_flight(ee: Party, fi: Party) -> None:
    content, text = fresh()
    envelope = statement(ee, text, StatementAct.SIGNED)
    method, message = ee.message("FI", Proposal(content, text.digest, "", (envelope,)))
    altered = replace(message, payload=message.payload.replace(b"P180D", b"P980D"))
    assert altered.payload != message.payload
    with pytest.raises(Undelivered) as refused:
        ee.send("FI", method, altered)
    assert refused.value.reason == "SIGNATURE_INVALID"
    other = content.replace(b"P180D", b"P980D")
    wrong = ee.refused("FI", Proposal(other, text.digest, "", (envelope,)))
    assert (wrong.reason, "changed on the way" in str(wrong)) == ("AGREEMENT_MISMATCH", True)
    wrong = ee.refused("FI", Proposal(other, read(other).digest, "", (envelope,)))
    assert (wrong.reason, "another text" in str(wrong)) == ("AGREEMENT_MISMATCH", True)
    assert fi.standing(text.id).texts == {}
    assert fi.entries(text.id) == []


def test_a_signature_by_an_unknown_or_wrong_key(ee: Party, fi: Party, parties: dict[str, Party]) -> None:
    content, text = fresh()
    lv = parties["LV"]
    good = statement(ee, text, StatementAct.SIGNED)
    by_lv = statement(lv, text, StatementAct.SIGNED, country="EE", node=ee.node.own.node_id)
    for_se = statement(lv, text, StatementAct.SIGNED, country="SE")
    outer = json.loads(good)
    outer["signatures"][0]["sig"] = json.loads(by_lv)["signatures"][0]["sig"]
    swapped = json.dumps(outer).encode()
    lent = json.loads(by_lv)
    lent["signatures"][0]["cert"] = json.loads(good)["signatures"][0]["cert"]
    for envelope, reason in (
        (by_lv, {"TRUST_DOMAIN_MISMATCH"}),
        (for_se, {"UNKNOWN_PEER"}),
        (swapped, {"SIGNATURE_INVALID"}),
        (json.dumps(lent).encode(), {"SIGNATURE_INVALID"}),
        (statement(fi, text, StatementAct.SIGNED), {"SIGNATURE_INVALID"}),
    ):
        assert ee.refused("FI", Proposal(content, text.digest, "", (good, envelope))).reason in reason
    assert ee.refused("FI", Proposal(content, text.digest, "", (b"{}",))).reason == "MALFORMED"
    assert ee.refused("FI", Proposal(content, text.digest, "", ())).reason == "SIGNATURE_INVALID"
    assert lv.refused("FI", Proposal(content, text.digest, "", (good,))).reason == "METHOD_NOT_ALLOWED"
    assert fi.standing(text.id).texts == {}
    ee.proposed(content, text.digest, text.id)
    for envelope in (by_lv, for_se):
        refusal = fi.refused("EE", Signatures(text.id, text.digest, (envelope,)))
        assert refusal.reason in ("SIGNATURE_INVALID", "UNKNOWN_PEER")
    late = statement(fi, text, StatementAct.SUSPENDED)
    assert fi.refused("EE", Signatures(text.id, text.digest, (late,))).reason == "AGREEMENT_MISMATCH"
    assert ee.standing(text.id).texts[text.digest].signed_by == {"EE"}


def test_a_replayed_message_and_a_replayed_proposal(ee: Party, fi: Party) -> None:
    content, text = fresh()
    envelope = statement(ee, text, StatementAct.SIGNED)
    proposal = Proposal(content, text.digest, "", (envelope,))
    method, message = ee.message("FI", proposal)
    ee.send("FI", method, message)
    size = len(fi.entries(text.id))
    with pytest.raises(Undelivered) as again:
        ee.send("FI", method, message)
    assert again.value.reason == "REPLAY"
    assert ee.refused("FI", proposal).reason == "REPLAY"
    stale = datetime.now(UTC) - timedelta(minutes=10)
    assert ee.refused("FI", proposal, issued_at=stale).reason == "STALE_REQUEST"
    assert ee.refused("FI", proposal, recipient="spiffe://other.example/node/x").reason == "WRONG_AUDIENCE"
    assert len(fi.entries(text.id)) == size == 1


def test_a_revision_that_does_not_follow(ee: Party, fi: Party) -> None:
    newest = newest_digest(ee, ID)
    for revision, amends in ((2, newest), (3, newest), (4, ""), (4, "0" * 64)):
        content = sample(revision=revision, title="Another text")
        text = read(content)
        envelope = statement(ee, text, StatementAct.SIGNED, amends=amends)
        refusal = ee.refused("FI", Proposal(content, text.digest, amends, (envelope,)))
        reason = "NOT_FOUND" if amends == "0" * 64 else "AGREEMENT_MISMATCH"
        assert (refusal.reason, "does not follow" in str(refusal)) == (reason, True)
    with pytest.raises(Precondition, match="does not follow"):
        ee.acts.draft(sample(revision=2), ee.a, "")
    assert newest_digest(fi, ID) == newest


def test_a_proposal_that_is_refused_for_good_is_told_to_the_officer(ee: Party, fi: Party) -> None:
    """FI holds another text of that number, signed on paper, that EE does not know of."""
    content, text = fresh()
    other = changed(content, title="What FI holds on paper")
    fi.node.office.turns.adopt([(other, "paper.yaml")])
    told = ee.proposed(content, text.digest, text.id)
    assert [(each.state, each.reason) for each in told.deliveries] == [("refused", "AGREEMENT_MISMATCH")]
    assert "does not follow" in told.deliveries[0].message
    warned = [each for each in check_node(ee.node.node) if each.subject == f"agreement {text.id}"]
    assert any("FI refused revision 1 (AGREEMENT_MISMATCH)" in each.message for each in warned)
    with ee.node.own.store.read() as tx:
        assert undelivered(tx) == []


def test_an_amendment_replaces_the_text_in_force(ee: Party, fi: Party) -> None:
    before = newest_digest(ee, ID)
    content, text = next_text(ee, title="Amended")
    ee.proposed(content, text.digest, text.id)
    assert [held.digest for held in fi.held() if held.id == ID] == [before]
    fi.signed(text.id, text.digest)
    for party in (ee, fi):
        assert [held.digest for held in party.held() if held.id == ID] == [text.digest]
        assert party.node.own.policy().agreements[ID].digest == text.digest
    stale_content = sample(revision=text.revision, title="Late")
    stale = read(stale_content)
    refusal = ee.refused(
        "FI", Proposal(stale_content, stale.digest, before, (statement(ee, stale, StatementAct.SIGNED, amends=before),))
    )
    assert refusal.reason == "AGREEMENT_MISMATCH"


def test_two_proposals_of_one_number_cross(ee: Party, fi: Party) -> None:
    ours, one = next_text(ee, title="Ours")
    theirs, two = next_text(fi, title="Theirs")
    ee.proposed(ours, one.digest, ID)
    told = fi.proposed(theirs, two.digest, ID)
    assert [(each.country, each.state) for each in told.deliveries] == [("EE", "told")]
    ee.acts.approve(ID, two.digest, ee.a)
    with pytest.raises(Conflict, match="signed revision"):
        ee.acts.countersign(ID, two.digest, ee.b)
    higher = changed(ours, revision=one.revision + 1)
    third = read(higher)
    ee.proposed(higher, third.digest, ID)
    fi.signed(ID, third.digest)
    assert newest_digest(ee, ID) == newest_digest(fi, ID) == third.digest
    fi.acts.approve(ID, one.digest, fi.a)
    with pytest.raises(Precondition, match="does not follow"):
        fi.acts.countersign(ID, one.digest, fi.b)


def test_either_side_suspends_and_only_it_resumes(ee: Party, fi: Party) -> None:
    def suspended() -> list[bool]:
        return [ID in p.node.office.book.in_force(datetime.now(UTC)).suspended for p in (ee, fi)]

    assert suspended() == [False, False]
    told = fi.acts.suspend(ID, officer("FI", "d", "desk-officer"), "a court asked for it")
    assert told.deliveries[0].state == "told"
    assert suspended() == [True, True]
    assert [p.standing(ID).suspended_by(to_ms(datetime.now(UTC))) for p in (ee, fi)] == [{"FI"}, {"FI"}]
    assert ee.standing(ID).pauses[-1].note == "a court asked for it"
    assert all("court" not in e.note for e in [*ee.entries(ID), *fi.entries(ID)])
    with pytest.raises(Conflict, match="only FI can resume"):
        ee.acts.resume(ID, ee.a)
    with pytest.raises(Conflict, match="suspended it already"):
        fi.acts.suspend(ID, fi.a)
    ee.acts.suspend(ID, ee.a)
    fi.acts.resume(ID, fi.a)
    assert suspended() == [True, True]
    ee.acts.resume(ID, ee.a)
    assert suspended() == [False, False]
    for party in (ee, fi):
        assert [step for step, _ in party.steps(ID)][-4:] == ["suspended", "suspended", "resumed", "resumed"]


def test_another_process_suspends_and_the_next_message_is_refused(ee: Party, fi: Party) -> None:
    """A second process on FI's home, as `comity agreement suspend` beside a node that does not answer its desk port."""
    assert _suspended(fi) == _suspended(ee) == set()
    with open_node(fi.node.node.home) as beside:
        courier = GrpcCourier(beside.identity)
        office = office_of(beside, beside.own(fi.node.own.policy), courier)
        office.agreements.suspend(ID, fi.a)
        assert ID in _suspended(fi)
        assert ID in _suspended(ee)
        office.agreements.resume(ID, fi.a)
        assert ID not in _suspended(fi) | _suspended(ee)
        courier.close()


def _suspended(party: Party) -> set[str]:
    """What the policy of the running node, as its next message would see it, holds as suspended."""
    decision = party.node.own.policy().decide(_question(party))
    return {ID for reason in decision.reasons if reason.code == "agreement_suspended"}


AUTHORITIES = {"EE": "ppa", "FI": "nbi", "LV": "vp"}


def _question(party: Party, agreement: str = ID, other: str = "") -> dict:
    other = other or ("EE" if party.code == "FI" else "FI")
    text = next(held for held in party.held() if held.id == agreement)
    document = scenario_input(text, text.scenarios[0])
    now = int(datetime.now(UTC).timestamp()) // 3600 * 3600
    return {
        **document,
        "time": now,
        "self": {"country": party.code},
        "peer": {**document["peer"], "country": other},
        "requester": {
            **document["requester"],
            "country": other,
            "authority": AUTHORITIES[other],
            "role": "investigator",
        },
        "basis": {"agreement": agreement, "digest": text.digest},
    }


def test_a_suspension_binds_only_whoever_says_it(ee: Party, fi: Party, parties: dict[str, Party]) -> None:
    held = next(a for a in ee.held() if a.id == ID)
    lv = parties["LV"]
    assert lv.refused("FI", Notice(statement(lv, held, StatementAct.SUSPENDED))).reason == "METHOD_NOT_ALLOWED"
    for_ee = statement(lv, held, StatementAct.SUSPENDED, country="EE", node=ee.node.own.node_id)
    assert lv.refused("FI", Notice(for_ee)).reason == "SIGNATURE_INVALID"
    assert ee.refused("FI", Notice(statement(ee, held, StatementAct.SIGNED))).reason == "STALE_REQUEST"
    unknown = replace(held, id="nothing-of-this-name")
    assert ee.refused("FI", Notice(statement(ee, unknown, StatementAct.SUSPENDED))).reason == "NOT_FOUND"
    assert fi.standing(ID).suspended_by(to_ms(datetime.now(UTC))) == frozenset()


def test_an_old_suspension_said_again(ee: Party, fi: Party) -> None:
    held = next(a for a in ee.held() if a.id == ID)
    old = statement(ee, held, StatementAct.SUSPENDED)
    ee.say("FI", Notice(old))
    assert ID in fi.node.office.book.in_force(datetime.now(UTC)).suspended
    ee.say("FI", Notice(statement(ee, held, StatementAct.RESUMED)))
    assert ee.refused("FI", Notice(old)).reason == "REPLAY"
    assert ID not in fi.node.office.book.in_force(datetime.now(UTC)).suspended


def readdress(party: Party, other: Party, *addresses: str) -> None:
    """The other party's descriptor as it hands it out, with these addresses; none: its real ones."""
    node = other.node.node
    descriptor = node.descriptor()
    moved = replace(descriptor, addresses=addresses or descriptor.addresses)
    with party.node.own.store.write() as tx:
        envelope = seal_descriptor(moved, node.identity.key, node.identity.key_id)
        add_peer(tx, envelope, own_country=party.code, at=datetime.now(UTC))


def test_a_peer_that_is_away_never_delays_a_suspension(ee: Party, fi: Party) -> None:
    readdress(ee, fi, "127.0.0.1:1")
    told = ee.acts.suspend(ID, ee.a)
    assert [(d.country, d.state) for d in told.deliveries] == [("FI", "pending")]
    assert ID in ee.node.office.book.in_force(datetime.now(UTC)).suspended
    assert ID not in fi.node.office.book.in_force(datetime.now(UTC)).suspended
    with ee.node.own.store.read() as tx:
        assert [peer for peer, event in undelivered(tx) if event.step is Step.SUSPENDED] == ["FI"]
    readdress(ee, fi)
    ee.node.office.turn()
    assert ID in fi.node.office.book.in_force(datetime.now(UTC)).suspended
    with ee.node.own.store.read() as tx:
        assert undelivered(tx) == []
    ee.acts.resume(ID, ee.a)
    assert ID not in fi.node.office.book.in_force(datetime.now(UTC)).suspended


def test_a_peer_that_sends_without_end_is_held_up_but_may_suspend(ee: Party, fi: Party) -> None:
    now = datetime.now(UTC)
    ids = [f"flood-{number}" for number in range(300)]
    with fi.node.own.store.write() as tx:
        insert_rows(tx, [message_row("EE", each, now) for each in ids])
    content, text = fresh()
    proposal = Proposal(content, text.digest, "", (statement(ee, text, StatementAct.SIGNED),))
    assert ee.refused("FI", proposal).reason == "QUOTA"
    held = next(each for each in ee.held() if each.id == ID)
    ee.say("FI", Notice(statement(ee, held, StatementAct.SUSPENDED)))
    resume = Notice(statement(ee, held, StatementAct.RESUMED))
    assert ee.refused("FI", resume).reason == "QUOTA"
    with fi.node.own.store.write() as tx:
        forget_messages(tx, now + timedelta(seconds=1))
    ee.say("FI", resume)
    ee.say("FI", proposal)


def test_status_is_for_parties_only(ee: Party, parties: dict[str, Party]) -> None:
    texts = ee.say("FI", StatusQuery(ID)).texts
    assert texts[-1].digest == newest_digest(ee, ID)
    assert parties["LV"].refused("FI", StatusQuery(ID)).reason == "NOT_FOUND"
    assert ee.refused("FI", StatusQuery("nothing-of-this-name")).reason == "NOT_FOUND"
    assert CODEC.request_type(CODEC.method(StatusQuery(ID))) == "AgreementServiceGetStatusRequest"


def test_the_end_of_an_agreement(ee: Party, fi: Party) -> None:
    content, text = fresh()
    ee.proposed(content, text.digest, text.id)
    fi.signed(text.id, text.digest)
    later = to_ms(datetime.now(UTC) + timedelta(days=90))
    with pytest.raises(Malformed, match="past"):
        fi.acts.end(text.id, fi.a, from_ms=1_000)
    fi.acts.end(text.id, fi.a, "", later)
    for party in (ee, fi):
        assert text.id in {held.id for held in party.held()}
        assert party.standing(text.id).ended == {"FI": later}
        assert party.node.office.book.in_force(datetime.fromtimestamp(later / 1000, UTC)).agreements
        assert text.id not in {
            held.id for held in party.node.office.book.in_force(datetime.fromtimestamp(later / 1000, UTC)).agreements
        }
    with pytest.raises(Conflict, match="ended it already"):
        fi.acts.end(text.id, fi.a)
    ee.acts.end(text.id, ee.a)
    for party in (ee, fi):
        assert text.id not in {held.id for held in party.held()}
    with pytest.raises(Precondition, match="has ended"):
        ee.acts.suspend(text.id, ee.a)
    with pytest.raises((NotFound, Precondition)):
        ee.acts.end("nothing-of-this-name", ee.a)


def test_every_agreement_call_of_the_access_table_has_a_handler(ee: Party) -> None:
    gate = PeerGate(ee.node.node.peers, ee.node.node.clock)
    handled = {*ee.node.office.peer_handlers(gate), *ee.node.office.desk_handlers(DeskGate(ee.node.own))}
    assert handled == {method for method in RPCS if "AgreementService" in method or method.endswith("Agreement")}


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.sampled_from(METHODS), st.binary(max_size=300))
def test_junk_is_malformed(method: str, junk: bytes) -> None:
    for decode in (CODEC.decode_request, CODEC.decode_reply):
        with pytest.raises(Malformed):
            decode(method, junk)


def test_every_broken_rule_of_a_message_is_told(ee: Party, fi: Party) -> None:
    refusal = ee.refused("FI", Signatures("Not A Code", "xyz", (b"x" * 20_000,)), message_id="1")
    assert refusal.reason == "MALFORMED"
    for field in ("header.message_id", "agreement", "digest", "signatures"):
        assert field in str(refusal)
    assert ee.refused("FI", Proposal(b"agreement: [", "0" * 64, "", (b"{}",))).reason == "MALFORMED"
    assert fi.standing("not a code").texts == {}


def test_who_is_left_out_of_a_new_text_hears_nothing_of_it(ee: Party, parties: dict[str, Party]) -> None:
    def two_only(document: dict[str, Any]) -> None:
        kept = ["EE", "FI"]
        document["parties"] = list(kept)
        for part in ("authorities", "languages"):
            document[part] = {country: document[part][country] for country in kept}
        document["terms"] = [{**term, "providers": list(kept)} for term in document["terms"]]
        document["declarations"] = []
        document["scenarios"] = document["scenarios"][:1]

    content, text = next_text(ee, MANY, edit=two_only)
    amends = newest_digest(ee, MANY)
    signed = statement(ee, text, StatementAct.SIGNED, amends=amends)
    ee.say("FI", Proposal(content, text.digest, amends, (signed,)))
    assert text.digest in {each.digest for each in ee.say("FI", StatusQuery(MANY)).texts}
    heard = parties["LV"].say("FI", StatusQuery(MANY)).texts
    assert heard
    assert text.digest not in {each.digest for each in heard}
