"""What must be refused, each over the real wire; after each, nothing was answered and no answer was logged."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import grpc
import pytest
from support.world import CODEC, Refused, World

from comity.exchange.model import Basis
from comity.identity.certificates import certificate_pem, issue, new_ca
from comity.identity.keys import load_identity_key, new_identity_key, private_pem
from comity.identity.node import CA_KEY
from comity.identity.signature import SignedMessage
from comity.identity.spiffe import SpiffeId
from comity.identity.store import PeerState, set_state
from comity.records.query import Identifier
from comity.wire import metadata

Code = grpc.StatusCode


def refused(world: World, message: SignedMessage, **how) -> Refused:
    """Send a message that must be refused, and see that the ledger did not grow by it."""
    before = world.fi_size()
    sent = world.send(message, **how)
    assert isinstance(sent, Refused), "it was answered"
    assert world.fi_size() == before
    return sent


def test_the_world_answers_what_is_right(world: World) -> None:
    before = world.fi_size()
    answer = world.answered(world.request())
    assert answer.verdict.outcome == "permitted"
    assert answer.findings.hit
    assert world.fi_size() == before + 1


def test_no_client_certificate(world: World) -> None:
    with world.channel(bare=True) as channel:
        assert refused(world, world.request(), channel=channel).code is Code.UNAVAILABLE  # TLS itself refuses


def test_unknown_ca(world: World) -> None:
    key, ca_key, now = new_identity_key(), new_identity_key(), datetime.now(UTC)
    ca = new_ca(ca_key, "police.ee", "EE", now)
    leaf = issue(ca, ca_key, world.ee.identity.node_id, key.public_key(), at=now, days=1)
    with world.channel(private_pem(key), certificate_pem(leaf)) as channel:
        assert refused(world, world.request(), channel=channel).code is Code.UNAVAILABLE


def test_certificate_of_another_members_ca_naming_this_peer(world: World) -> None:
    """LV's CA is a member's, so TLS lets it through; the second check must not."""
    lv = world.sandbox.home("LV").keys
    key, now = new_identity_key(), datetime.now(UTC)
    from cryptography import x509

    ca = x509.load_pem_x509_certificate((lv / "ca.pem").read_bytes())
    leaf = issue(ca, load_identity_key(lv / CA_KEY), world.ee.identity.node_id, key.public_key(), at=now, days=1)
    with world.channel(private_pem(key), certificate_pem(leaf)) as channel:
        answer = refused(world, world.request(), channel=channel)
    assert (answer.code, answer.reason) == (Code.UNAUTHENTICATED, "TRUST_DOMAIN_MISMATCH")


def test_another_node_of_the_same_country(world: World) -> None:
    keys, key, now = world.sandbox.home("EE").keys, new_identity_key(), datetime.now(UTC)
    from cryptography import x509

    ca = x509.load_pem_x509_certificate((keys / "ca.pem").read_bytes())
    other = SpiffeId("police.ee", "node", "node-2")
    leaf = issue(ca, load_identity_key(keys / CA_KEY), other, key.public_key(), at=now, days=1)
    with world.channel(private_pem(key), certificate_pem(leaf)) as channel:
        assert refused(world, world.request(), channel=channel).reason == "UNKNOWN_PEER"


def test_signature_missing(world: World) -> None:
    answer = refused(world, world.request(), fields=())
    assert (answer.code, answer.reason) == (Code.UNAUTHENTICATED, "SIGNATURE_INVALID")


def test_signature_wrong(world: World) -> None:
    message = world.request()
    broken = bytearray(message.signature)
    broken[-1] ^= 1
    answer = refused(world, replace(message, signature=bytes(broken)))
    assert (answer.code, answer.reason) == (Code.UNAUTHENTICATED, "SIGNATURE_INVALID")


def test_one_changed_bit_in_the_message(world: World) -> None:
    message = world.request()
    payload = bytearray(message.payload)
    payload[len(payload) // 2] ^= 1
    assert refused(world, replace(message, payload=bytes(payload))).reason == "SIGNATURE_INVALID"


def test_signature_by_another_key(world: World) -> None:
    from comity.identity.keys import key_id
    from comity.identity.signature import payload_type, sign

    message, key = world.request(), new_identity_key()
    signature = sign(key, payload_type("SearchRequest"), message.payload)
    honest = replace(message, signature=signature, key_id=key_id(key.public_key()))
    assert refused(world, honest).reason == "SIGNATURE_INVALID"
    assert refused(world, replace(message, signature=signature)).reason == "SIGNATURE_INVALID"


def test_signature_twice(world: World) -> None:
    message = world.request()
    fields = (*metadata.of_message(message), (metadata.KEY_ID, message.key_id))
    assert refused(world, message, fields=fields).reason == "SIGNATURE_INVALID"


def test_wrong_audience(world: World) -> None:
    header = world.header(recipient="spiffe://vp.gov.lv/node/node-1")
    answer = refused(world, world.request(header))
    assert (answer.code, answer.reason) == (Code.FAILED_PRECONDITION, "WRONG_AUDIENCE")


def test_sender_is_somebody_else(world: World) -> None:
    header = world.header(sender="spiffe://vp.gov.lv/node/node-1")
    assert refused(world, world.request(header)).reason == "WRONG_AUDIENCE"


@pytest.mark.parametrize("minutes", [-10, 10])
def test_stale(world: World, minutes: int) -> None:
    then = datetime.now(UTC) + timedelta(minutes=minutes)
    header = world.header(issued_at=then, expires_at=then + timedelta(minutes=1))
    answer = refused(world, world.request(header))
    assert (answer.code, answer.reason) == (Code.FAILED_PRECONDITION, "STALE_REQUEST")


def test_thirty_seconds_of_skew_are_fine(world: World) -> None:
    then = datetime.now(UTC) - timedelta(seconds=30)
    assert world.answered(world.request(world.header(issued_at=then))).verdict.outcome == "permitted"


def test_expired_and_living_too_long(world: World) -> None:
    now = datetime.now(UTC)
    past = world.header(issued_at=now - timedelta(seconds=20), expires_at=now - timedelta(seconds=1))
    assert refused(world, world.request(past)).reason == "STALE_REQUEST"
    long = world.header(expires_at=now + timedelta(days=1))
    assert refused(world, world.request(long)).reason == "STALE_REQUEST"


def test_replay_with_changed_content(world: World) -> None:
    header = world.header()
    world.answered(world.request(header))
    answer = refused(world, world.request(header, world.query(names=("Somebody Else",))))
    assert (answer.code, answer.reason) == (Code.ALREADY_EXISTS, "REPLAY")


def test_a_retry_returns_the_same_answer_and_no_second_entry(world: World) -> None:
    message = world.request()
    first = world.send(message)
    assert not isinstance(first, Refused)
    size = world.fi_size()
    again = world.send(message)
    assert not isinstance(again, Refused)
    assert again[0] == first[0]
    assert world.fi_size() == size
    fields = [{key: value for key, value in sent[1] if key != metadata.RECEIPT} for sent in (first, again)]
    assert fields[0][metadata.SIGNATURE] == fields[1][metadata.SIGNATURE]
    assert metadata.receipt_of(again[1]).entry == metadata.receipt_of(first[1]).entry


def test_retries_at_the_same_time_are_one_exchange(world: World) -> None:
    from concurrent.futures import ThreadPoolExecutor

    message, size = world.request(), world.fi_size()
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _n: world.send(message), range(8)))
    assert not [reply for reply in replies if isinstance(reply, Refused)]
    assert len({reply[0] for reply in replies}) == 1
    assert world.fi_size() == size + 1


@pytest.mark.parametrize(
    "method",
    [
        "/comity.v1.QueryService/Delete",
        "/comity.v1.DeskService/Ask",
        "/comity.v1.DeskService/GetStatus",
        "/comity.v1.QueryService/search",
        "//comity.v1.QueryService/Search",
        "/comity.v1.QueryService/Search/",
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    ],
)
def test_unlisted_rpc(world: World, method: str) -> None:
    answer = refused(world, world.request(), method=method)
    assert answer.code is Code.PERMISSION_DENIED or (answer.code is Code.UNIMPLEMENTED and method.startswith("//"))


def test_agreement_digest_mismatch(world: World) -> None:
    header = world.header(basis=replace(world.basis(), digest="0" * 64))
    answer = refused(world, world.request(header))
    assert (answer.code, answer.reason) == (Code.FAILED_PRECONDITION, "AGREEMENT_MISMATCH")


def test_an_agreement_that_nobody_knows_is_an_answer(world: World) -> None:
    header = world.header(basis=Basis("xx-yy-nothing", 1, "0" * 64))
    answer = world.answered(world.request(header))
    assert answer.verdict.outcome == "refused"
    assert [reason.code for reason in answer.verdict.reasons] == ["no_basis"]


def test_every_violation_is_named_and_no_value(world: World) -> None:
    facts = world.circumstances(purpose="Not A Code", nexus="secret\u202etext", assurances=("x",) * 50)
    answer = refused(world, world.request(world.header(facts, nonce=b"short")))
    assert (answer.code, answer.reason) == (Code.INVALID_ARGUMENT, "MALFORMED")
    for name in ("header.purpose", "header.nexus", "header.assurances", "header.nonce"):
        assert name in answer.text
    assert "secret" not in answer.text
    assert "Not A Code" not in answer.text


def test_a_field_of_a_newer_version_is_refused_not_dropped(world: World) -> None:
    extra = b"\xf2\x06\x04duty"  # field 110, which no message has
    answer = refused(world, world.ee.identity.sign(CODEC.request_type, world.request().payload + extra))
    assert (answer.code, answer.reason) == (Code.INVALID_ARGUMENT, "MALFORMED")
    assert "does not know" in answer.text


def test_junk_is_malformed(world: World) -> None:
    message = world.ee.identity.sign(CODEC.request_type, b"\xff\xff\xff\xff")
    assert refused(world, message).code is Code.INVALID_ARGUMENT


def test_a_time_that_no_calendar_has_is_malformed(world: World) -> None:
    from comity.v1 import query_service_pb2

    message = query_service_pb2.SearchRequest.FromString(world.request().payload)
    message.header.authorisation.type = "judge"
    message.header.authorisation.expires_at.seconds = 2**60
    signed = world.ee.identity.sign(CODEC.request_type, message.SerializeToString())
    assert refused(world, signed).code is Code.INVALID_ARGUMENT


@pytest.mark.parametrize("payload", [b"\xff\xff\xff", b"\x08\x01\x10" + b"\xff" * 9 + b"\x01"])
def test_a_consistency_proof_of_junk_or_beyond_the_ledger_is_refused(world: World, payload: bytes) -> None:
    message = SignedMessage("", payload, b"", "")
    answer = refused(world, message, method="/comity.v1.LedgerService/GetConsistencyProof", fields=())
    assert answer.code in (Code.INVALID_ARGUMENT, Code.NOT_FOUND)


def test_a_suspended_peer_is_refused_from_the_next_message_on(world: World) -> None:
    store = world.fi.node.store
    world.answered(world.request())
    with store.write() as tx:
        set_state(tx, "EE", PeerState.SUSPENDED, datetime.now(UTC))
    try:
        answer = refused(world, world.request())
        assert (answer.code, answer.reason) == (Code.PERMISSION_DENIED, "PEER_SUSPENDED")
    finally:
        with store.write() as tx:
            set_state(tx, "EE", PeerState.ACTIVE, datetime.now(UTC))
    world.answered(world.request())


def test_refusals_by_policy_are_answers_with_article_and_remedy(world: World) -> None:
    offence = replace(world.circumstances().offence, max_penalty_months=3)
    answer = world.answered(world.request(world.header(world.circumstances(offence=offence))))
    assert answer.verdict.outcome == "refused"
    assert "threshold" in {reason.code for reason in answer.verdict.reasons}
    assert all(reason.article and reason.remedy for reason in answer.verdict.reasons)
    assert answer.findings is None


def test_only_released_fields_are_in_the_bytes(world: World) -> None:
    """Search the wire bytes: what the decision does not name is nowhere in them."""
    secret = {"address": ["Salakatu 13, Turku"], "phone": ["+358401234567"], "idNumber": ["170384-913X"]}
    record = {
        "id": "planted",
        "schema": "Person",
        "properties": {"name": ["Planted Person"], "gender": ["male"], **secret},
    }
    world.fi.node.records.import_objects([record], category="wanted-persons", source="t", at=datetime.now(UTC))
    query = world.query(names=("Planted Person",), birth_date=None, identifiers=(Identifier("phone", "+358401234567"),))
    sent = world.send(world.request(query=query))
    assert not isinstance(sent, Refused)
    answer = CODEC.decode_reply(sent[0])
    assert answer.findings.released_fields == ("gender", "name")
    assert b"Planted Person" in sent[0]
    for values in secret.values():
        assert values[0].encode() not in sent[0]
    assert b"planted" not in sent[0]


def test_after_all_that_the_ledger_verifies(world: World) -> None:
    from comity.ledger.verify import verify_ledger, verify_vault

    fi = world.fi.node
    assert verify_ledger(fi.store, fi.ledger.vkey) == []
    assert verify_vault(fi.store, fi.vault) == []
