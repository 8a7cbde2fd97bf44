"""The Rego itself: formatted, type-checked against the schemas, tested with full coverage."""

import json
import subprocess
from pathlib import Path

from policy_samples import REPO

FOLDERS = ["policy/comity", "policy/system"]


def opa(binary: str, *arguments: str) -> str:
    done = subprocess.run([binary, *arguments], cwd=REPO, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_formatted(opa_binary: str) -> None:
    assert opa(opa_binary, "fmt", "--list", "--fail", *FOLDERS) == ""


def test_strict_and_of_the_schemas(opa_binary: str) -> None:
    opa(opa_binary, "check", "--strict", "--schema", "policy/schemas", "--bundle", "policy")


def test_tests_pass_with_full_coverage(opa_binary: str) -> None:
    opa(opa_binary, "test", "--bundle", "policy")
    report = json.loads(opa(opa_binary, "test", "--bundle", "policy", "--coverage", "--threshold", "100"))
    gaps = {name: file["not_covered"] for name, file in report["files"].items() if file.get("not_covered")}
    assert gaps == {}


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
