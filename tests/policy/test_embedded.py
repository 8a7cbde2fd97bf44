"""The embedded engine: decides, and where it cannot it says so and releases nothing."""

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from policy_samples import AGREEMENTS, POLICY, question

from comity.errors import Malformed, Unavailable
from comity.policy import library, wasm
from comity.policy.bundle import PolicySet
from comity.policy.embedded import EmbeddedEngine
from comity.policy.wasm import Broken, Machine, compile_module


def test_decides(embedded: EmbeddedEngine) -> None:
    decision = embedded.decide(question())
    assert (decision.outcome, decision.disclosure) == ("permitted", "core")
    assert embedded.decide(question(offence__max_penalty_months=6)).codes == ("threshold",)
    embedded.health()


def test_desk(embedded: EmbeddedEngine) -> None:
    ask = "/comity.v1.DeskService/Ask"
    assert embedded.desk({"roles": ["investigator"], "method": ask}) is True
    assert embedded.desk({"roles": ["auditor"], "method": ask}) is False
    assert embedded.desk({}) is False


@pytest.mark.parametrize(
    "bad", [{"x": float("nan")}, {"x": float("inf")}, {"x": "\ud800"}, {"x": object()}, {"x": "a" * 70_000}]
)
def test_what_json_cannot_carry_is_malformed(embedded: EmbeddedEngine, bad: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        embedded.decide(bad)


def test_a_cycle_is_malformed(embedded: EmbeddedEngine) -> None:
    document: dict[str, Any] = {}
    document["x"] = document
    with pytest.raises(Malformed):
        embedded.decide(document)


def test_deep_documents_decide_nothing(embedded: EmbeddedEngine) -> None:
    document: Any = "x"
    for _ in range(800):
        document = {"x": document}
    with contextlib.suppress(Malformed, Unavailable):
        assert embedded.decide(document).outcome == "refused"
    assert embedded.decide(question()).outcome == "permitted"


def test_many_callers_at_once_get_their_own_answers() -> None:
    engine = EmbeddedEngine(POLICY, machines=3)
    barrier = threading.Barrier(8)

    def ask(number: int) -> bool:
        barrier.wait()
        months = 60 if number % 2 else 6
        outcomes = {engine.decide(question(offence__max_penalty_months=months)).outcome for _ in range(40)}
        return outcomes == ({"permitted"} if number % 2 else {"refused"})

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(8)))
    assert engine._free.qsize() <= 3
    engine.close()


def test_closed_engine_decides_nothing() -> None:
    engine = EmbeddedEngine(POLICY)
    engine.close()
    assert not engine.alive()
    with pytest.raises(Unavailable):
        engine.decide(question())


def test_out_of_fuel_decides_nothing_and_the_machine_is_thrown_away(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = EmbeddedEngine(POLICY, machines=1)
    first = engine._free.queue[0]
    monkeypatch.setattr(wasm, "FUEL", 50_000)
    with pytest.raises(Unavailable):
        engine.decide(question())
    monkeypatch.undo()
    assert engine._free.empty()
    assert engine.decide(question()).outcome == "permitted"
    assert engine._free.queue[0] is not first
    engine.close()


def test_out_of_memory_decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wasm, "MAX_MEMORY", 9 * 65_536)
    filler = {"comity": {**POLICY.data["comity"], "filler": ["x" * 50] * 20_000}}
    with pytest.raises(Unavailable):
        EmbeddedEngine(PolicySet(filler, POLICY.digest))


@pytest.mark.parametrize("damaged", [b"", b"\0asm", library.wasm()[:50_000], library.wasm()[:-10]])
def test_a_damaged_library_does_not_start(damaged: bytes) -> None:
    with pytest.raises(Unavailable):
        EmbeddedEngine(POLICY, compiled=damaged)


STRANGER = bytes.fromhex("0061736d01000000")  # an empty module: sound WebAssembly, but no policy


def test_a_module_that_is_no_policy_does_not_start() -> None:
    with pytest.raises(Unavailable):
        EmbeddedEngine(POLICY, compiled=STRANGER)


def test_unknown_entry_point() -> None:
    machine = Machine(compile_module(library.wasm()), POLICY.data_json())
    with pytest.raises(Broken):
        machine.evaluate("comity/other", b"{}")
    machine.close()


def test_memory_does_not_grow_with_use() -> None:
    machine = Machine(compile_module(library.wasm()), POLICY.data_json())
    from comity.policy.document import encode

    payload = encode(question())
    machine.evaluate("comity/decision", payload)
    size = machine._memory.data_len(machine._store)
    for _ in range(300):
        machine.evaluate("comity/decision", payload)
    assert machine._memory.data_len(machine._store) == size
    machine.close()


def test_the_budget_is_far_above_any_honest_decision() -> None:
    machine = Machine(compile_module(library.wasm()), POLICY.data_json())
    from comity.policy.document import encode

    machine.evaluate("comity/decision", encode(question("FI", "SE", category="firearms", purpose="x")))
    assert machine.used_fuel() * 10 < wasm.FUEL
    machine.close()


def test_suspended_agreement_refuses() -> None:
    from comity.policy.bundle import build

    engine = EmbeddedEngine(build(AGREEMENTS, suspended=["ee-fi-police-2026"]))
    named = question(basis={"agreement": "ee-fi-police-2026", "digest": ""})
    assert engine.decide(named).codes == ("agreement_suspended",)
    engine.close()
