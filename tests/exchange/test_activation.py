"""Activation: one set at a time, atomically, never backwards (T20), and never past a suspension. On both databases."""

import gc
import gzip
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import delete, text
from support.activation import OURS, STRANGER, Bench, adopt, permitted_question, write_event
from support.agreements import sample

from comity.errors import Conflict, Precondition, Tampered, Unavailable
from comity.exchange.activation import check_agreements, policy_activation
from comity.exchange.holder import Parts
from comity.ledger.entry import EntryKind
from comity.policy import library
from comity.policy.agreement import Agreement
from comity.policy.bundle import MANIFEST, PolicySet, build, bundle_bytes, bundle_files, tar_bytes
from comity.policy.engine import Engine
from comity.policy.lifecycle import Step
from comity.policy.national import National
from comity.policy.signing import SIGNATURES
from comity.store import Store

EE_FI, EE_LV = "ee-fi-police-2026", "ee-lv-police-2026"


@pytest.fixture
def bench(store: Store) -> Bench:
    return Bench.on(store)


@pytest.fixture
def fi(bench: Bench) -> Agreement:
    return adopt(bench.store, sample(EE_FI))


@pytest.fixture
def lv(bench: Bench) -> Agreement:
    return adopt(bench.store, sample(EE_LV))


def activated(bench: Bench) -> list[str]:
    return [entry.note for entry in bench.entries(EntryKind.POLICY_ACTIVATED)]


def alarms(bench: Bench) -> list[str]:
    return [entry.note for entry in bench.entries(EntryKind.ALARM)]


# One set after the other


def test_the_first_call_activates_and_a_restart_takes_up_the_same(bench: Bench, fi: Agreement) -> None:
    first = bench.holder()()
    assert (first.sequence, set(first.agreements)) == (1, {fi.id})
    entry = bench.entries(EntryKind.POLICY_ACTIVATED)[0]
    newest = bench.activations().newest()
    assert newest is not None
    assert newest.revision == f"1-{first.digest}"
    assert entry.policy_digest.hex() == first.digest
    assert entry.object_digest == sha256(newest.bundle).digest()
    again = bench.holder()()
    assert (again.sequence, again.digest) == (1, first.digest)
    assert len(activated(bench)) == 1


def test_the_same_set_is_returned_while_nothing_changes(bench: Bench, fi: Agreement) -> None:
    holder = bench.holder()
    assert holder() is holder()
    assert len(bench.started) == 1
    assert fi.id in holder().agreements


def test_a_suspension_counts_with_the_next_call_and_a_resumption_too(bench: Bench, fi: Agreement) -> None:
    holder, question = bench.holder(), permitted_question(fi)
    before = holder()
    assert before.decide(question).outcome == "permitted"
    write_event(bench.store, Step.SUSPENDED, fi, bench.now)
    paused = holder()
    assert paused.decide(question).outcome == "refused"
    assert (paused.sequence, paused.barred) == (2, frozenset())
    write_event(bench.store, Step.RESUMED, fi, bench.now)
    resumed = holder()
    assert resumed.decide(question).outcome == "permitted"
    assert (resumed.sequence, resumed.digest) == (3, before.digest)
    assert [note.split()[:2] for note in activated(bench)] == [["sequence", str(number)] for number in (1, 2, 3)]


def test_what_changes_while_a_set_is_being_made_counts_with_the_next_call(bench: Bench, fi: Agreement) -> None:
    start = bench.start

    def meanwhile(policy: PolicySet, sequence: int) -> Engine:
        write_event(bench.store, Step.SUSPENDED, fi, bench.now)
        bench.start = start
        return start(policy, sequence)

    bench.start = meanwhile
    holder = bench.holder()
    assert holder().decide(permitted_question(fi)).outcome == "permitted"  # made of what was known when it was begun
    assert holder().decide(permitted_question(fi)).outcome == "refused"


def test_whoever_holds_a_set_ends_with_it_and_its_engine_ends_with_the_last_holder(bench: Bench, fi: Agreement) -> None:
    holder, question = bench.holder(), permitted_question(fi)
    under_way = holder()
    write_event(bench.store, Step.SUSPENDED, fi, bench.now)
    assert holder() is not under_way
    assert under_way.decide(question).outcome == "permitted"
    assert bench.started[0].alive()
    engine = under_way.engine
    del under_way
    gc.collect()
    assert bench.started[0].alive()  # somebody still holds the engine alone
    del engine
    gc.collect()
    assert not bench.started[0].alive()
    assert bench.started[1].alive()
    holder.close()
    assert not bench.started[1].alive()


def test_a_day_that_passes_counts(bench: Bench) -> None:
    early = adopt(bench.store, sample(EE_FI))
    late = adopt(bench.store, sample(EE_FI, revision=4, instrument={"in_force": "2026-11-02"}))
    holder = bench.holder()
    assert holder().agreements == {early.id: early}
    bench.now = datetime(2026, 11, 2, tzinfo=UTC)
    assert holder().agreements == {late.id: late}
    assert holder().sequence == 2


