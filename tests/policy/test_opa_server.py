"""The OPA engine: a dead, slow, lying or strange server decides nothing; a private one serves only its node."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
from policy_samples import AGREEMENTS, POLICY, question

from comity.errors import Malformed, Unavailable
from comity.policy import opa_tool
from comity.policy.bundle import build, revision_of
from comity.policy.cache import CachedEngine
from comity.policy.embedded import EmbeddedEngine
from comity.policy.loopback import Stranger, check_listener
from comity.policy.opa_server import OpaProcess, OpaServerEngine


@contextmanager
def strange_server(answer: Callable[[], tuple[int, bytes]]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            status, body = answer()
            self.send_response(status)
            if status in (301, 307):
                self.send_header("Location", "http://127.0.0.1:1/")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(BrokenPipeError):  # the engine hangs up on an answer that is too long
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    "answer",
    [
        (200, b"{}"),
        (200, b'{"result": null}'),
        (200, b'{"result": true}'),
        (200, b'{"result": "permitted"}'),
        (200, b'{"result": {"outcome": "permitted"}}'),
        (200, b"true"),
        (200, b""),
        (200, b"<html>"),
        (200, b'{"result": NaN}'),
        (204, b""),
        (301, b""),
        (307, b""),
        (401, b'{"code": "unauthorized"}'),
        (500, b'{"code": "internal_error"}'),
    ],
)
def test_a_strange_answer_decides_nothing(answer: tuple[int, bytes]) -> None:
    with strange_server(lambda: answer) as url:
        engine = OpaServerEngine(url)
        with pytest.raises(Unavailable):
            engine.decide(question())
        with pytest.raises(Unavailable):
            engine.health()
        engine.close()


@pytest.mark.parametrize("result", [b'"true"', b"1", b"null", b'{"allow": true}'])
def test_desk_takes_only_a_plain_true(result: bytes) -> None:
    with strange_server(lambda: (200, b'{"result": ' + result + b"}")) as url:
        engine = OpaServerEngine(url)
        assert engine.desk({"roles": ["investigator"], "method": "/comity.v1.DeskService/Ask"}) is False
        engine.close()


def test_a_slow_server_decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("comity.policy.opa_server._TIMEOUT_SECONDS", 0.2)
    release = threading.Event()

    def slow() -> tuple[int, bytes]:
        release.wait(5)
        return 200, b"{}"

    with strange_server(slow) as url:
        engine = OpaServerEngine(url)
        with pytest.raises(Unavailable):
            engine.decide(question())
        release.set()
        engine.close()


def test_a_server_that_was_slow_strange_or_down_is_taken_again(
    embedded: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("comity.policy.opa_server._TIMEOUT_SECONDS", 0.3)
    good = json.dumps({"result": embedded.decide_raw({})}).encode()
    answers = iter([(200, b"{}"), (500, b""), "slow", (200, b'{"result": "true"}')])
    release = threading.Event()

    def answer() -> tuple[int, bytes]:
        said = next(answers, (200, good))
        if isinstance(said, str):
            release.wait(5)
            return 200, good
        return said

    with strange_server(answer) as url:
        engine = OpaServerEngine(url)
        for _ in range(4):
            with pytest.raises(Unavailable):
                engine.decide(question())
        release.set()
        assert engine.decide(question()).outcome == "refused"
        engine.close()


def test_a_port_held_by_another_local_user_decides_nothing(
    embedded: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stranger's answer would be perfect; seen from another user, this very test is the stranger."""
    good = json.dumps({"result": embedded.decide_raw({})}).encode()
    asked: list[int] = []

    def answer() -> tuple[int, bytes]:
        asked.append(1)
        return 200, good

    with strange_server(answer) as url:
        monkeypatch.setattr("comity.policy.loopback.trusted_users", lambda named: frozenset({4242, *named}))
        monkeypatch.setattr("comity.policy.opa_server.trusted_users", lambda named: frozenset({4242, *named}))
        engine = OpaServerEngine(url, "secret")
        with pytest.raises(Unavailable):
            engine.decide(question())
        assert asked == []  # neither question nor token left
        engine.close()
        engine = OpaServerEngine(url, "secret", users=[os.geteuid()])
        assert engine.decide(question()).outcome == "refused"
        engine.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_a_server_of_another_user_is_refused_for_real() -> None:
    listen = "import os, socket, time; os.setuid(65534); s = socket.create_server(('127.0.0.1', 0))"
    script = f"{listen}; print(s.getsockname()[1], flush=True); time.sleep(60)"
    server = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout
        port = int(server.stdout.readline())
        with socket.create_connection(("127.0.0.1", port)) as connected:
            with pytest.raises(Stranger):
                check_listener(connected, {0})
            check_listener(connected, {0, 65534})
    finally:
        server.kill()
        server.communicate()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"version": "1.21.3", "bundles": {"b": {"revision": "r"}}}, ""),
        ({"version": "1.21.2", "bundles": {"b": {"revision": "r"}}}, "older than"),
        ({"bundles": {"b": {"revision": "r"}}}, "unknown version"),
        ({"version": "1.21.3", "bundles": {"b": {"revision": "s"}}}, "another policy bundle"),
        ({"version": "1.21.3", "bundles": ["r"]}, "another policy bundle"),
        ({"version": "1.21.3"}, "another policy bundle"),
        (None, "unknown version"),
    ],
)
def test_each_answer_of_a_server_others_run_names_version_and_bundle(
    embedded: EmbeddedEngine, said: object, words: str
) -> None:
    answer = json.dumps({"result": embedded.decide_raw({}), "provenance": said}).encode()
    with strange_server(lambda: (200, answer)) as url:
        engine = OpaServerEngine(url, revision="r")
        if words:
            with pytest.raises(Unavailable, match=words):
                engine.decide(question())
        else:
            assert engine.decide(question()).outcome == "refused"
            assert "OPA server 1.21.3 at http://127" in engine.describe()
        engine.close()


