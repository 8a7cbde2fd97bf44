"""A private OPA server: bound to the loopback address, closed to all but the holder of a token, dying with us."""

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import requests
from cryptography.hazmat.primitives import serialization

from comity.errors import Unavailable
from comity.policy import library
from comity.policy.bundle import PolicySet, authz_bundle_bytes, bundle_bytes, policy_sources
from comity.policy.loopback import LoopbackAdapter, trusted_users
from comity.policy.opa_tool import check_sources, opa_version, require_opa
from comity.policy.signing import ALGORITHM, SCOPE, BundleSigner, passing_signer

_START_SECONDS = 15.0
_TRIES = 3

# The shell reads a pipe whose other end only we hold: when we end, however that happens, the read ends and the
# whole process group with OPA in it is killed. When OPA ends by itself the group ends too. (prctl's death signal
# would hang on the thread that started OPA, and needs code between fork and exec.)
# What a decision needs is a few megabytes; a policy that wants more ends OPA, and a new one is started.
_KEEPER = (
    "ulimit -c 0; ulimit -v 2097152; "
    'exec 3<&0 </dev/null; ( read -r _ <&3; kill -KILL 0 ) & "$@" 3<&- & wait $!; kill -KILL 0'
)


@dataclass(slots=True)
class Opa:
    """A running server and how to reach it."""

    version: str
    url: str
    token: str = field(repr=False)
    process: subprocess.Popen[bytes] = field(repr=False)
    lifeline: int = field(repr=False)
    folder: Path

    @property
    def group(self) -> int:
        """Process group of the server and its keeper."""
        return self.process.pid

    def running(self) -> bool:
        """Whether the process lives."""
        return self.process.poll() is None

    def forget_files(self) -> None:
        """Remove the start files: one holds the token."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def stop(self) -> None:
        """End the process group and wait for it. Harmless when done twice."""
        if self.lifeline >= 0:
            os.close(self.lifeline)
            self.lifeline = -1
        self.process.wait(timeout=_START_SECONDS)
        self.forget_files()


def start_opa(policy: PolicySet, sequence: int = 0, signer: BundleSigner | None = None) -> Opa:
    """Return a server that answers; raises `Unavailable` with the remedy.

    OPA itself verifies what it loads. Without a `signer` the bundle is signed by a key that lives as long as this call.
    """
    binary = require_opa()
    check_sources(binary, {**policy_sources(policy), **library.rego_under("system")})
    for _ in range(_TRIES):  # the port may be taken between choosing and opening it
        opa = _launch(binary, policy, sequence, signer or passing_signer())
        if _wait_until_healthy(opa):
            return opa
        opa.stop()
    raise Unavailable("OPA does not start: run it by hand to see why, or set policy.engine to embedded")


def _launch(binary: str, policy: PolicySet, sequence: int, signer: BundleSigner) -> Opa:
    folder = Path(tempfile.mkdtemp(prefix="comity-opa-"))
    token, port = secrets.token_urlsafe(32), _free_port()
    (folder / "comity.tar.gz").write_bytes(bundle_bytes(policy, sequence, signer))
    (folder / "authz.tar.gz").write_bytes(authz_bundle_bytes(token, signer))
    (folder / "key.pem").write_bytes(_public_pem(signer))
    command = [
        binary,
        "run",
        "--server",
        f"--addr=127.0.0.1:{port}",
        "--authentication=token",
        "--authorization=basic",
        "--disable-telemetry",
        "--log-level=error",
        "--set=decision_logs.console=false",
        "--shutdown-grace-period=0",
        f"--verification-key={folder / 'key.pem'}",
        f"--verification-key-id={signer.key_id}",
        f"--signing-alg={ALGORITHM}",
        f"--scope={SCOPE}",
        "--bundle",
        str(folder / "comity.tar.gz"),
        str(folder / "authz.tar.gz"),
    ]
    theirs, ours = os.pipe()
    process = subprocess.Popen(
        ["/bin/sh", "-c", _KEEPER, "opa-keeper", *command],
        stdin=theirs,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"PATH": os.defpath, "HOME": str(folder), "GOMEMLIMIT": "512MiB"},  # nothing of ours to read
        start_new_session=True,
    )
    os.close(theirs)
    return Opa(opa_version(binary), f"http://127.0.0.1:{port}", token, process, ours, folder)


def _public_pem(signer: BundleSigner) -> bytes:
    return signer.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _wait_until_healthy(opa: Opa) -> bool:
    """Wait until the server has loaded its bundles; False when it ended or took too long."""
    headers = {"Authorization": f"Bearer {opa.token}"}
    end = time.monotonic() + _START_SECONDS
    with requests.Session() as session:
        session.trust_env = False  # no proxy stands between us
        session.mount("http://", LoopbackAdapter(trusted_users(())))  # nor does a stranger on the port get the token
        while opa.running() and time.monotonic() < end:
            with suppress(requests.RequestException, OSError):
                if session.get(f"{opa.url}/health", headers=headers, timeout=1.0).ok:
                    return opa.running()
            time.sleep(0.02)
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
