"""Real input: real lists of several publishers, one node each, persons found across them. Runs the documented tour."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parent.parent.parent

pytestmark = pytest.mark.xdist_group("lists")


def test_persons_are_found_across_real_lists(shared: Path) -> None:
    command = [sys.executable, str(REPO / "ops/tours/real_lists.py"), "--lists", str(shared / "data/lists")]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("COMITY_")}
    done = subprocess.run([*command, "--only", "un,nz,au,gb"], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    found = done.stdout.splitlines()[-1]
    counts = eval(found.removeprefix("found by:"))  # noqa: S307  our own script's dict
    assert counts["Ramzan Kadyrov"] >= 2, done.stdout
    assert counts["Рамзан Кадыров"] == counts["Ramzan Kadyrov"]
    assert counts["Igor Girkin"] >= 1
    assert done.stdout.count("receipt verified") == 3 * 4
    assert done.stdout.count("verified: ") == 4
    assert ", 0 rejected" in done.stdout
