"""Makes `policy_samples` importable, and one engine for all tests that only ask."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from policy_samples import POLICY

from comity.policy.embedded import EmbeddedEngine
from comity.policy.opa_server import OpaProcess


@pytest.fixture(scope="session")
def embedded() -> Iterator[EmbeddedEngine]:
    engine = EmbeddedEngine(POLICY)
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def opa_process(opa_binary: str) -> Iterator[OpaProcess]:
    os.environ["COMITY_OPA"] = opa_binary
    engine = OpaProcess.start(POLICY)
    yield engine
    engine.close()
