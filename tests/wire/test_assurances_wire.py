"""Assurances over the real wire: what satisfies policy, what does not, and what stays known. Both databases."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
import rfc8785
from cryptography import x509
from support.world import CODEC, Refused, World, make_world

from comity.app import policy_in_force
from comity.errors import NotFound
from comity.exchange import assurance as signed
from comity.exchange.assurances import Wish
from comity.exchange.ids import new_exchange_id
from comity.exchange.model import Case, Official
from comity.exchange.requester import Requester
from comity.identity.certificates import certificate_pem, issue
from comity.identity.keys import key_id, load_identity_key, new_identity_key
from comity.identity.node import CA_KEY
from comity.identity.signature import sign
from comity.ledger.entry import EntryKind
from comity.ledger.verify import verify_ledger, verify_vault
from comity.wire.courier import GrpcCourier

KIND = "no-death-penalty"
AGREEMENT = "ee-fi-police-2026"
CAPITAL = ("capital",)
GIVER = Official("ee-judge", "prosecutor", "prosecutor")
DESK = Official("fi-desk", "desk-officer", "nbi")


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def promised(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    databases = None
    if request.param == "postgres":
        new_database = request.getfixturevalue("new_database")
        databases = {"EE": new_database(), "FI": new_database()}
    with make_world(tmp_path_factory.mktemp("promised"), databases=databases) as made:
        made.ee.ledger.recover()
        yield made


def give(world: World, *, case: str = "", days: float = 30, to: str = "FI", agreement: str = AGREEMENT) -> Any:
    now = datetime.now(UTC)
    wish = Wish(KIND, agreement, case, "will not be sought or carried out", now + timedelta(days=days))
    given = world.ee.assurances.give(wish, world.ee.peers.get(to), GIVER, now)
    return given, world.ee.assurances.open(world.ee.assurances.get(given.id))[1]


def ask(world: World, *envelopes: bytes, case: str = "K-1") -> Any:
    """A question about an offence that may be punished by death, with these envelopes."""
    facts = world.circumstances()
    facts = replace(facts, offence=replace(facts.offence, kinds=CAPITAL), case=Case(case, "investigation"))
    return world.send(world.request(world.header(facts, envelopes=envelopes)))


def outcome(world: World, *envelopes: bytes, case: str = "K-1") -> tuple[str, set[str]]:
    sent = ask(world, *envelopes, case=case)
    assert not isinstance(sent, Refused), sent
    verdict = CODEC.decode_reply(sent[0]).verdict
    return verdict.outcome, {reason.code for reason in verdict.reasons}


PERMITTED = ("permitted", set())
LACKING = ("refused", {"death_penalty_no_assurance"})


def test_without_one_the_question_is_refused_and_words_alone_do_not_help(promised: World) -> None:
    facts = promised.circumstances(assurances=(KIND,))
    facts = replace(facts, offence=replace(facts.offence, kinds=CAPITAL))
    answer = promised.answered(promised.request(promised.header(facts)))
    assert {reason.code for reason in answer.verdict.reasons} == LACKING[1]
    assert outcome(promised) == LACKING


def test_a_signed_one_is_proven_kept_and_satisfies(promised: World) -> None:
    given, envelope = give(promised)
    before = promised.fi_size()
    assert outcome(promised, envelope.encode()) == PERMITTED
    assert promised.fi_size() == before + 2  # taken in, and answered
    assert outcome(promised, envelope.encode()) == PERMITTED
    assert promised.fi_size() == before + 3
    fi = promised.fi.own.assurances
    held = fi.get(given.id)
    assert (held.giver, held.recipient, held.status) == ("EE", "FI", "given")
    assert fi.open(held)[0] == given
    theirs, ours = ([s.entry for s in node.ledger.by_exchange(given.id)] for node in (promised.fi.node, promised.ee))
    assert [entry.kind for entry in theirs] == [entry.kind for entry in ours] == [EntryKind.ASSURANCE_CHANGED]
    assert theirs[0].request_commitment == ours[0].request_commitment != b""
    assert (theirs[0].requester, theirs[0].outcome) == (str(promised.ee.identity.node_id), "given")


def changed(envelope: signed.Envelope, **fields: Any) -> bytes:
    """The envelope with another payload, under the signature of the first."""
    document = {**json.loads(envelope.payload), **fields}
    return replace(envelope, payload=rfc8785.dumps(document)).encode()


def refused(world: World, *envelopes: bytes) -> Refused:
    before = world.fi_size()
    sent = ask(world, *envelopes)
    assert isinstance(sent, Refused), "it was answered"
    assert world.fi_size() == before
    return sent


def forgeries(world: World) -> dict[str, bytes]:
    given, envelope = give(world)
    key, now = new_identity_key(), datetime.now(UTC)
    lv = world.sandbox.home("LV").keys
    ca = x509.load_pem_x509_certificate((lv / "ca.pem").read_bytes())
    foreign = certificate_pem(
        issue(ca, load_identity_key(lv / CA_KEY), world.ee.identity.node_id, key.public_key(), at=now, days=1)
    )
    by_stranger = sign(key, envelope.kind, envelope.payload)
    mine = world.ee.identity
    request_type = sign(mine.key, "application/vnd.comity.v1.SearchRequest+protobuf", envelope.payload)
    return {
        "another kind": changed(envelope, kind="no-torture"),
        "a longer life": changed(envelope, expires_at=given.expires_at + 1),
        "another case": changed(envelope, case="K-2"),
        "no signature": replace(envelope, signature=b"").encode(),
        "a bit of the signature": replace(envelope, signature=envelope.signature[:-1] + b"\0").encode(),
        "a stranger's key": replace(envelope, signature=by_stranger).encode(),
        "a certificate of another country's CA": replace(
            envelope, signature=by_stranger, certificate=foreign, key_id=key_id(key.public_key())
        ).encode(),
        "a key id that is not the certificate's": replace(envelope, key_id="0" * 64).encode(),
        "signed as another kind of message": replace(envelope, signature=request_type).encode(),
    }


FORGERIES = (
    "another kind",
    "a longer life",
    "another case",
    "no signature",
    "a bit of the signature",
    "a stranger's key",
    "a certificate of another country's CA",
    "a key id that is not the certificate's",
    "signed as another kind of message",
)


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_one_is_no_question_at_all(promised: World, name: str) -> None:
    made = forgeries(promised)
    assert set(made) == set(FORGERIES)
    answer = refused(promised, made[name])
    assert answer.code is grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.parametrize(
    "junk",
    [b"{}", b"\xff", b"[" * 5000, b'{"payload": "", "payloadType": "x", "signatures": []}'],
)
def test_junk_is_malformed(promised: World, junk: bytes) -> None:
    assert refused(promised, junk).code is grpc.StatusCode.INVALID_ARGUMENT


def test_a_document_with_other_fields_is_malformed_even_if_signed(promised: World) -> None:
    _, envelope = give(promised)
    mine = promised.ee.identity
    honest = json.loads(envelope.payload)
    for document in ({"x": 1}, {**honest, "extra": "1"}, {**honest, "expires_at": True}):
        payload = rfc8785.dumps(document)
        resigned = replace(envelope, payload=payload, signature=sign(mine.key, envelope.kind, payload))
        assert refused(promised, resigned.encode()).code is grpc.StatusCode.INVALID_ARGUMENT
    loose = json.dumps(json.loads(envelope.payload), indent=1).encode()
    resigned = replace(envelope, payload=loose, signature=sign(mine.key, envelope.kind, loose))
    assert refused(promised, resigned.encode()).code is grpc.StatusCode.INVALID_ARGUMENT


def test_one_given_to_another_country_is_refused(promised: World) -> None:
    _, envelope = give(promised, to="LV", agreement="ee-lv-police-2026")
    answer = refused(promised, envelope.encode())
    assert (answer.code, answer.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "WRONG_AUDIENCE")


def test_replayed_under_another_agreement_or_case_it_counts_for_nothing(promised: World) -> None:
    _, other_agreement = give(promised, agreement="baltic-nordic-2026")
    assert outcome(promised, other_agreement.encode()) == LACKING
    _, one_case = give(promised, case="K-7")
    assert outcome(promised, one_case.encode(), case="K-7") == PERMITTED
    assert outcome(promised, one_case.encode(), case="K-8") == LACKING


def test_run_out_it_counts_for_nothing(promised: World) -> None:
    """The giver's clock may say otherwise: what has run out at the country asked has run out, to the second."""
    given, envelope = give(promised)
    now = int(datetime.now(UTC).timestamp())
    over = replace(given, id=new_exchange_id(datetime.now(UTC)), issued_at=now - 60, expires_at=now)
    payload = signed.payload_of(over)
    resigned = replace(envelope, payload=payload, signature=sign(promised.ee.identity.key, envelope.kind, payload))
    assert outcome(promised, resigned.encode()) == LACKING
    assert outcome(promised, envelope.encode()) == PERMITTED


