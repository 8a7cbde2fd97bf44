"""The program as a user runs it: a subprocess, its exit code, its output."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COMITY = [sys.executable, "-m", "comity.cli.main"]


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Shell:
    """Runs `comity` with one sandbox and one data folder of its own."""

    folder: Path

    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("COMITY_") or k == "COMITY_OPA"}
        return {**kept, "XDG_DATA_HOME": str(self.folder), "COMITY_SANDBOX": str(self.folder / "sandbox")}

    def __call__(self, *arguments: str, timeout: float = 180) -> Ran:
        done = subprocess.run(
            [*COMITY, *arguments], env=self.environment(), capture_output=True, text=True, timeout=timeout
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def good(self, *arguments: str) -> Ran:
        """Run a command that must succeed."""
        ran = self(*arguments)
        assert ran.code == 0, f"comity {' '.join(arguments)}: {ran.code}\n{ran.out}\n{ran.err}"
        return ran
