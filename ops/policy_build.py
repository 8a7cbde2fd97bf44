"""Compile `policy/comity` to the library that the embedded engine runs, or check that it is fresh.

    policy_build.py            needs opa (PATH, .tools/opa or COMITY_OPA)
    policy_build.py --check    compares hashes; where opa is there, builds anew and compares the bytes

The library: policy.wasm, prove.wasm (the same sources with the entry point of `comity policy prove`), data.json (data
files merged under their folders), rego.json (the sources, for bundles), dependencies.json (what each part of the policy
reads), the schemas, and SOURCES.json (version of OPA and SHA-256 of every file).
"""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from comity.policy.opa_tool import ENTRYPOINTS, build_wasm, find_opa, opa_version, parse_modules
from comity.policy.prove.dependencies import dependencies
from comity.policy.prove.oracle import ENTRY

REPO = Path(__file__).resolve().parent.parent
POLICY = REPO / "policy"
LIBRARY = REPO / "node" / "comity" / "policy" / "library"
MADE = ("policy.wasm", "prove.wasm", "dependencies.json")
REMEDY = "run `make policy` (needs opa, see `make tools`)"


def main() -> int:
    """Build or check; returns the exit code."""
    opa = find_opa()
    if "--check" in sys.argv[1:]:
        return check(opa)
    if opa is None:
        print("opa is not here: `make tools` gets it", file=sys.stderr)
        return 1
    for name, content in outputs(made_by(opa), opa_version(opa)).items():
        (LIBRARY / name).write_bytes(content)
    print(f"wrote {LIBRARY.relative_to(REPO)}")
    return 0


def check(opa: str | None) -> int:
    """Say whether the committed library is what the sources make."""
    committed = json.loads((LIBRARY / "SOURCES.json").read_text())
    made = {name: (LIBRARY / name).read_bytes() for name in MADE}
    version = committed["opa"]
    if opa is not None and opa_version(opa) == version:
        made = made_by(opa)
    fresh = outputs(made, version)
    stale = [name for name, content in fresh.items() if (LIBRARY / name).read_bytes() != content]
    if stale:
        print(f"the compiled policy is stale ({', '.join(stale)}): {REMEDY}", file=sys.stderr)
        return 1
    return 0


def outputs(made: dict[str, bytes], version: str) -> dict[str, bytes]:
    """Return every file of the library by name."""
    rego = texts("comity", "system", "prove")
    files = {
        **made,
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


def texts(*folders: str) -> dict[str, str]:
    """Return Rego sources by their path under `policy/`."""
    return {path.relative_to(POLICY).as_posix(): path.read_text() for path in rego_files(*folders)}


def made_by(opa: str) -> dict[str, bytes]:
    """Return what this OPA makes of the sources."""
    modules = parse_modules(opa, texts("comity"))
    return {
        "policy.wasm": build_wasm(opa, texts("comity")),
        "prove.wasm": build_wasm(opa, texts("comity", "prove"), (ENTRY,)),
        "dependencies.json": _lines(dependencies(modules, merged_data())),
    }


def _lines(parts: dict[str, Any]) -> bytes:
    """Return one line for each part: small, and a change shows."""
    rows = [f"{json.dumps(name)}: {json.dumps(part, separators=(',', ':'))}" for name, part in sorted(parts.items())]
    return ("{\n" + ",\n".join(rows) + "\n}\n").encode()


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


if __name__ == "__main__":
    sys.exit(main())
