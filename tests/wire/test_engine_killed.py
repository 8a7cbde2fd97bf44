"""The policy engine dies: UNAVAILABLE, nothing released, nothing logged as answered, nothing out of the cache.

A new one is started beside; questions are answered again without a restart of the node.
"""

import os
import signal
import time
from collections.abc import Iterator

import grpc
import pytest
from support.world import Refused, World, make_world


@pytest.fixture(scope="module")
def opa_world(tmp_path_factory: pytest.TempPathFactory, opa_binary: str) -> Iterator[World]:
    os.environ["COMITY_OPA"] = opa_binary
    with make_world(tmp_path_factory.mktemp("opa"), engine="opa") as made:
        yield made


def test_opa_decides_over_the_wire_until_it_is_killed(opa_world: World) -> None:
    world = opa_world
    assert world.answered(world.request()).verdict.outcome == "permitted"
    size = world.fi_size()
    engine = world.fi.own.policy().engine
    os.killpg(engine._engine.group, signal.SIGKILL)
    answer = world.send(world.request())
    assert isinstance(answer, Refused)
    assert (answer.code, answer.reason) == (grpc.StatusCode.UNAVAILABLE, "POLICY_UNAVAILABLE")
    assert world.fi_size() == size
    end = time.monotonic() + 45
    while isinstance(world.send(world.request()), Refused):
        assert time.monotonic() < end
        time.sleep(0.05)
    assert world.answered(world.request()).verdict.outcome == "permitted"
