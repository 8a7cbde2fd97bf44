"""Statements: what proves itself, and that nothing else does."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.casework.statements import (
    PAYLOAD_TYPE,
    Statement,
    StatementAct,
    declare,
    prove_statement,
    read_statement,
)
from comity.errors import Malformed, Unauthenticated
from comity.identity.descriptor import Descriptor
from comity.identity.node import NodeIdentity, create_identity, load_identity
from comity.identity.signature import sign
from comity.identity.spiffe import SpiffeId
from comity.identity.store import Peer, PeerState

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)


def make(folder: Path, country: str) -> tuple[NodeIdentity, Peer]:
    domain = f"police.{country.lower()}"
    create_identity(folder, country, domain, "node-1", AT - timedelta(hours=1))
    identity = load_identity(folder, SpiffeId(domain, "node", "node-1"))
    descriptor = Descriptor(
        country=country,
        authority="police",
        node=str(identity.node_id),
        ca_pem=identity.ca_pem.decode(),
        certificate_pem=identity.certificate_pem.decode(),
        addresses=("127.0.0.1:1",),
        ledger_vkey="",
        languages=("en",),
    )
    return identity, Peer(country, PeerState.ACTIVE, descriptor, tuple(descriptor.ca_bundle))


@pytest.fixture(scope="module")
def ee(tmp_path_factory: pytest.TempPathFactory) -> tuple[NodeIdentity, Peer]:
    return make(tmp_path_factory.mktemp("keys") / "ee", "EE")


@pytest.fixture(scope="module")
def fi(tmp_path_factory: pytest.TempPathFactory) -> tuple[NodeIdentity, Peer]:
    return make(tmp_path_factory.mktemp("keys") / "fi", "FI")


def statement(identity: NodeIdentity, **changes: Any) -> Statement:
    moment = int(AT.timestamp() * 1000)
    made = Statement(
        "x-2026", 2, "ab" * 32, "", StatementAct.SIGNED, "EE", str(identity.node_id), "ee-1", "policy-officer", moment,
        moment,
    )  # fmt: skip
    return replace(made, **changes)


def resealed(identity: NodeIdentity, envelope: bytes, change: Callable[[dict], None]) -> bytes:
    """The envelope with a changed payload, signed anew by its own node: what a faulty peer could send."""
    outer = json.loads(envelope)
    document = json.loads(base64.b64decode(outer["payload"]))
    change(document)
    payload = rfc8785.dumps(document)
    outer["payload"] = base64.b64encode(payload).decode()
    outer["signatures"][0]["sig"] = base64.b64encode(sign(identity.key, PAYLOAD_TYPE, payload)).decode()
    return json.dumps(outer).encode()


def test_a_statement_proves_itself(ee: tuple[NodeIdentity, Peer]) -> None:
    identity, peer = ee
    said = statement(identity, note="härra")
    envelope = declare(identity, said).envelope
    assert read_statement(envelope) == said
    assert prove_statement(envelope, peer, AT).statement == said
    assert prove_statement(envelope, peer, AT + timedelta(days=3000)).statement == said  # years later


def test_another_countrys_node_cannot_speak(ee: tuple[NodeIdentity, Peer], fi: tuple[NodeIdentity, Peer]) -> None:
    forged = declare(fi[0], statement(ee[0])).envelope
    with pytest.raises(Unauthenticated):
        prove_statement(forged, ee[1], AT)
    with pytest.raises(Unauthenticated, match="not by the node"):
        prove_statement(declare(ee[0], statement(ee[0])).envelope, fi[1], AT)
    with pytest.raises(Unauthenticated, match="not by the node"):
        prove_statement(declare(ee[0], statement(ee[0], node="spiffe://police.ee/node/other")).envelope, ee[1], AT)


def test_a_certificate_must_have_been_valid_and_the_date_not_ahead(ee: tuple[NodeIdentity, Peer]) -> None:
    identity, peer = ee
    before = declare(identity, statement(identity, at=int((AT - timedelta(days=2)).timestamp() * 1000))).envelope
    with pytest.raises(Unauthenticated, match="not valid"):
        prove_statement(before, peer, AT)
    ahead = declare(identity, statement(identity, at=int((AT + timedelta(hours=2)).timestamp() * 1000))).envelope
    with pytest.raises(Malformed, match="future"):
        prove_statement(ahead, peer, AT)


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.pop("note"),
        lambda d: d.update(more="x"),
        lambda d: d.update(act="ceded"),
        lambda d: d.update(revision="2"),
        lambda d: d.update(revision=0),
        lambda d: d.update(at=True),
        lambda d: d.update(at=1 << 52),
        lambda d: d.update(effective_at=1 << 52),
        lambda d: d.update(official="x" * 65),
        lambda d: d.update(agreement="x" * 129),
        lambda d: d.update(note="a\u202eb"),
        lambda d: d.update(note="a\nb"),
        lambda d: d.update(note="x" * 501),
        lambda d: d.update(official=None),
    ],
)
def test_what_a_statement_may_hold(ee: tuple[NodeIdentity, Peer], change: Callable[[dict], None]) -> None:
    identity, peer = ee
    envelope = resealed(identity, declare(identity, statement(identity)).envelope, change)
    with pytest.raises(Malformed):
        prove_statement(envelope, peer, AT)


def test_only_canonical_payloads(ee: tuple[NodeIdentity, Peer]) -> None:
    identity, peer = ee
    outer = json.loads(declare(identity, statement(identity)).envelope)
    payload = base64.b64decode(outer["payload"]).replace(b",", b", ", 1)
    outer["payload"] = base64.b64encode(payload).decode()
    outer["signatures"][0]["sig"] = base64.b64encode(sign(identity.key, PAYLOAD_TYPE, payload)).decode()
    with pytest.raises(Malformed, match="canonical"):
        prove_statement(json.dumps(outer).encode(), peer, AT)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.integers(0, 9_999), st.integers(1, 255))
def test_no_changed_byte_proves_anything_else(ee: tuple[NodeIdentity, Peer], place: int, flip: int) -> None:
    identity, peer = ee
    said = statement(identity)
    envelope = bytearray(declare(identity, said).envelope)
    envelope[place % len(envelope)] ^= flip
    try:
        proven = prove_statement(bytes(envelope), peer, AT)
    except (Malformed, Unauthenticated):
        return
    assert proven.statement == said  # the certificate's PEM holds white space that means nothing


@given(st.binary(max_size=200) | st.recursive(st.none() | st.text(), st.lists, max_leaves=5).map(
    lambda value: json.dumps({"payload": value, "signatures": [value], "payloadType": value}).encode()))  # fmt: skip
def test_junk_is_malformed(junk: bytes) -> None:
    with pytest.raises(Malformed):
        read_statement(junk)