# When the new set cannot be activated


def test_a_suspension_holds_when_nothing_can_be_compiled(bench: Bench, fi: Agreement, lv: Agreement) -> None:
    holder = bench.holder()
    holder()
    bench.broken = True
    write_event(bench.store, Step.SUSPENDED, fi, bench.now)
    kept = holder()
    assert (kept.sequence, kept.barred) == (1, {fi.id})
    with pytest.raises(Unavailable, match="has changed"):
        kept.decide(permitted_question(fi))
    assert kept.decide(permitted_question(lv)).outcome == "permitted"
    assert holder() is kept  # not tried anew with every message
    assert alarms(bench) == ["policy refused: not activated"]
    bench.pass_time(3)
    assert holder().barred == {fi.id}
    assert len(alarms(bench)) == 1  # one alarm for one set
    bench.broken = False
    bench.pass_time(3)
    mended = holder()
    assert (mended.sequence, mended.barred) == (2, frozenset())
    assert mended.decide(permitted_question(fi)).outcome == "refused"


def broken_text() -> bytes:
    """The next revision, whose first permitted scenario states what policy will not answer."""

    def edit(document: dict[str, Any]) -> None:
        case = next(each for each in document["scenarios"] if each["expect"]["outcome"] == "permitted")
        case["expect"]["outcome"] = "review"

    return sample(EE_FI, revision=9, edit=edit)


def test_a_set_whose_scenarios_fail_is_not_activated(bench: Bench, fi: Agreement, lv: Agreement) -> None:
    holder = bench.holder()
    before = holder()
    amended = adopt(bench.store, broken_text())
    assert amended.revision == 9
    kept = holder()
    assert (kept.sequence, kept.digest, kept.barred) == (1, before.digest, {fi.id})
    assert kept.decide(permitted_question(lv)).outcome == "permitted"
    assert alarms(bench) == ["policy refused: scenario"]
    assert len(activated(bench)) == 1
    restarted = bench.holder()()  # the set before stays in force over a restart
    assert (restarted.sequence, restarted.digest, restarted.barred) == (1, before.digest, {fi.id})


def test_without_a_set_before_nothing_is_decided(bench: Bench) -> None:
    adopt(bench.store, broken_text())
    with pytest.raises(Precondition, match="scenario"):
        bench.holder()()
    assert activated(bench) == []


def test_a_database_that_does_not_answer_decides_nothing(bench: Bench, fi: Agreement) -> None:
    holder = bench.holder()
    assert fi.id in holder().agreements
    with bench.store.write() as tx:
        tx.execute(text("ALTER TABLE policy_activation RENAME TO elsewhere"))
    with pytest.raises(Unavailable, match="does not say"):
        holder()


# Several processes


def test_two_processes_activate_once(bench: Bench, fi: Agreement) -> None:
    holders = [bench.holder() for _ in range(4)]
    for round_ in range(3):
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda holder: holder(), holders))
        assert len({(policy.sequence, policy.digest) for policy in found}) == 1
        assert len(activated(bench)) == round_ + 1
        write_event(bench.store, Step.RESUMED if round_ % 2 else Step.SUSPENDED, fi, bench.now)


def test_threads_of_one_process_wait_for_one_activation(bench: Bench, fi: Agreement) -> None:
    holder, gate = bench.holder(), threading.Barrier(6)

    def call() -> int:
        gate.wait()
        return id(holder())

    with ThreadPoolExecutor(6) as pool:
        found = {future.result() for future in [pool.submit(call) for _ in range(6)]}
    assert len(found) == 1
    assert len(bench.started) == 1
    assert fi.id in holder().agreements


# T20: never backwards


def bundle(agreements: list[Agreement], sequence: int, signer=OURS, **changes) -> bytes:
    return bundle_bytes(build(agreements, **changes), sequence, signer)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("older", "rollback"),
        ("same number, other content", "rollback"),
        ("far ahead", "rollback"),
        ("another key", "key"),
        ("unsigned", "unsigned"),
        ("damaged", "archive"),
    ],
)
def test_refused_and_logged_and_the_set_before_stays(bench: Bench, fi: Agreement, name: str, code: str) -> None:
    activations = bench.activations()
    activations.record(build([fi]), 5)
    raw = {
        "older": bundle([fi], 4),
        "same number, other content": bundle([fi], 5, suspended=[fi.id]),
        "far ahead": bundle([fi], 2**53 - 1),
        "another key": bundle([fi], 6, STRANGER),
        "unsigned": bundle_bytes(build([fi]), 6),
        "damaged": bundle([fi], 6)[:-30],
    }[name]
    for again in (activations, bench.activations()):  # a restarted process has not forgotten
        with pytest.raises(Tampered):
            again.admit(raw)
    assert alarms(bench) == [f"policy refused: {code}"] * 2
    assert bench.entries(EntryKind.ALARM)[0].object_digest == sha256(raw).digest()
    newest = activations.newest()
    assert newest is not None
    assert (newest.sequence, newest.digest) == (5, build([fi]).digest)


