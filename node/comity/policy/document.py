"""The policy input document as bytes: one encoding for engines and cache keys, one strict reading. Pure."""

import json
import re
from collections.abc import Mapping
from math import isfinite
from typing import Any

from comity.errors import Malformed

MAX_BYTES = 65_536
_MAX_DEPTH = 32  # a question has four; readers of JSON have different stacks
_MAX_WHOLE = 2**53 - 1  # beyond it, readers of JSON disagree about the number
_TEXTS = re.compile(rb'"(?:[^"\\]|\\.)*"')
_BRACKETS = re.compile(rb"[\[\]{}]")


def encode(document: Mapping[str, Any]) -> bytes:
    """Return the canonical JSON of a document; raises `Malformed` for what JSON or UTF-8 cannot carry."""
    try:
        text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        encoded = text.encode()
    except (TypeError, ValueError, RecursionError):
        raise Malformed("policy input: it is not a JSON document of plain, finite values") from None
    if len(encoded) > MAX_BYTES:
        raise Malformed(f"policy input: larger than {MAX_BYTES} bytes; it holds codes, no free text")
    if encoded.count(b"[") + encoded.count(b"{") > _MAX_DEPTH and _depth(encoded) > _MAX_DEPTH:
        raise Malformed(f"policy input: nested more than {_MAX_DEPTH} deep")
    return encoded


def _depth(encoded: bytes) -> int:
    """Return how deep JSON is nested at most; what stands inside texts does not count."""
    depth = deepest = 0
    for bracket in _BRACKETS.findall(_TEXTS.sub(b"", encoded)):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


def decode(raw: bytes) -> dict[str, Any]:
    """Return the document of a JSON text that has one meaning only; raises `Malformed` naming what has not.

    Refused are what readers of JSON take differently: equal keys, numbers beyond 2^53 or beyond any bound, `NaN`,
    text that is no Unicode, more depth than a reader has stack.
    """
    if len(raw) > MAX_BYTES:
        raise Malformed(f"policy input: larger than {MAX_BYTES} bytes; it holds codes, no free text")
    try:
        document = json.loads(
            raw.decode(), object_pairs_hook=_object, parse_int=_whole, parse_float=_finite, parse_constant=_no_number
        )
    except RecursionError:
        raise Malformed("policy input: nested too deeply") from None
    except ValueError as cause:
        raise Malformed(f"policy input: not JSON: {cause}") from None
    if not isinstance(document, dict):
        raise Malformed("policy input: a JSON object is expected")
    encode(document)  # a lone surrogate can be escaped in JSON, but is no text
    return document


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands in an object twice")
    return found


def _whole(text: str) -> int:
    if len(text) > len(str(_MAX_WHOLE)) + 1 or abs(int(text)) > _MAX_WHOLE:
        raise ValueError("a whole number beyond 2^53")
    return int(text)


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError("a number beyond all bounds")
    return number


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no JSON number")
