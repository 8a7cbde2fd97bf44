"""A national module that never ends or wants all memory is cut off and refuses; the next question is decided (T21)."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
from policy_samples import AGREEMENTS, question

from comity.errors import Malformed, Unavailable
from comity.policy import wasm
from comity.policy.bundle import PolicySet, build
from comity.policy.embedded import EmbeddedEngine
from comity.policy.engine import BaseEngine
from comity.policy.national import compile_national
from comity.policy.opa_server import OpaProcess

NUMBERS = f"xs := {list(range(208))}\n"
MANY = f"xs := {list(range(600))}\n"
DOUBLED = "\n".join(f'x{n + 1} := concat("", [x{n}, x{n}])' for n in range(40))
RUNAWAYS = {
    "two hundred million steps": (MANY, "count([1 | some a in xs; some b in xs; some c in xs]) > 0"),
    "more steps than anyone waits for": (NUMBERS, " ; ".join(f"some a{n} in xs" for n in range(8)) + "; a0 > 300"),
    "a text doubled forty times": (f'x0 := "{"a" * 64}"\n{DOUBLED}\n', 'endswith(x40, "b")'),
    "a list of everything": (NUMBERS, "count({[a, b, c] | some a in xs; some b in xs; some c in xs}) > 0"),
}  # fmt: skip
BAIT = question(purpose="prosecution")
QUIET = question()


@cache
def runaway(name: str) -> PolicySet:
    """The sandbox agreements with a module that runs away when it is asked for a prosecution."""
    rules, body = RUNAWAYS[name]
    denial = 'deny contains {"code": "threshold", "article": "§ 1", "detail": ""} if '
    text = (
        f'package comity.national.law\n\nloaded := true\n\n{denial}{{\n\tinput.purpose == "prosecution"\n\t{body}\n}}\n'
    )
    return build(AGREEMENTS, national=compile_national({"law.rego": f"{text}\n{rules}"}))


@pytest.fixture(autouse=True)
def _opa(opa_binary: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMITY_OPA", opa_binary)


@pytest.mark.parametrize("name", RUNAWAYS)
def test_the_embedded_engine_cuts_it_off_and_goes_on(name: str) -> None:
    engine = EmbeddedEngine(runaway(name), machines=1)
    for _ in range(2):
        assert engine.decide(QUIET).outcome == "permitted"
        with pytest.raises(Unavailable, match=r"limits.* more than (200 M instructions|64 MiB)"):
            engine.decide(BAIT)
    assert engine.decide(QUIET).outcome == "permitted"
    engine.close()


def resident(group: int) -> int:
    """Bytes that the processes of a group hold."""
    total = 0
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(entry.read_text().rsplit(")", 1)[1].split()[2]) == group:
                total += int((entry.parent / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except OSError:
            continue
    return total


def seconds_used(group: int) -> float:
    """Processor seconds that the processes of a group have used."""
    total = 0
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[2]) == group:
            total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


@contextmanager
def server(name: str) -> Iterator[OpaProcess]:
    engine = OpaProcess.start(runaway(name))
    yield engine
    engine.close()


def eventually(check: Callable[[], bool]) -> None:
    end = time.monotonic() + 45
    while not check():
        assert time.monotonic() < end
        time.sleep(0.05)


def decides(engine: BaseEngine) -> bool:
    try:
        return engine.decide(QUIET).outcome == "permitted"
    except Unavailable:
        return False


@pytest.mark.parametrize("name", RUNAWAYS)
def test_the_opa_server_is_cut_off_and_goes_on(name: str) -> None:
    with server(name) as engine:
        assert engine.decide(QUIET).outcome == "permitted"
        with pytest.raises(Unavailable):
            engine.decide(BAIT)
        assert resident(engine.group) < 2 * 1024**3
        eventually(lambda: decides(engine))


def test_the_opa_server_gives_up_what_nobody_waits_for() -> None:
    with server("more steps than anyone waits for") as engine:
        with pytest.raises(Unavailable):
            engine.decide(BAIT)

        def idle() -> bool:
            before = seconds_used(engine.group)
            time.sleep(0.3)
            return seconds_used(engine.group) - before < 0.1

        eventually(idle)


def test_recursion_is_refused_before_it_runs() -> None:
    text = (
        'package comity.national.law\n\nloaded := true\n\ndeny contains {"code": "threshold", "article": "§ 1", '
        '"detail": ""} if deep(1)\n\ndeep(x) if deep(x + 1)\n'
    )
    with pytest.raises(Malformed, match="recursive"):
        compile_national({"law.rego": text})


def test_data_larger_than_the_limit_do_not_start() -> None:
    policy = build(AGREEMENTS)
    filler = ["x" * 1000] * 100_000
    with pytest.raises(Unavailable):
        EmbeddedEngine(PolicySet({"comity": {**policy.data["comity"], "filler": filler}}, policy.digest))
    assert len(filler) * 1000 > wasm.MAX_MEMORY