def test_signed_by_a_key_that_has_rotated_it_is_still_proven(promised: World) -> None:
    """An older key of EE's node, by a certificate that EE's CA issued: proven as of the day it was given."""
    keys, old = promised.sandbox.home("EE").keys, new_identity_key()
    ca = x509.load_pem_x509_certificate((keys / "ca.pem").read_bytes())
    leaf = issue(
        ca,
        load_identity_key(keys / CA_KEY),
        promised.ee.identity.node_id,
        old.public_key(),
        at=datetime.now(UTC),
        days=1,
    )
    given, envelope = give(promised)
    fresh = replace(given, id=new_exchange_id(datetime.now(UTC)))
    payload = signed.payload_of(fresh)
    rotated = replace(
        envelope,
        payload=payload,
        signature=sign(old, envelope.kind, payload),
        key_id=key_id(old.public_key()),
        certificate=certificate_pem(leaf),
    )
    assert outcome(promised, rotated.encode()) == PERMITTED
    before = replace(fresh, id=new_exchange_id(datetime.now(UTC)), issued_at=fresh.issued_at - 86_400)
    payload = signed.payload_of(before)
    backdated = replace(rotated, payload=payload, signature=sign(old, envelope.kind, payload))
    assert refused(promised, backdated.encode()).code is grpc.StatusCode.UNAUTHENTICATED