def test_taken_when_it_goes_forward_or_is_the_very_same(bench: Bench, fi: Agreement) -> None:
    activations = bench.activations()
    activations.record(build([fi]), 5)
    assert activations.admit(bundle([fi], 5)).sequence == 5
    assert activations.admit(bundle([fi], 6, suspended=[fi.id])).sequence == 6
    assert alarms(bench) == []


def test_a_number_is_given_once(bench: Bench, fi: Agreement) -> None:
    bench.activations().record(build([fi]), 5)
    with pytest.raises(Conflict, match="activation 5 was another process's"):
        bench.activations().record(build([fi]), 5)
    assert len(activated(bench)) == 1


def test_a_lost_row_does_not_lose_the_number(bench: Bench, fi: Agreement) -> None:
    bench.activations().record(build([fi]), 5)
    with bench.store.write() as tx:
        tx.execute(delete(policy_activation))
    with pytest.raises(Tampered, match="activation 5 is in the ledger"):
        bench.activations().newest()
    with pytest.raises(Tampered):
        bench.activations().admit(bundle([fi], 4))
    with pytest.raises(Tampered):
        bench.holder()()


def test_a_bundle_cannot_bring_a_text_of_its_own(bench: Bench, fi: Agreement, lv: Agreement) -> None:
    counted = replace(_in_force(bench), agreements=(lv,))
    with pytest.raises(Tampered, match=fi.id):
        check_agreements(bench.activations().admit(bundle([fi], 1)), counted)
    check_agreements(bench.activations().admit(bundle([lv], 1)), counted)


def _in_force(bench: Bench):
    from comity.policy.store import AgreementBook

    return AgreementBook(bench.store, "EE").in_force(bench.now)


# A bundle from elsewhere in a running process


@pytest.fixture
def national() -> National:
    module = (
        'package comity.national.nothing\n\nloaded := true\n\ndeny contains ground if {\n\tinput.category != ""\n'
        '\tground := {"code": "domestic_law_prohibits", "article": "§ 1", "detail": "closed"}\n}\n'
    )
    return National({"comity/national/nothing/nothing.rego": module}, ("nothing",), library.wasm())


def test_a_running_process_takes_up_what_another_activated(bench: Bench, fi: Agreement, lv: Agreement) -> None:
    holder = bench.holder()
    assert holder().sequence == 1
    offences = {**library.data()["comity"]["offences"], "XX": {"iccs": [], "list": []}}
    other = build([fi, lv], offences=offences)
    bench.activations().record(other, 2, bundle_bytes(other, 2, OURS), OURS.key_id)
    assert (holder().sequence, holder().digest) == (2, other.digest)
    assert len(activated(bench)) == 2
    write_event(bench.store, Step.SUSPENDED, lv, bench.now)
    after = holder()  # what the bundle carried beside the agreements stays
    assert (after.sequence, after.digest) == (3, build([fi, lv], offences=offences, suspended=[lv.id]).digest)


def test_when_law_changes_and_cannot_be_loaded_nothing_is_decided(bench: Bench, fi: Agreement, lv: Agreement) -> None:
    holder = bench.holder()
    holder()
    bench.broken = True
    other = build([fi, lv], offences={})
    bench.activations().record(other, 2)
    kept = holder()
    assert kept.barred == {fi.id, lv.id}
    with pytest.raises(Unavailable):
        kept.decide(permitted_question(lv))


def test_after_an_update_the_own_modules_must_be_those_in_force(
    bench: Bench, fi: Agreement, national: National
) -> None:
    """The library of an activated bundle is another one: its compiled modules do not count any more."""
    files = bundle_files(build([fi], national=national), 1)
    manifest = json.loads(files[MANIFEST])
    manifest["metadata"]["library"] = "0" * 64
    files[MANIFEST] = json.dumps(manifest).encode()
    raw = gzip.compress(tar_bytes({**files, SIGNATURES: OURS.sign(files)}))
    bench.activations().record(build([fi], national=national), 1, raw, OURS.key_id)
    with pytest.raises(Precondition, match="compiled for the library of before"):
        bench.holder()()
    with pytest.raises(Precondition):
        bench.holder(Parts(replace(national, sources={"comity/national/nothing/nothing.rego": "package x\n"})))()
    with pytest.raises(
        Unavailable, match="rules not loaded"
    ):  # the very modules, but a compiled form without them: refused
        bench.holder(Parts(national))()
