"""Policy is activated while peers ask: no exchange fails, one set decides each, and the new one the next message."""

import gc
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.activation import write_event
from support.world import CODEC, Refused, World, make_world

from comity.app import open_node, policy_holder
from comity.enactment import activate_bundle, policy_standing
from comity.errors import Tampered
from comity.ledger.entry import EntryKind, LedgerEntry, decode_entry
from comity.policy.bundle import PolicySet, build, bundle_bytes
from comity.policy.lifecycle import Step
from comity.wire import metadata


@pytest.fixture(params=["sqlite", "postgres"])
def busy(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    url = {"FI": request.getfixturevalue("fresh_postgres")} if request.param == "postgres" else None
    with make_world(tmp_path_factory.mktemp("busy"), databases=url) as made:
        yield made


def digest_of(world: World) -> str:
    """Ask a question that must be permitted; return the policy that the receipt says decided it."""
    sent = world.send(world.request())
    assert not isinstance(sent, Refused), sent
    assert CODEC.decode_reply(sent[0]).verdict.outcome == "permitted"
    receipt = metadata.receipt_of(sent[1])
    assert receipt is not None
    return decode_entry(receipt.entry).policy_digest.hex()


def other_set(world: World, country: str) -> PolicySet:
    """The set in force, and one more country's offences: another digest, the same answers."""
    held = policy_standing(world.fi.node).wanted
    offences = {**held.data["comity"]["offences"], country: {"iccs": [], "list": []}}
    return build(held.agreements, offences=offences, national=held.national)


def activate(world: World, policy: PolicySet, sequence: int) -> None:
    """Activate as another process does: `comity policy activate FILE`."""
    with open_node(world.sandbox.home("FI")) as node:
        raw = bundle_bytes(policy, sequence, node.activations().signer)
        assert activate_bundle(node, raw).sequence == sequence


def test_no_exchange_fails_and_each_is_decided_by_one_set(busy: World) -> None:
    digests, seen, done = [digest_of(busy)], [], threading.Event()

    def traffic() -> None:
        while not done.is_set():
            seen.append(digest_of(busy))

    with ThreadPoolExecutor(4) as pool:
        workers = [pool.submit(traffic) for _ in range(4)]
        try:
            for number in range(2, 7):
                policy = other_set(busy, f"X{'ABCDEFG'[number]}")
                activate(busy, policy, number)
                digests.append(policy.digest)
                assert digest_of(busy) == policy.digest  # the very next message
        finally:
            done.set()
        for worker in workers:
            worker.result()
    assert set(seen) <= set(digests)
    assert len(set(digests)) == 6
    assert len(seen) > 20
    assert [entry.policy_digest.hex() for entry in entries(busy, EntryKind.POLICY_ACTIVATED)] == digests


def entries(world: World, kind: EntryKind) -> list[LedgerEntry]:
    ledger = world.fi.own.ledger
    return [stored.entry for stored in ledger.range(0, 100_000) if stored.entry.kind is kind]


def test_a_refused_bundle_changes_nothing_at_the_running_node_nor_after_its_restart(busy: World) -> None:
    newer, older = other_set(busy, "XA"), policy_standing(busy.fi.node).wanted
    activate(busy, newer, 5)
    with open_node(busy.sandbox.home("FI")) as node:
        signer = node.activations().signer
        for raw in (bundle_bytes(older, 4, signer), bundle_bytes(older, 5, signer), bundle_bytes(older, 9)):
            with pytest.raises(Tampered):
                activate_bundle(node, raw)
    assert digest_of(busy) == newer.digest
    codes = [entry.note for entry in entries(busy, EntryKind.ALARM)]
    assert codes == ["policy refused: rollback", "policy refused: rollback", "policy refused: unsigned"]
    with open_node(busy.sandbox.home("FI")) as restarted, policy_holder(restarted) as policy:
        assert (policy().sequence, policy().digest) == (5, newer.digest)
        with pytest.raises(Tampered, match="--sequence 6"):
            activate_bundle(restarted, bundle_bytes(older, 4, signer))


def test_a_suspension_by_another_process_counts_with_the_next_message(busy: World) -> None:
    with open_node(busy.sandbox.home("FI")) as node:
        between = [each for each in node.agreements() if {"EE", "FI"} <= set(each.parties)]
        before = digest_of(busy)
        for each in between:
            write_event(node.store, Step.SUSPENDED, each, node.clock(), country="FI")
        answer = busy.answered(busy.request())
        assert answer.verdict.outcome == "refused"
        assert answer.verdict.reasons
        for each in between:
            write_event(node.store, Step.RESUMED, each, node.clock(), country="FI")
        assert digest_of(busy) == before


def test_with_an_opa_process_too(tmp_path: Path, opa_binary: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMITY_OPA", opa_binary)
    with make_world(tmp_path, engine="opa") as world:
        old = world.fi.own.policy().engine
        first, policy = digest_of(world), other_set(world, "XA")
        activate(world, policy, 2)
        assert digest_of(world) == policy.digest != first
        assert world.fi.own.policy().engine.alive()
        assert old.alive()  # held here, as an exchange under way holds it
        group = old._engine.group
        del old
        gc.collect()
        assert not Path(f"/proc/{group}").exists()