def test_the_same_id_with_other_content_is_a_replay(promised: World) -> None:
    given, envelope = give(promised)
    assert outcome(promised, envelope.encode()) == PERMITTED
    other = replace(given, text="something else")
    payload = signed.payload_of(other)
    resigned = replace(envelope, payload=payload, signature=sign(promised.ee.identity.key, envelope.kind, payload))
    answer = refused(promised, resigned.encode())
    assert (answer.code, answer.reason) == (grpc.StatusCode.ALREADY_EXISTS, "REPLAY")


def test_a_desk_officer_verifies_and_it_still_satisfies(promised: World) -> None:
    given, envelope = give(promised)
    outcome(promised, envelope.encode())
    fi = promised.fi.own.assurances
    held = fi.verify(given.id, promised.fi.node.peers.get("EE"), DESK, datetime.now(UTC))
    assert held.status == "verified"
    assert outcome(promised, envelope.encode()) == PERMITTED
    assert [s.entry.outcome for s in promised.fi.node.ledger.by_exchange(given.id)] == ["given", "verified"]


@pytest.mark.parametrize("status", ["withdrawn", "breached"])
def test_what_the_country_asked_holds_for_withdrawn_or_breached_stays_so(promised: World, status: str) -> None:
    given, envelope = give(promised)
    assert outcome(promised, envelope.encode()) == PERMITTED
    fi, ee = promised.fi.own.assurances, promised.fi.node.peers.get("EE")
    if status == "withdrawn":
        fi.withdraw(given.id, ee, DESK, datetime.now(UTC))
    else:
        fi.breach(given.id, ee, "he was sentenced to death", DESK, datetime.now(UTC))
        assert fi.note(fi.get(given.id)) == "he was sentenced to death"
    assert outcome(promised, envelope.encode()) == LACKING
    assert promised.fi.own.assurances.get(given.id).status == status


