"""Start the nodes of a sandbox, find all their processes, and leave none behind."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from comity.errors import Unavailable
from comity.sandbox.layout import MARK, Sandbox
from comity.settings import Home

_START_SECONDS = 60
_STOP_SECONDS = 10


def start_node(sandbox: Sandbox, country: str) -> subprocess.Popen[bytes]:
    """Start one node in a process of its own that outlives this command; its log lies in its home."""
    home = sandbox.home(country)
    home.running.unlink(missing_ok=True)
    environment = {**os.environ, MARK: sandbox.mark}
    for name in ("COMITY_HOME", "COMITY_SANDBOX"):
        environment.pop(name, None)
    with (home.path / "node.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "comity.cli.main", "--home", str(home.path), "run"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
            start_new_session=True,
        )


def wait_until_running(home: Home, process: subprocess.Popen[bytes]) -> None:
    """Wait until a node says that it answers; raises `Unavailable` with the end of its log."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if running_pid(home) == process.pid:
            return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    log = (home.path / "node.log").read_text(errors="replace").splitlines()[-5:]
    raise Unavailable(f"the node in {home.path} did not start: {' | '.join(log)}")


def running_pid(home: Home) -> int | None:
    """Return the process id of a running node, or None."""
    try:
        pid = int(json.loads(home.running.read_text())["pid"])
        os.kill(pid, 0)
    except (OSError, ValueError, KeyError):
        return None
    return pid


def stop_all(sandbox: Sandbox) -> int:
    """Stop every process of the sandbox, gently, then not; return how many there were."""
    found = marked_processes(sandbox.mark)
    _signal(found, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while (left := marked_processes(sandbox.mark)) and time.monotonic() < deadline:
        time.sleep(0.05)
    _signal(left, signal.SIGKILL)
    deadline = time.monotonic() + _STOP_SECONDS
    while marked_processes(sandbox.mark) and time.monotonic() < deadline:
        time.sleep(0.02)
    for country in sandbox.countries:
        sandbox.home(country).running.unlink(missing_ok=True)
    return len(found)


def stop_node(sandbox: Sandbox, country: str) -> None:
    """Stop one country's node and whatever it started."""
    home = sandbox.home(country)
    pid = running_pid(home)
    if pid is None or (Path("/proc/self/environ").exists() and pid not in marked_processes(sandbox.mark)):
        home.running.unlink(missing_ok=True)  # the record outlived its node; the number may be somebody else's now
        return
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while _alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    if _alive(pid):
        os.kill(pid, signal.SIGKILL)
    home.running.unlink(missing_ok=True)


def marked_processes(mark: str) -> list[int]:
    """Return the live processes whose environment carries the sandbox's mark.

    Reads /proc, so that nodes are found whose record was lost in a crash; elsewhere only recorded ones are.
    """
    wanted = f"{MARK}={mark}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if wanted in (folder / "environ").read_bytes().split(b"\0") and _alive(int(folder.name)):
                found.append(int(folder.name))
    return [pid for pid in found if pid != os.getpid()]


def _alive(pid: int) -> bool:
    """Whether a process runs; one that has ended but was not waited for does not."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
