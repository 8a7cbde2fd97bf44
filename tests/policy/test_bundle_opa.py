"""T19 and T20 on running OPA servers: the private one, and one that somebody else operates."""

import gzip
import json
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from policy_samples import AGREEMENTS, POLICY, question

from comity.errors import Unavailable
from comity.policy.bundle import PolicySet, build, bundle_bytes, revision_of
from comity.policy.opa_server import OpaProcess, OpaServerEngine, hand_over
from comity.policy.signing import BundleSigner

OURS = BundleSigner(generate_private_key(SECP256R1()), "a" * 64)
OTHER = BundleSigner(generate_private_key(SECP256R1()), "b" * 64)
NEXT = build(AGREEMENTS, suspended=[each.id for each in AGREEMENTS])


def pem(signer: BundleSigner) -> str:
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return signer.key.public_key().public_bytes(*form).decode()


BAD = {
    "unsigned": lambda: bundle_bytes(POLICY, 1),
    "signed by another key": lambda: bundle_bytes(POLICY, 1, OTHER),
    "changed": lambda: _changed(bundle_bytes(POLICY, 1, OURS)),
}


def _changed(raw: bytes) -> bytes:
    return gzip.compress(gzip.decompress(raw).replace(b'"outcome": "refused"', b'"outcome": "permitt"', 1))


@pytest.mark.parametrize("name", BAD)
def test_a_server_started_as_a_node_starts_its_own_does_not_run_with_it(
    opa_binary: str, tmp_path: Path, name: str
) -> None:
    (tmp_path / "key.pem").write_text(pem(OURS))
    (tmp_path / "b.tar.gz").write_bytes(BAD[name]())
    command = [opa_binary, "run", "--server", "--addr=127.0.0.1:0", f"--verification-key={tmp_path}/key.pem"]
    limits = [f"--verification-key-id={OURS.key_id}", "--signing-alg=ES256", "--scope=comity", "--bundle"]
    done = subprocess.run([*command, *limits, f"{tmp_path}/b.tar.gz"], capture_output=True, text=True, timeout=20)
    assert done.returncode != 0
    assert "error" in (done.stdout + done.stderr).lower()


@pytest.mark.usefixtures("opa_binary")
@pytest.mark.parametrize("signer", [None, OTHER])
def test_a_private_server_verifies_what_it_loads(monkeypatch: pytest.MonkeyPatch, signer: BundleSigner | None) -> None:
    """Whatever comes between writing and loading: the server does not start with it."""
    monkeypatch.setattr("comity.policy.opa_process.bundle_bytes", lambda policy, n, _: bundle_bytes(policy, n, signer))
    with pytest.raises(Unavailable, match="does not start"):
        OpaProcess.start(POLICY, 1, OURS)


@pytest.fixture
def elsewhere(opa_binary: str, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """An OPA server of somebody else's, configured as policy/README.md says; yields its URL and the file it fetches."""
    file = tmp_path / "policy" / "bundle.tar.gz"
    files = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(file.parent)))
    Thread(target=files.serve_forever, args=(0.02,), daemon=True).start()
    config = {
        "services": {"node": {"url": f"http://127.0.0.1:{files.server_port}"}},
        "bundles": {
            "comity": {
                "service": "node",
                "resource": file.name,
                "signing": {"keyid": OURS.key_id, "scope": "comity"},
                "polling": {"min_delay_seconds": 1, "max_delay_seconds": 1},
            }
        },
        "keys": {OURS.key_id: {"algorithm": "ES256", "key": pem(OURS)}},
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    port = free_port()
    command = [opa_binary, "run", "--server", f"--addr=127.0.0.1:{port}", f"--config-file={tmp_path}/config.json"]
    process = subprocess.Popen(
        [*command, "--skip-version-check", "--log-level=error"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"PATH": os.defpath, "HOME": str(tmp_path)},
    )
    try:
        yield f"http://127.0.0.1:{port}", file
    finally:
        process.kill()
        process.wait()
        files.shutdown()
        files.server_close()


class Quiet(SimpleHTTPRequestHandler):
    """Serves files as any web server does, and says nothing."""

    def log_message(self, *_: object) -> None:
        pass


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def served(
    elsewhere: tuple[str, Path], policy: PolicySet, sequence: int, signer: BundleSigner = OURS
) -> OpaServerEngine:
    url, file = elsewhere
    engine = OpaServerEngine(url, revision=revision_of(policy, sequence))
    hand_over(bundle_bytes(policy, sequence, signer), file, engine)
    return engine


def eventually(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not what():
        assert time.monotonic() < end
        time.sleep(0.1)


def refuses(engine: OpaServerEngine) -> bool:
    try:
        engine.decide(question())
    except Unavailable:
        return True
    return False


def test_a_server_of_somebody_else(elsewhere: tuple[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    first = served(elsewhere, POLICY, 1)
    assert first.decide(question()).outcome == "permitted"
    second = served(elsewhere, NEXT, 2)
    assert second.decide(question()).outcome == "refused"
    assert refuses(first)  # no decision of the newer bundle is taken for one of the older set
    _, file = elsewhere
    file.write_bytes(bundle_bytes(POLICY, 3, OTHER))  # signed by another key: OPA does not load it
    time.sleep(2.5)
    assert second.decide(question()).outcome == "refused"
    file.write_bytes(bundle_bytes(POLICY, 1, OURS))  # rolled back: OPA loads it, and we notice with the next question
    eventually(lambda: refuses(second))
    with pytest.raises(Unavailable, match="another policy bundle"):
        second.health()
    monkeypatch.setattr("comity.policy.opa_server._TAKEN_UP_SECONDS", 1.0)
    with pytest.raises(Unavailable):
        served(elsewhere, NEXT, 3, OTHER)  # what the server does not take up is not in force