@contextmanager
def asking(world: World) -> Iterator[Requester]:
    courier = GrpcCourier(world.ee.identity)
    with policy_in_force(world.ee.agreements(), world.ee.settings.policy) as policy:
        requester = Requester(world.ee.own(lambda: policy), world.ee.peers, courier, CODEC)
        yield requester
        requester.close()
        courier.close()


def test_the_node_picks_the_valid_one_and_tells_of_a_withdrawal_with_the_next_question(promised: World) -> None:
    given, _ = give(promised, case="K-99")
    facts = promised.circumstances(assurances=(KIND,), case=Case("K-99", "investigation"))
    facts = replace(facts, offence=replace(facts.offence, kinds=CAPITAL))
    plain = promised.circumstances()
    with asking(promised) as requester:
        _, result = requester.ask(facts, promised.query(), ("FI",), timedelta(seconds=10))
        assert (result.outcome, result.receipt) == ("permitted", "verified"), result
        fi, ee = promised.fi.own.assurances, promised.ee.assurances
        assert fi.get(given.id).status == "given"
        for held in ee.every("FI"):  # every other one of this module, too
            if held.status == "given":
                ee.withdraw(held.id, promised.ee.peers.get("FI"), GIVER, datetime.now(UTC))
        with pytest.raises(NotFound, match="comity assurance give"):
            list(requester.ask(facts, promised.query(), ("FI",), timedelta(seconds=10)))
        assert fi.get(given.id).status == "given"
        while ee.untold().get("FI"):  # ten at a time
            before = len(ee.untold()["FI"])
            _, result = requester.ask(plain, promised.query(), ("FI",), timedelta(seconds=10))
            assert result.receipt == "verified", result
            assert len(ee.untold().get("FI", [])) < before
        assert fi.get(given.id).status == "withdrawn"
    entries = promised.fi.node.ledger.by_exchange(given.id)
    assert [stored.entry.outcome for stored in entries] == ["given", "withdrawn"]


def test_a_withdrawal_by_somebody_else_changes_nothing(promised: World) -> None:
    given, envelope = give(promised)
    outcome(promised, envelope.encode())
    now = int(datetime.now(UTC).timestamp())
    payload = signed.payload_of(signed.Withdrawal(given.id, "EE", "FI", now))
    stranger = new_identity_key()
    forged = replace(
        envelope, kind=signed.WITHDRAWAL, payload=payload, signature=sign(stranger, signed.WITHDRAWAL, payload)
    )
    assert refused(promised, forged.encode()).code is grpc.StatusCode.UNAUTHENTICATED
    assert promised.fi.own.assurances.get(given.id).status == "given"


def test_the_text_stands_in_no_table_and_everything_verifies(promised: World) -> None:
    secret = "Heinrich Mustermann"
    wish = Wish(KIND, AGREEMENT, "", secret, datetime.now(UTC) + timedelta(days=1))
    given = promised.ee.assurances.give(wish, promised.ee.peers.get("FI"), GIVER, datetime.now(UTC))
    envelope = promised.ee.assurances.open(promised.ee.assurances.get(given.id))[1]
    assert outcome(promised, envelope.encode()) == PERMITTED
    assert secret in base64.b64decode(json.loads(envelope.encode())["payload"]).decode()
    for node in (promised.ee, promised.fi.node):
        assert verify_ledger(node.store, node.ledger.vkey) == []
        assert verify_vault(node.store, node.vault) == []
        from sqlalchemy import MetaData, select

        found = MetaData()
        found.reflect(node.store.engine)
        with node.store.read() as tx:
            for table in found.tables.values():
                for row in tx.execute(select(table)):
                    assert secret not in repr(tuple(row)), table.name
