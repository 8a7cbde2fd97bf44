"""`comity bench exchange`: the whole exchange beside a bare grpcio echo, in one run, as ratios.

Both are mutual TLS between two processes on this machine, with the same payload bytes, the same number of callers and
interleaved rounds. The exchange does everything: two decisions, both signatures, search, four durable writes, the
receipt verified. After the run both ledgers are verified; a run whose proofs do not check has failed.
"""

import contextlib
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import grpc
import yaml

from comity.app import OpenNode, open_node, policy_in_force
from comity.enactment import parts_in_force
from comity.errors import Unavailable
from comity.exchange.model import Case, Circumstances, Offence, Official, PeerResult, Subject
from comity.exchange.requester import Requester
from comity.exchange.sealing import open_message
from comity.identity.node import load_identity
from comity.identity.signature import payload_type, sign, verify
from comity.identity.spiffe import SpiffeId
from comity.ledger.vault import Part
from comity.ledger.verify import verify_ledger
from comity.records.query import Query
from comity.sandbox import federation
from comity.sandbox.layout import COUNTRIES, Sandbox
from comity.sandbox.people import stars
from comity.sandbox.processes import start_node, stop_all, wait_until_running
from comity.settings import Home
from comity.wire.courier import GrpcCourier
from comity.wire.search import SearchMessages

ECHO = "/bench.Echo/Echo"
CALLERS = (1, 32)
_MANY = 1_000_000


@dataclass(frozen=True, slots=True)
class Round:
    """One measured round: calls a second, median and 99th percentile in milliseconds."""

    rate: float
    p50: float
    p99: float


