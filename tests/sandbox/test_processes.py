"""Whom `sandbox down` may signal."""

import json
import subprocess
import sys
from pathlib import Path

from comity.sandbox.layout import Sandbox
from comity.sandbox.processes import running_pid, stop_node


def test_a_process_that_only_inherited_the_number_of_a_node_is_left_alone(tmp_path: Path) -> None:
    """A node's record can outlive it, and its process id be given to somebody else."""
    sandbox = Sandbox(tmp_path, {"countries": {"EE": {}}})
    home = sandbox.home("EE")
    home.path.mkdir()
    stranger = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        home.running.write_text(json.dumps({"pid": stranger.pid}))
        assert running_pid(home) == stranger.pid
        stop_node(sandbox, "EE")
        assert stranger.poll() is None
        assert not home.running.exists()
    finally:
        stranger.communicate(b"\n", timeout=20)
    assert stranger.returncode == 0