def test_no_server() -> None:
    engine = OpaServerEngine("http://127.0.0.1:1")
    assert not engine.alive()
    with pytest.raises(Unavailable):
        engine.decide(question())
    engine.close()


@pytest.mark.parametrize(
    "url",
    [
        "http://opa.example:8181",
        "ftp://127.0.0.1:1",
        "127.0.0.1:8181",
        "http://127.0.0.1",
        "http://127.0.0.1:x",
        "http://127.0.0.1:1/v1",
    ],
)
def test_addresses_that_are_refused(url: str) -> None:
    with pytest.raises(Malformed, match="opa_url"):
        OpaServerEngine(url)


def test_the_environment_sends_nothing_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with strange_server(lambda: (200, b'{"result": true}')) as url:
        engine = OpaServerEngine(url)
        assert engine.desk({}) is True
        engine.close()


def test_the_private_server_serves_only_its_node(opa_process: OpaProcess) -> None:
    url, token = opa_process._opa.url, opa_process._opa.token
    allowed = {"Authorization": f"Bearer {token}"}
    decision = f"{url}/v1/data/comity/decision"
    assert requests.post(decision, json={"input": {}}, headers=allowed, timeout=5).status_code == 200
    assert requests.post(decision, json={"input": {}}, timeout=5).status_code == 401
    assert (
        requests.post(decision, json={"input": {}}, headers={"Authorization": "Bearer x"}, timeout=5).status_code == 401
    )
    assert requests.get(f"{url}/v1/data", headers=allowed, timeout=5).status_code == 401
    assert requests.put(f"{url}/v1/policies/x", data="package x", headers=allowed, timeout=5).status_code == 401
    assert requests.get(f"{url}/v1/data/system/authz/token", headers=allowed, timeout=5).status_code == 401
    assert requests.post(f"{url}/v1/query", json={"query": "x = 1"}, headers=allowed, timeout=5).status_code == 401
    assert (
        requests.post(
            f"{url}/v1/data/comity//decision", json={}, headers=allowed, timeout=5, allow_redirects=False
        ).status_code
        != 200
    )


def test_the_token_is_not_on_the_command_line_nor_on_disk(opa_process: OpaProcess) -> None:
    token = opa_process._opa.token.encode()
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rsplit(")", 1)[1].split()
            if int(fields[2]) == opa_process.group:
                assert token not in (entry.parent / "cmdline").read_bytes()
                assert token not in (entry.parent / "environ").read_bytes()
        except OSError:
            continue
    assert not opa_process._opa.folder.exists()
    assert token.decode() not in repr(opa_process._opa)


