"""The `opa` program as a tool: found, its version held, run in a child process with limits; what it compiles.

Compiling and checking need it; deciding with the embedded engine does not. National modules are written by others, so
everything that reads them runs in a child with a time and memory limit and an environment of its own.
"""

import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from comity.errors import Unavailable

MINIMUM = (1, 21, 3)  # GHSA-g2pf-6v5v-qcc8: older ones take bundles whose signature file was removed
ENTRYPOINTS = ("comity/decision", "comity/desk/allow", "comity/explain/trace")
CAPABILITIES = "capabilities.json"

# What policies here may call: OPA compiles each of these into the Wasm module itself, none reads a clock, network,
# chance, environment or key, each costs no more than the size of its arguments, and both engines agree on them.
# Left out on purpose: regex.* and glob.* (cost), lower and upper (Unicode versions), to_number, div and round
# (rounding differs), numbers.range and bits.lsh (small arguments, huge results), sprintf (not in OPA's Wasm).
BUILTINS = frozenset(
    [
        "abs",
        "and",
        "array.concat",
        "array.slice",
        "assign",
        "concat",
        "contains",
        "count",
        "endswith",
        "eq",
        "equal",
        "format_int",
        "gt",
        "gte",
        "indexof",
        "internal.member_2",
        "internal.member_3",
        "intersection",
        "is_array",
        "is_boolean",
        "is_null",
        "is_number",
        "is_object",
        "is_set",
        "is_string",
        "lt",
        "lte",
        "max",
        "min",
        "minus",
        "mul",
        "neq",
        "object.filter",
        "object.get",
        "object.keys",
        "object.remove",
        "object.union",
        "or",
        "plus",
        "replace",
        "sort",
        "split",
        "startswith",
        "substring",
        "sum",
        "trim_prefix",
        "trim_suffix",
        "type_name",
        "union",
        "walk",
    ]
)

_REPO = Path(__file__).resolve().parents[3]
_SECONDS = 60.0
_MEMORY_KIB = 8 * 1024 * 1024  # address space: Go reserves far more than it uses


def find_opa() -> str | None:
    """Return the OPA executable: `COMITY_OPA`, `.tools/opa` of the source tree, or `PATH`."""
    for candidate in (os.environ.get("COMITY_OPA"), str(_REPO / ".tools" / "opa"), shutil.which("opa")):
        if candidate and Path(candidate).is_file():
            return candidate
    return None


def require_opa() -> str:
    """Return an executable that is new enough; raises `Unavailable` with the remedy."""
    binary = find_opa()
    if binary is None:
        raise Unavailable("OPA is not here: `make tools` gets it, or name it in COMITY_OPA")
    check_version(opa_version(binary))
    return binary


@lru_cache(maxsize=8)
def check_version(version: str) -> None:
    """Raise `Unavailable` for an OPA with known holes."""
    if _parsed(version) < (*MINIMUM, ""):
        least = ".".join(map(str, MINIMUM))
        raise Unavailable(
            f"OPA {version or 'of an unknown version'} is older than {least}: `make tools` gets a new one"
        )


