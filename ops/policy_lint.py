"""What must hold of everything under policy/: opa fmt, check, test with full coverage; regal where it can be had."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
POLICY = "policy"


def main() -> None:
    """Run every check; exit 1 when one fails."""
    opa = shutil.which("opa")
    if opa is None:
        if os.environ.get("CI") == "true":
            sys.exit("opa is not here: `make tools`")
        print("opa is not here: fmt, check and test of policy/ skipped; install Go, then `make tools`")
        return
    failed = [name for name, passed in (("fmt", _fmt(opa)), ("check", _check(opa)), ("test", _test(opa))) if not passed]
    if not _regal():
        failed.append("regal")
    if failed:
        sys.exit(f"policy: {', '.join(failed)} failed")


def _fmt(opa: str) -> bool:
    done = subprocess.run([opa, "fmt", "--list", "--fail", POLICY], cwd=REPO, check=False)
    return done.returncode == 0


def _check(opa: str) -> bool:
    command = [opa, "check", "--strict", "--schema", "policy/schemas", "--bundle", POLICY]
    return subprocess.run(command, cwd=REPO, check=False).returncode == 0


def _test(opa: str) -> bool:
    """Every test passes, and every line of every rule is covered."""
    if subprocess.run([opa, "test", "--bundle", POLICY], cwd=REPO, check=False).returncode != 0:
        return False
    done = subprocess.run(
        [opa, "test", "--bundle", POLICY, "--coverage"], cwd=REPO, check=False, capture_output=True, text=True
    )
    report = json.loads(done.stdout)
    print(f"policy coverage: {report['coverage']} %")
    gaps = [
        (name, gap["start"]["row"]) for name, file in report["files"].items() for gap in file.get("not_covered", [])
    ]
    for name, row in gaps[:20]:
        print(f"{name}:{row}: not covered")
    return bool(report["coverage"] == 100)


def _regal() -> bool:
    regal = shutil.which("regal")
    if regal is None:
        print("regal is not here: `regal lint` skipped; put it on PATH, then `make tools`")
        return True
    return subprocess.run([regal, "lint", POLICY], cwd=REPO, check=False).returncode == 0


main()
