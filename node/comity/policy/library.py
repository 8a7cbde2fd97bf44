"""The shipped policy library: compiled Rego, its sources, its data and the schemas, as files of this package.

`ops/policy_build.py` writes them from `policy/` and a check keeps them fresh.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "library"


@cache
def wasm() -> bytes:
    """Return the library as OPA compiled it to WebAssembly."""
    return (FOLDER / "policy.wasm").read_bytes()


@cache
def prove_wasm() -> bytes:
    """Return the same sources with the entry point that `prove` asks."""
    return (FOLDER / "prove.wasm").read_bytes()


@cache
def dependencies() -> dict[str, Any]:
    """Return what each part of the shipped policy reads (`prove/dependencies.py`)."""
    parts: dict[str, Any] = _json("dependencies.json")
    return parts


@cache
def rego() -> dict[str, str]:
    """Return the Rego sources by path under `policy/`, tests left out."""
    sources: dict[str, str] = _json("rego.json")
    return sources


def rego_under(folder: str) -> dict[str, str]:
    """Return the sources under a folder: `comity` decides, `system` closes a private OPA, `prove` asks for parts."""
    return {path: text for path, text in rego().items() if path.startswith(f"{folder}/")}


@cache
def data() -> dict[str, Any]:
    """Return the library's own data (expected rules, catalogue, vocabulary, desk table), under `comity`."""
    document: dict[str, Any] = _json("data.json")
    return document


@cache
def sources() -> dict[str, Any]:
    """Return what the compiled library was made from: version of OPA, SHA-256 of each file."""
    stamp: dict[str, Any] = _json("SOURCES.json")
    return stamp


@cache
def schema(name: str) -> dict[str, Any]:
    """Return a JSON Schema: `agreement`, `input`, `decision` or `invariants`."""
    document: dict[str, Any] = _json(f"{name}.schema.json")
    return document


def catalogue() -> dict[str, dict[str, str]]:
    """Return every ground: code, side, slot of the article, message and remedy."""
    grounds: dict[str, dict[str, str]] = data()["comity"]["catalogue"]["grounds"]
    return grounds


def vocabulary() -> dict[str, Any]:
    """Return the words that policy knows: facts, levels, triggers, undertakings, what a silent text means."""
    words: dict[str, Any] = data()["comity"]["vocabulary"]
    return words


def _json(name: str) -> Any:
    return json.loads((FOLDER / name).read_bytes())
