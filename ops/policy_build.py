"""Compile `policy/comity` to the library that the embedded engine runs, or check that it is fresh.

    policy_build.py            needs opa (PATH, .tools/opa or COMITY_OPA)
    policy_build.py --check    compares hashes; where opa is there, builds anew and compares the bytes

The library: policy.wasm, data.json (data files merged under their folders), rego.json (the sources, for bundles),
the schemas, and SOURCES.json (version of OPA and SHA-256 of every file).
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

REPO = Path(__file__).resolve().parent.parent
POLICY = REPO / "policy"
LIBRARY = REPO / "node" / "comity" / "policy" / "library"
ENTRYPOINTS = ("comity/decision", "comity/desk/allow")
REMEDY = "run `make policy` (needs opa, see `make tools`)"


def main() -> int:
    """Build or check; returns the exit code."""
    opa = find_opa()
    if "--check" in sys.argv[1:]:
        return check(opa)
    if opa is None:
        print("opa is not here: `make tools` gets it", file=sys.stderr)
        return 1
    for name, content in outputs(build_wasm(opa), opa_version(opa)).items():
        (LIBRARY / name).write_bytes(content)
    print(f"wrote {LIBRARY.relative_to(REPO)}")
    return 0


def check(opa: str | None) -> int:
    """Say whether the committed library is what the sources make."""
    committed = json.loads((LIBRARY / "SOURCES.json").read_text())
    wasm = (LIBRARY / "policy.wasm").read_bytes()
    version = committed["opa"]
    if opa is not None and opa_version(opa) == version:
        wasm = build_wasm(opa)
    fresh = outputs(wasm, version)
    stale = [name for name, content in fresh.items() if (LIBRARY / name).read_bytes() != content]
    if stale:
        print(f"the compiled policy is stale ({', '.join(stale)}): {REMEDY}", file=sys.stderr)
        return 1
    return 0


def outputs(wasm: bytes, version: str) -> dict[str, bytes]:
    """Return every file of the library by name."""
    rego = {path.relative_to(POLICY).as_posix(): path.read_text() for path in rego_files("comity", "system")}
    files = {
        "policy.wasm": wasm,
        "data.json": _json(merged_data()),
        "rego.json": _json(rego),
        **{path.name: path.read_bytes() for path in sorted((POLICY / "schemas").glob("*.schema.json"))},
    }
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    sources = {path: hashlib.sha256(text.encode()).hexdigest() for path, text in rego.items()}
    stamp = {"opa": version, "entrypoints": list(ENTRYPOINTS), "files": hashes, "sources": sources}
    return {**files, "SOURCES.json": _json(stamp)}


def rego_files(*folders: str) -> list[Path]:
    """Return the Rego sources of folders without tests, sorted."""
    found = [path for folder in folders for path in (POLICY / folder).rglob("*.rego")]
    return sorted(path for path in found if not path.name.endswith("_test.rego"))


def merged_data() -> dict[str, Any]:
    """Return the data files under the names of their folders, as OPA loads a bundle."""
    merged: dict[str, Any] = {}
    for path in sorted((POLICY / "comity").rglob("data.json")):
        node = merged
        for part in path.parent.relative_to(POLICY).parts:
            node = node.setdefault(part, {})
        node.update(json.loads(path.read_text()))
    return merged


def build_wasm(opa: str) -> bytes:
    """Return `policy.wasm` as this OPA compiles it."""
    with tempfile.TemporaryDirectory() as folder:
        bundle = Path(folder) / "bundle.tar.gz"
        entrypoints = [word for entry in ENTRYPOINTS for word in ("-e", entry)]
        files = [path.relative_to(POLICY).as_posix() for path in rego_files("comity")]
        command = [opa, "build", "-t", "wasm", *entrypoints, "-o", str(bundle), *files]
        subprocess.run(command, check=True, cwd=POLICY)
        with tarfile.open(bundle) as archive:
            member = archive.extractfile("/policy.wasm")
            if member is None:
                raise SystemExit("opa built a bundle without policy.wasm")
            return member.read()


def find_opa() -> str | None:
    """Return the OPA executable, if there is one."""
    for candidate in (os.environ.get("COMITY_OPA"), str(REPO / ".tools" / "opa"), shutil.which("opa")):
        if candidate and Path(candidate).is_file():
            return candidate
    return None


def opa_version(opa: str) -> str:
    """Return the version of an OPA executable."""
    text = subprocess.run([opa, "version"], check=True, capture_output=True, text=True).stdout
    return text.splitlines()[0].removeprefix("Version:").strip()


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


if __name__ == "__main__":
    sys.exit(main())
