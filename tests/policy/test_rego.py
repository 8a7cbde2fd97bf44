"""The Rego itself: what `make lint` runs on it passes, and every source has its tests and metadata."""

import os
import subprocess
import sys
from pathlib import Path

from policy_samples import REPO

FOLDERS = ["policy/comity", "policy/system"]


def test_formatted_strict_and_fully_covered(opa_binary: str) -> None:
    environment = {**os.environ, "PATH": f"{Path(opa_binary).parent}{os.pathsep}{os.environ['PATH']}"}
    command = [sys.executable, str(REPO / "ops" / "policy_lint.py")]
    done = subprocess.run(command, cwd=REPO, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "policy coverage: 100 %" in done.stdout


def test_every_source_has_tests_and_metadata() -> None:
    sources = [
        path for folder in FOLDERS for path in (REPO / folder).rglob("*.rego") if not path.stem.endswith("_test")
    ]
    assert len(sources) > 15
    for path in sources:
        assert path.with_name(f"{path.stem}_test.rego").exists(), path
        assert path.read_text().startswith("# METADATA\n# title: "), path
        assert package(path) == ".".join(path.relative_to(REPO / "policy").parent.parts), path
        assert max(map(len, path.read_text().splitlines())) <= 120, path


def package(path: Path) -> str:
    return next(line.split()[1] for line in path.read_text().splitlines() if line.startswith("package "))