def bench_exchange(seconds: float, rounds: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Run the comparison; return the figures. Raises `Unavailable` when a proof does not check."""
    with tempfile.TemporaryDirectory(prefix="comity-bench-") as folder:
        sandbox = federation.make(Path(folder) / "s", ["EE", "FI"], people=1000, engine="embedded", say=say)
        for code in sandbox.countries:
            _lift_quotas(sandbox.home(code))
        try:
            wait_until_running(sandbox.home("FI"), start_node(sandbox, "FI"))
            with open_node(sandbox.home("EE")) as node, _requester(node) as ask:
                figures = _compare(sandbox, node, ask, seconds, rounds, say)
                figures["parts_us"] = _parts(node)
        finally:
            stop_all(sandbox)
        _verify(sandbox)
    return figures


def bench_node(say: Callable[[str], None]) -> dict[str, Any]:
    """Measure one node: seconds from its start to its first answer, and its resident size idle and after it (MB)."""
    with tempfile.TemporaryDirectory(prefix="comity-bench-") as folder:
        sandbox = federation.make(Path(folder) / "s", ["EE", "FI"], people=1000, engine="embedded", say=say)
        try:
            with open_node(sandbox.home("EE")) as node, _requester(node) as ask:
                began = time.monotonic()
                process = start_node(sandbox, "FI")
                wait_until_running(sandbox.home("FI"), process)
                idle = _resident_mb(process.pid)
                _first_answer(ask)
                took = time.monotonic() - began
                answered = _resident_mb(process.pid)
        finally:
            stop_all(sandbox)
    return {"first_answer_s": round(took, 2), "idle_mb": idle, "after_first_answer_mb": answered}


def _first_answer(ask: Callable[[], None]) -> None:
    """Ask until it is answered: the node's port may open a moment after its process says so."""
    for _ in range(200):
        with contextlib.suppress(Unavailable):
            return ask()
        time.sleep(0.02)
    raise Unavailable("the node did not answer")


def _resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


def _compare(
    sandbox: Sandbox,
    node: OpenNode,
    ask: Callable[[], None],
    seconds: float,
    rounds: int,
    say: Callable[[str], None],
) -> dict[str, Any]:
    exchange_id = _once(node, ask)
    with node.store.read() as tx:
        request, reply = (open_message(node.vault, tx, exchange_id, "FI", part).payload for part in Part)
    figures: dict[str, Any] = {
        "machine": {"cpus": os.cpu_count(), "python": platform.python_version(), "grpcio": grpc.__version__},
        "durability": "SQLite WAL, synchronous=FULL, on both sides",
        "payload_bytes": {"request": len(request), "reply": len(reply)},
        "seconds": seconds,
        "rounds": rounds,
        "callers": {},
    }
    with _echo_server(sandbox, reply) as echo_channel:
        call: Any = echo_channel.unary_unary(ECHO)
        for callers in CALLERS:
            found: dict[str, list[Round]] = {"echo": [], "exchange": []}
            for number in range(rounds):
                for name, function in (("echo", lambda: call(request)), ("exchange", ask)):
                    found[name].append(_round(function, callers, seconds))
                    say(f"{callers} caller(s), round {number + 1}/{rounds}: {name} {found[name][-1].rate:.0f}/s")
            figures["callers"][callers] = _summary(found)
    return figures


def _summary(found: dict[str, list[Round]]) -> dict[str, Any]:
    rates = {name: [r.rate for r in rounds] for name, rounds in found.items()}
    ratios = [exchange / echo for exchange, echo in zip(rates["exchange"], rates["echo"], strict=True)]
    p50 = {name: statistics.median(r.p50 for r in rounds) for name, rounds in found.items()}
    p99 = {name: statistics.median(r.p99 for r in rounds) for name, rounds in found.items()}
    return {
        "throughput_ratio": {
            "median": round(statistics.median(ratios), 3),
            "min": round(min(ratios), 3),
            "max": round(max(ratios), 3),
        },
        "per_second": {name: round(statistics.median(values)) for name, values in rates.items()},
        "p50_ms": {name: round(value, 2) for name, value in p50.items()},
        "p99_ms": {name: round(value, 2) for name, value in p99.items()},
        "added_p50_ms": round(p50["exchange"] - p50["echo"], 2),
    }


def _round(function: Callable[[], Any], callers: int, seconds: float) -> Round:
    """Call in a closed loop from several threads for a while."""
    took: list[list[float]] = [[] for _ in range(callers)]
    until = time.perf_counter() + seconds

    def loop(mine: list[float]) -> None:
        while (before := time.perf_counter()) < until:
            function()
            mine.append(time.perf_counter() - before)

    began = time.perf_counter()
    threads = [threading.Thread(target=loop, args=(mine,)) for mine in took]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - began
    calls = sorted(value for mine in took for value in mine)
    return Round(len(calls) / elapsed, calls[len(calls) // 2] * 1000, calls[int(len(calls) * 0.99)] * 1000)


@contextlib.contextmanager
def _requester(node: OpenNode) -> Iterator[Callable[[], None]]:
    """Yield a function that asks FI one question and fails unless the answer is permitted and proven."""
    star = stars()[0]
    query = Query("wanted-persons", "Person", (star.names["EE"],), star.birth_date)
    facts = Circumstances(
        official=Official("ee-bench", "investigator", COUNTRIES["EE"].authority),
        purpose="criminal-investigation",
        intended_use="intelligence",
        aim="identify",
        subject=Subject("suspect", "adult"),
        case=Case("K-1", "investigation"),
        offence=Offence(list_category="fraud", max_penalty_months=60),
        nexus="bench",
    )
    courier = GrpcCourier(node.identity)
    with policy_in_force(node.agreements(), node.settings.policy, parts_in_force(node)) as policy:
        requester = Requester(node.own(lambda: policy), node.peers, courier, SearchMessages())

        def ask() -> None:
            for step in requester.ask(facts, query, ("FI",), timedelta(seconds=30)):
                if isinstance(step, PeerResult) and (step.outcome, step.receipt) != ("permitted", "verified"):
                    raise Unavailable(f"the exchange failed: {step.outcome} {step.failure} {step.verdict}")

        node.ledger.recover()
        try:
            yield ask
        finally:
            requester.close()
            courier.close()


def _once(node: OpenNode, ask: Callable[[], None]) -> str:
    from comity.exchange.store import list_exchanges  # noqa: PLC0415

    ask()
    with node.store.read() as tx:
        return list_exchanges(tx, 1)[0].exchange_id


@contextlib.contextmanager
def _echo_server(sandbox: Sandbox, reply: bytes) -> Iterator[grpc.Channel]:
    """Start the bare echo in a process of its own, with FI's certificates; yield a channel with EE's."""
    home = sandbox.home("FI")
    file = sandbox.path / "echo-reply"
    file.write_bytes(reply)
    command = [sys.executable, "-m", "comity.sandbox.bench", str(home.path), str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None  # noqa: S101  it was asked for
        port = int(process.stdout.readline())
        mine, theirs = _identity(sandbox, "EE"), _identity(sandbox, "FI")
        credentials = grpc.ssl_channel_credentials(theirs.ca_pem, mine.key_pem, mine.certificate_pem)
        options = [("grpc.ssl_target_name_override", theirs.node_id.dns_name)]
        with grpc.secure_channel(f"127.0.0.1:{port}", credentials, options) as channel:
            yield channel
        process.terminate()


def _identity(sandbox: Sandbox, code: str) -> Any:
    return load_identity(sandbox.home(code).keys, SpiffeId(COUNTRIES[code].trust_domain, "node", "node-1"))


def _serve_echo(home: str, reply_file: str) -> None:
    """The bare echo: mutual TLS, one thread pool, the reply's bytes and nothing else."""
    reply = Path(reply_file).read_bytes()
    country = COUNTRIES[Path(home).name]
    mine = load_identity(Home(Path(home)).keys, SpiffeId(country.trust_domain, "node", "node-1"))
    ca = (Path(home).parent / "EE" / "keys" / "ca.pem").read_bytes()
    server = grpc.server(ThreadPoolExecutor(32))
    handler: Any = grpc.unary_unary_rpc_method_handler(lambda _request, _context: reply)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("bench.Echo", {"Echo": handler}),))
    credentials = grpc.ssl_server_credentials([(mine.key_pem, mine.certificate_pem)], ca, require_client_auth=True)
    port = server.add_secure_port("127.0.0.1:0", credentials)
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    server.wait_for_termination()


def _parts(node: OpenNode) -> dict[str, float]:
    """Return what the parts of one exchange cost alone, in microseconds: where the time goes."""
    exchange_id = _once(node, lambda: None)
    with node.store.read() as tx:
        request, reply = (open_message(node.vault, tx, exchange_id, "FI", part) for part in Part)
    codec = SearchMessages()
    answer = codec.decode_reply(reply.payload)
    header, query = codec.decode_request(request.payload)
    kind = payload_type("SearchRequest")
    signature = sign(node.identity.key, kind, request.payload)
    entry = node.ledger.by_exchange(exchange_id)[-1].entry
    public = node.identity.key.public_key()
    stages: dict[str, Callable[[], Any]] = {
        "decode and check a request": lambda: codec.decode_request(request.payload),
        "encode a request": lambda: codec.encode_request(header, query),
        "encode a reply": lambda: codec.encode_reply(answer),
        "decode a reply": lambda: codec.decode_reply(reply.payload),
        "sign": lambda: sign(node.identity.key, kind, request.payload),
        "verify a signature": lambda: verify(public, kind, request.payload, signature),
        "hash a message": lambda: sha256(request.payload).digest(),
        "search 1000 people": lambda: node.records.search(query, [], 10, node.clock().date()),
        "one durable ledger entry": lambda: node.ledger.append(entry),
        "read the peers' version": node.peers.refresh,
    }
    return {name: round(_cost(function), 1) for name, function in stages.items()}


def _cost(function: Callable[[], Any], times: int = 200) -> float:
    function()
    took = []
    for _ in range(times):
        before = time.perf_counter()
        function()
        took.append(time.perf_counter() - before)
    return statistics.median(took) * 1e6


def _lift_quotas(home: Home) -> None:
    """Raise the daily quotas of a bench node's agreements: a day's questions are asked in seconds."""
    for file in home.agreements.glob("*.yaml"):
        document = yaml.safe_load(file.read_text())
        for term in document["terms"]:
            term["limits"]["per_day"] = _MANY
        file.write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False))


def _verify(sandbox: Sandbox) -> None:
    for code in sandbox.countries:
        with open_node(sandbox.home(code)) as node:
            findings = verify_ledger(node.store, node.ledger.vkey)
        if findings:
            raise Unavailable(f"{code}'s ledger does not verify after the run: {findings[0]}")


if __name__ == "__main__":
    _serve_echo(*sys.argv[1:])