def opa_version(binary: str) -> str:
    """Return the version of an executable, empty when it does not say."""
    return _version(binary, Path(binary).stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _version(binary: str, _changed: int) -> str:
    done = run_opa(binary, ["version"])
    first = done.stdout.decode(errors="replace").partition("\n")[0]
    return first.removeprefix("Version:").strip() if done.returncode == 0 and first.startswith("Version:") else ""


def _parsed(version: str) -> tuple[int, int, int, str]:
    """Return something to compare; a pre-release (`1.21.3-rc.1`) sorts before its release."""
    numbers, _, suffix = version.partition("-")
    parts = numbers.split(".")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
        return 0, 0, 0, ""
    major, minor, patch = map(int, parts)
    return (major, minor, patch - 1, suffix) if suffix else (major, minor, patch, "")


def run_opa(
    binary: str, arguments: Sequence[str], *, folder: Path | None = None, seconds: float = _SECONDS
) -> subprocess.CompletedProcess[bytes]:
    """Run OPA to its end, within limits of time and memory; raises `Unavailable` when it takes too long."""
    limited = f'ulimit -v {_MEMORY_KIB} && ulimit -c 0 && exec "$@"'
    try:
        return subprocess.run(
            ["/bin/sh", "-c", limited, "opa", binary, *arguments],
            cwd=folder,
            env={"PATH": os.defpath, "HOME": "/nonexistent"},  # nothing of ours for it to read
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as cause:
        raise Unavailable(f"`opa {arguments[0]}` took more than {seconds:.0f} s and was stopped") from cause


def capabilities(binary: str) -> bytes:
    """Return the capabilities file that leaves policies `BUILTINS` and no network."""
    done = run_opa(binary, ["capabilities", "--current"])
    try:
        known: dict[str, Any] = json.loads(done.stdout)
    except ValueError as cause:
        raise Unavailable(f"{binary} does not do what OPA does: `make tools` gets the pinned OPA") from cause
    known["builtins"] = [each for each in known["builtins"] if each["name"] in BUILTINS]
    known["features"] = [each for each in known["features"] if each in ("rego_v1", "keywords_in_refs")]
    known["allow_net"] = []
    return json.dumps(known).encode()


def build_wasm(binary: str, sources: Mapping[str, str], entrypoints: Sequence[str] = ENTRYPOINTS) -> bytes:
    """Return the Wasm module of Rego sources by path; raises `Unavailable` with OPA's words when it cannot be made."""
    with tempfile.TemporaryDirectory(prefix="comity-build-") as name:
        folder = Path(name)
        write_sources(folder, sources)
        (folder / CAPABILITIES).write_bytes(capabilities(binary))
        entries = [word for entry in entrypoints for word in ("-e", entry)]
        limits = ["--capabilities", CAPABILITIES]
        done = run_opa(
            binary,
            ["build", "-t", "wasm", *limits, *entries, "-o", "bundle.tar.gz", *sorted(sources)],
            folder=folder,
        )
        if done.returncode != 0:
            words = (done.stderr or done.stdout).decode(errors="replace").strip()
            raise Unavailable(f"the policy library cannot be compiled: {words}")
        with tarfile.open(folder / "bundle.tar.gz") as archive:
            member = archive.extractfile("/policy.wasm")
            if member is None:
                raise Unavailable("opa built a bundle without policy.wasm: `make tools` gets the pinned OPA")
            return member.read()


def check_sources(binary: str, sources: Mapping[str, str]) -> None:
    """Refuse, before a server loads them, sources that call what `BUILTINS` does not name; raises `Unavailable`.

    A server has no such limit of its own: `opa run` takes no capabilities.
    """
    with tempfile.TemporaryDirectory(prefix="comity-check-") as name:
        folder = Path(name)
        write_sources(folder, sources)
        (folder / CAPABILITIES).write_bytes(capabilities(binary))
        limits = ["--capabilities", CAPABILITIES, "--strict"]
        done = run_opa(binary, ["check", *limits, *sorted(sources)], folder=folder)
        if done.returncode != 0:
            words = (done.stdout or done.stderr).decode(errors="replace").strip()
            raise Unavailable(f"the policy is not for a server of this node: {words}")


def parse_modules(binary: str, sources: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the syntax tree of each source, in the JSON form of `opa parse`; raises `Unavailable` with OPA's words."""
    trees = []
    with tempfile.TemporaryDirectory(prefix="comity-parse-") as name:
        write_sources(Path(name), sources)
        for path in sorted(sources):
            done = run_opa(binary, ["parse", "--format", "json", path], folder=Path(name))
            if done.returncode != 0:
                words = (done.stdout or done.stderr).decode(errors="replace").strip()
                raise Unavailable(f"{path} cannot be read: {words}")
            trees.append(json.loads(done.stdout))
    return trees


def write_sources(folder: Path, sources: Mapping[str, str]) -> None:
    """Write sources under a folder by their paths."""
    for path, text in sources.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
