"""Descriptors, fingerprints and the peer table."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from comity.errors import Conflict, Malformed, NotFound, Reason, Unauthenticated, Unavailable
from comity.identity.certificates import load_certificates
from comity.identity.descriptor import Descriptor, open_descriptor, seal_descriptor
from comity.identity.node import CA_CERTIFICATE, create_identity, issue_staff, load_identity, load_staff
from comity.identity.spiffe import SpiffeId
from comity.identity.store import (
    Peer,
    PeerBook,
    PeerState,
    StaffMember,
    add_peer,
    add_staff,
    remove_peer,
    set_state,
)
from comity.store import Store

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Country:
    def __init__(self, folder: Path, code: str, domain: str) -> None:
        create_identity(folder, code, domain, "node-1", NOW)
        self.identity = load_identity(folder, SpiffeId(domain, "node", "node-1"))
        self.descriptor = Descriptor(
            country=code,
            authority="police",
            node=str(self.identity.node_id),
            ca_pem=self.identity.ca_pem.decode(),
            certificate_pem=self.identity.certificate_pem.decode(),
            addresses=("127.0.0.1:7443",),
            ledger_vkey=f"{domain}/ledger+00000000+AA==",
            languages=("en",),
        )

    def envelope(self, **changes) -> bytes:
        descriptor = Descriptor(**{**{f: getattr(self.descriptor, f) for f in Descriptor.__slots__}, **changes})
        return seal_descriptor(descriptor, self.identity.key, self.identity.key_id)


@pytest.fixture(scope="module")
def ee(tmp_path_factory) -> Country:
    return Country(tmp_path_factory.mktemp("ee") / "keys", "EE", "police.ee")


@pytest.fixture(scope="module")
def other_ee(tmp_path_factory) -> Country:
    return Country(tmp_path_factory.mktemp("ee2") / "keys", "EE", "police.ee")


def test_a_descriptor_survives_the_round_trip(ee: Country) -> None:
    opened = open_descriptor(ee.envelope(), NOW)
    assert opened == ee.descriptor
    assert len(opened.fingerprint.split()) == 8


def test_a_changed_descriptor_does_not_open(ee: Country) -> None:
    envelope = json.loads(ee.envelope())
    payload = json.loads(base64.b64decode(envelope["payload"]))
    payload["addresses"] = ["10.0.0.1:1"]
    envelope["payload"] = base64.b64encode(json.dumps(payload).encode()).decode()
    with pytest.raises(Unauthenticated):
        open_descriptor(json.dumps(envelope).encode(), NOW)


@pytest.mark.parametrize(
    "changes",
    [
        {"country": "Estonia"},
        {"addresses": ()},
        {"addresses": ("unix:/tmp/x",)},
        {"addresses": ("http://a:1",)},
        {"addresses": ("file:///etc/passwd",)},
        {"node": "spiffe://police.ee/staff/x"},
        {"ledger_vkey": "poliisi.fi/ledger+00000000+AA=="},  # would stand in for another country's ledger
        {"ledger_vkey": "police.ee/ledger"},
        {"ledger_vkey": "police.ee/ledger+00000000+AA==\nmore"},
        {"ledger_vkey": 5},
        {"ca_pem": 5},
        {"certificate_pem": None},
        {"languages": "en"},
        {"authority": ["a"]},
    ],
)
def test_bad_descriptors_are_refused(ee: Country, changes) -> None:
    with pytest.raises((Malformed, Unauthenticated)):
        open_descriptor(ee.envelope(**changes), NOW)


_LIST = b'{"payloadType": "x", "payload": "W10=", "signatures": [{"sig": "AA=="}]}'


@pytest.mark.parametrize("junk", [_LIST, b"", b"{}", b"[]", b"\xff", b'{"payload": "!"}', b"x" * 70_000])
def test_junk_is_malformed(junk: bytes) -> None:
    with pytest.raises(Malformed):
        open_descriptor(junk, NOW)


def test_a_changed_identity_needs_confirmation(store: Store, ee: Country, other_ee: Country) -> None:
    with store.write() as tx:
        add_peer(tx, ee.envelope(), own_country="FI", at=NOW)
        add_peer(tx, ee.envelope(addresses=("10.1.1.1:7443",)), own_country="FI", at=NOW)  # same identity, moved
    with pytest.raises(Conflict, match="another fingerprint"), store.write() as tx:
        add_peer(tx, other_ee.envelope(), own_country="FI", at=NOW)
    with store.write() as tx:
        add_peer(tx, other_ee.envelope(), own_country="FI", at=NOW, replace=True)
    book = PeerBook(store)
    book.refresh()
    assert book.get("EE").descriptor.fingerprint == other_ee.descriptor.fingerprint


def test_a_node_is_not_its_own_peer(store: Store, ee: Country) -> None:
    with pytest.raises(Conflict), store.write() as tx:
        add_peer(tx, ee.envelope(), own_country="EE", at=NOW)


def test_the_book_follows_the_table(store: Store, ee: Country) -> None:
    book = PeerBook(store)
    book.refresh()
    with pytest.raises(NotFound):
        book.get("EE")
    with store.write() as tx:
        add_peer(tx, ee.envelope(), own_country="FI", at=NOW)
    book.refresh()
    peer, party = book.identify(ee.identity.certificate_pem, NOW)
    assert (peer.country, party.key_id) == ("EE", ee.identity.key_id)
    with store.write() as tx:
        set_state(tx, "EE", PeerState.SUSPENDED, NOW)
    book.refresh()
    assert book.identify(ee.identity.certificate_pem, NOW)[0].state is PeerState.SUSPENDED
    with store.write() as tx:
        remove_peer(tx, "EE")
    book.refresh()
    with pytest.raises(Unauthenticated) as refused:
        book.identify(ee.identity.certificate_pem, NOW)
    assert refused.value.reason is Reason.UNKNOWN_PEER


def test_a_certificate_that_ran_out_is_refused_even_when_known(store: Store, ee: Country) -> None:
    with store.write() as tx:
        add_peer(tx, ee.envelope(), own_country="FI", at=NOW)
    book = PeerBook(store)
    book.refresh()
    book.identify(ee.identity.certificate_pem, NOW)
    with pytest.raises(Unauthenticated):
        book.identify(ee.identity.certificate_pem, NOW + timedelta(days=90))


def test_a_fresh_descriptor_may_not_change_the_identity(store: Store, ee: Country, other_ee: Country) -> None:
    with store.write() as tx:
        add_peer(tx, ee.envelope(), own_country="FI", at=NOW)
    book = PeerBook(store)
    book.refresh()
    with pytest.raises(Unauthenticated):
        book.learn("EE", other_ee.envelope(), NOW)
    assert book.signer("EE", other_ee.identity.key_id, NOW) is None


def test_keys_are_private_and_made_once(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    create_identity(keys, "EE", "police.ee", "node-1", NOW)
    assert {path.name: path.stat().st_mode & 0o077 for path in keys.glob("*.key")} == dict.fromkeys(
        ("ca.key", "node.key", "ledger.key", "kek.key", "pseudonym.key", "bundle.key"), 0
    )
    with pytest.raises(Conflict):
        create_identity(keys, "EE", "police.ee", "node-1", NOW)
    (keys / "node.key").chmod(0o640)
    with pytest.raises(Unavailable, match="chmod 600"):
        load_identity(keys, SpiffeId("police.ee", "node", "node-1"))


def test_staff_certificates_come_from_the_own_ca(tmp_path: Path) -> None:
    create_identity(tmp_path / "keys", "EE", "police.ee", "node-1", NOW)
    issue_staff(tmp_path / "keys", tmp_path / "staff", "police.ee", "mari", NOW)
    _, pem = load_staff(tmp_path / "staff", "mari")
    ca = load_certificates((tmp_path / "keys" / CA_CERTIFICATE).read_bytes())[0]
    x509.load_pem_x509_certificate(pem).verify_directly_issued_by(ca)
    with pytest.raises(Conflict):
        issue_staff(tmp_path / "keys", tmp_path / "staff", "police.ee", "mari", NOW)
    with pytest.raises(NotFound):
        load_staff(tmp_path / "staff", "jaan")


@pytest.mark.parametrize("name", ["../evil", "J\u00fcri", "A B", "", "x" * 64])
def test_a_staff_name_that_is_no_name_makes_no_file(tmp_path: Path, name: str) -> None:
    create_identity(tmp_path / "keys", "EE", "police.ee", "node-1", NOW)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(Malformed):
        issue_staff(tmp_path / "keys", tmp_path / "staff", "police.ee", name, NOW)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_key_file_that_holds_no_key_is_named(tmp_path: Path) -> None:
    create_identity(tmp_path / "keys", "EE", "police.ee", "node-1", NOW)
    (tmp_path / "keys" / "ledger.key").write_bytes(b"cut off")
    with pytest.raises(Unavailable, match=r"ledger\.key"):
        load_identity(tmp_path / "keys", SpiffeId("police.ee", "node", "node-1"))


def test_a_staff_member_is_entered_once(store: Store) -> None:
    member = StaffMember("investigator", "investigator", "police")
    with store.write() as tx:
        add_staff(tx, member)
    with pytest.raises(Conflict), store.write() as tx:
        add_staff(tx, member)
    with pytest.raises(Malformed), store.write() as tx:
        add_staff(tx, StaffMember("other", "Bad Role", "police"))


def test_who_was_proven_before_a_change_is_not_known_after_it(
    store: Store, ee: Country, other_ee: Country, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table changes while a certificate is being proven: the proof must not outlive the old CA bundle."""
    with store.write() as tx:
        add_peer(tx, ee.envelope(), own_country="FI", at=NOW)
    book = PeerBook(store)
    book.refresh()
    prove = Peer.prove

    def slow(self, leaf, at):
        party = prove(self, leaf, at)
        with store.write() as tx:
            add_peer(tx, other_ee.envelope(), own_country="FI", at=NOW, replace=True)
        book.refresh()
        return party

    monkeypatch.setattr(Peer, "prove", slow)
    book.identify(ee.identity.certificate_pem, NOW)
    monkeypatch.undo()
    with pytest.raises(Unauthenticated):
        book.identify(ee.identity.certificate_pem, NOW)
