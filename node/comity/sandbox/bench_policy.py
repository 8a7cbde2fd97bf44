"""`comity bench policy`: one decision by each engine and from the cache, beside a bare call of an OPA server.

Bare is a plain keep-alive HTTP POST of the same question to the same server, without our client: what anybody pays who
asks an OPA beside the program. All take the same questions in interleaved rounds, so that a busy machine is busy for
all of them. The questions are the golden scenarios of the agreements.
"""

import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

from comity.errors import Unavailable
from comity.policy.agreement import Agreement
from comity.policy.bundle import PolicySet, build
from comity.policy.cache import CachedEngine
from comity.policy.decision import Decision
from comity.policy.embedded import EmbeddedEngine
from comity.policy.engine import DECISION
from comity.policy.opa_process import start_opa
from comity.policy.opa_server import OpaServerEngine
from comity.policy.opa_tool import find_opa
from comity.policy.scenarios import scenario_input

BARE, CLIENT, EMBEDDED, CACHED = "bare OPA REST", "OPA by our client", "embedded", "from the cache"
AIMS = {CACHED: 0.02, EMBEDDED: 0.5}

Ask = Callable[[dict[str, Any]], Any]


def bench_policy(agreements: list[Agreement], rounds: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Measure and return the figures, microseconds and ratios; without `opa` the ratios are missing.

    Raises `Unavailable` when two of them decide one question differently, and for agreements without scenarios.
    """
    policy = build(agreements)
    questions = [scenario_input(each, scenario) for each in agreements for scenario in each.scenarios]
    if not questions:
        raise Unavailable("the agreements have no scenarios: there is nothing to ask")
    with _ways(policy) as ways:
        _check_same(ways, questions)
        took: dict[str, list[list[float]]] = {name: [] for name in ways}
        for number in range(rounds):
            for name, ask in ways.items():
                took[name].append(_round(ask, questions))
            if number % 10 == 0:
                medians = ", ".join(f"{name} {_median(each[-1]):.0f} µs" for name, each in took.items())
                say(f"round {number + 1}/{rounds}: {medians}")
    return {
        "machine": {"cpus": os.cpu_count(), "python": platform.python_version(), "wasmtime": version("wasmtime")},
        "agreements": len(agreements),
        "questions": len(questions),
        "rounds": rounds,
        "ways": {name: _figures(name, took) for name in ways},
    }


@contextmanager
def _ways(policy: PolicySet) -> Iterator[dict[str, Ask]]:
    """Yield every way to decide, the bare call first."""
    with ExitStack() as stack:
        ways: dict[str, Ask] = {}
        if find_opa():
            opa = start_opa(policy)
            stack.callback(opa.stop)
            client = OpaServerEngine(opa.url, opa.token)
            stack.callback(client.close)
            connection = HTTPConnection(urlsplit(opa.url).netloc, timeout=10)
            stack.callback(connection.close)
            ways = {BARE: _bare(connection, opa.token), CLIENT: client.decide}
        embedded = EmbeddedEngine(policy)
        stack.callback(embedded.close)
        cached = CachedEngine(embedded, policy.digest)
        yield ways | {EMBEDDED: embedded.decide, CACHED: cached.decide}


def _bare(connection: HTTPConnection, token: str) -> Ask:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def ask(question: dict[str, Any]) -> Any:
        connection.request("POST", f"/v1/data/{DECISION}", json.dumps({"input": question}), headers)
        return json.loads(connection.getresponse().read())["result"]

    return ask


def _check_same(ways: dict[str, Ask], questions: list[dict[str, Any]]) -> None:
    """A figure for another decision says nothing; asking each question once also fills the cache."""
    for question in questions:
        outcomes = {_outcome(ask(question)) for ask in ways.values()}
        if len(outcomes) != 1:
            raise Unavailable(f"the engines decide one question differently: {', '.join(sorted(outcomes))}")


def _outcome(decided: Decision | dict[str, Any]) -> str:
    return decided.outcome if isinstance(decided, Decision) else str(decided["outcome"])


def _round(ask: Ask, questions: list[dict[str, Any]]) -> list[float]:
    took = []
    for question in questions:
        before = time.perf_counter()
        ask(question)
        took.append((time.perf_counter() - before) * 1e6)
    return took


def _figures(name: str, took: dict[str, list[list[float]]]) -> dict[str, Any]:
    calls = sorted(value for each in took[name] for value in each)
    found: dict[str, Any] = {
        "p50_us": round(_median(calls), 1),
        "p99_us": round(calls[int(len(calls) * 0.99)], 1),
    }
    if BARE in took:
        pairs = zip(took[name], took[BARE], strict=True)
        ratio = statistics.median(_median(own) / _median(bare) for own, bare in pairs)
        found["ratio"] = round(ratio, 4)
        if name in AIMS:
            found |= {"aim": AIMS[name], "met": ratio <= AIMS[name]}
    return found


def _median(values: list[float]) -> float:
    return statistics.median(values)
