"""How OPA hashes the files of a bundle for its signature. Pure.

OPA hashes `data.json` and `.manifest` by what they say (parsed, keys sorted, compact; its `v1/bundle/hash.go`), so
layout does not count, and every other file by its bytes. Numbers keep their text: `1.0` is not `1`. This is not
RFC 8785. A property test holds it against the real OPA.
"""

import hashlib
import json
from typing import Any

_STRUCTURED = ("data.json", ".manifest")


class Number(str):
    """A JSON number as it was written."""

    __slots__ = ()


def file_hash(name: str, content: bytes) -> str:
    """Return SHA-256 in hex of a file of a bundle; raises `ValueError` where a structured one is not strict JSON."""
    if name.rsplit("/", 1)[-1] not in _STRUCTURED:
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha256(canonical(parse(content)).encode()).hexdigest()


def parse(content: bytes) -> Any:
    """Return a JSON document with its numbers as written; raises `ValueError` for what is not strict JSON.

    Stricter than OPA, which takes YAML for JSON, the last of two equal keys, and U+FFFD for what is no Unicode.
    """
    try:
        return json.loads(
            content.decode(),
            parse_int=Number,
            parse_float=Number,
            parse_constant=_no_number,
            object_pairs_hook=_object,
        )
    except RecursionError:
        raise ValueError("nested too deeply") from None


def canonical(value: Any) -> str:
    """Return what OPA feeds to its hash for a parsed document."""
    if isinstance(value, dict):
        inner = (f"{_text(key)}:{canonical(value[key])}" for key in sorted(value))
        return "{" + ",".join(inner) + "}"
    if isinstance(value, list):
        return "[" + ",".join(canonical(each) for each in value) + "]"
    if isinstance(value, Number):
        return str(value)
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _text(value: str) -> str:
    """Return a string as Go's encoder writes it without HTML escapes: two line separators escaped, the rest plain."""
    plain = json.dumps(value, ensure_ascii=False)
    return plain.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands there twice")
    return found


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no JSON number")
