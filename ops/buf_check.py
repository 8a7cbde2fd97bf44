"""`buf lint`, and `buf breaking` against the proto files of the last release tag, or of the commit that made them."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent


def main() -> None:
    """Run both; a missing buf is a failure in CI and one line elsewhere."""
    buf = shutil.which("buf")
    if buf is None:
        if os.environ.get("CI") == "true":
            sys.exit("buf is not here: `make tools`")
        print("buf is not here: lint and breaking of proto/ skipped; install Node.js with npm, then `make tools`")
        return
    subprocess.run([buf, "lint"], cwd=REPO / "proto", check=True)
    base = _base()
    if not base:
        print("buf breaking: no earlier proto files in this clone's history")
        return
    with tempfile.TemporaryDirectory() as folder:
        archive = subprocess.run(["git", "archive", base, "proto"], cwd=REPO, check=True, capture_output=True).stdout
        subprocess.run(["tar", "-x", "-C", folder], input=archive, check=True)
        subprocess.run([buf, "breaking", "--against", f"{folder}/proto"], cwd=REPO / "proto", check=True)


def _base() -> str:
    """Return the newest release tag, else the upstream commit that this work starts from, else nothing."""
    for command in (
        ["git", "describe", "--tags", "--abbrev=0", "--match", "v*"],
        ["git", "merge-base", "HEAD", "origin/main"],
    ):
        done = subprocess.run(command, cwd=REPO, capture_output=True, text=True, check=False)
        if done.returncode == 0 and done.stdout.strip() and _has_proto(done.stdout.strip()):
            return done.stdout.strip()
    return ""


def _has_proto(commit: str) -> bool:
    listed = subprocess.run(
        ["git", "ls-tree", "-r", "--name-only", commit, "proto"], cwd=REPO, capture_output=True, text=True, check=False
    )
    return "comity/v1" in listed.stdout


main()