@pytest.fixture
def private(opa_binary: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpaProcess]:
    monkeypatch.setenv("COMITY_OPA", opa_binary)
    engine = OpaProcess.start(POLICY)
    yield engine
    engine.close()


def test_a_killed_server_decides_nothing_not_even_what_is_remembered(private: OpaProcess) -> None:
    cached = CachedEngine(private, POLICY.digest)
    assert cached.decide(question()).outcome == "permitted"
    assert cached.alive()
    os.killpg(private.group, signal.SIGKILL)
    private._opa.process.wait(5)
    assert not cached.alive()
    with pytest.raises(Unavailable):
        cached.decide(question())


def test_killing_opa_itself_ends_its_keeper(private: OpaProcess) -> None:
    for pid in members(private.group):
        if (
            b"--server" in Path(f"/proc/{pid}/cmdline").read_bytes()
            and b"/bin/sh" not in Path(f"/proc/{pid}/cmdline").read_bytes()
        ):
            os.kill(pid, signal.SIGKILL)
    private._opa.process.wait(5)
    assert not private.alive()
    assert gone(private.group)


def test_a_killed_server_is_started_again(private: OpaProcess) -> None:
    first = private.group
    os.killpg(first, signal.SIGKILL)
    private._opa.process.wait(5)
    with pytest.raises(Unavailable, match="a new one is being started"):
        private.decide(question())
    assert decided_in_time(private) == "permitted"
    assert private.group != first
    assert list(private._opa.folder.parent.glob(f"{private._opa.folder.name}*")) == []
    private.health()


def decided_in_time(engine: OpaProcess) -> str:
    end = time.monotonic() + 45
    while True:
        try:
            return engine.decide(question()).outcome
        except Unavailable:
            assert time.monotonic() < end
            time.sleep(0.05)


def members(group: int) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            found.append(int(entry.parent.name))
    return found


def gone(group: int) -> bool:
    end = time.monotonic() + 5
    while members(group) and time.monotonic() < end:
        time.sleep(0.02)
    return not members(group)


def test_close_leaves_no_process(private: OpaProcess) -> None:
    assert len(members(private.group)) >= 2
    private.close()
    private.close()
    assert gone(private.group)
    with pytest.raises(Unavailable):
        private.decide(question())


PARENT = """
import os, signal, sys
sys.path.insert(0, {folder!r})
from policy_samples import POLICY
from comity.policy.opa_server import OpaProcess
engine = OpaProcess.start(POLICY)
print(engine.group, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_opa_dies_with_a_killed_parent(opa_binary: str) -> None:
    script = PARENT.format(folder=str(Path(__file__).parent))
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env={**os.environ, "COMITY_OPA": opa_binary}
    )
    assert done.returncode == -signal.SIGKILL
    assert gone(int(done.stdout))


def test_another_bundle_is_noticed(private: OpaProcess) -> None:
    opa = private._opa
    with pytest.raises(Unavailable, match="another policy bundle"):
        engine = OpaServerEngine(opa.url, opa.token, revision=revision_of(build(AGREEMENTS[:1]), 0))
        engine.health()
    OpaServerEngine(opa.url, opa.token, revision=revision_of(POLICY, 0)).health()


def test_without_opa_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COMITY_OPA", str(tmp_path / "none"))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(opa_tool, "_REPO", tmp_path)
    with pytest.raises(Unavailable, match="make tools"):
        OpaProcess.start(POLICY)


def test_a_program_that_is_not_opa_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake = tmp_path / "opa"
    fake.write_text("#!/bin/sh\n[ $1 = version ] && echo Version: 1.21.3 && exit\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("COMITY_OPA", str(fake))
    with pytest.raises(Unavailable, match="does not do what OPA does"):
        OpaProcess.start(POLICY)


def test_requests_hold_only_the_document() -> None:
    seen: list[bytes] = []

    class Recorder(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            seen.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    engine = OpaServerEngine(f"http://127.0.0.1:{server.server_port}", "token")
    with pytest.raises(Unavailable):
        engine.decide(question())
    engine.close()
    server.shutdown()
    server.server_close()
    assert json.loads(seen[0]) == {"input": question()}
