"""The policy input document as bytes: one encoding for engines and cache keys. Pure."""

import json
from collections.abc import Mapping
from typing import Any

from comity.errors import Malformed

MAX_BYTES = 65_536


def encode(document: Mapping[str, Any]) -> bytes:
    """Return the canonical JSON of a document; raises `Malformed` for what JSON or UTF-8 cannot carry."""
    try:
        text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        encoded = text.encode()
    except (TypeError, ValueError, RecursionError):
        raise Malformed("policy input: it is not a JSON document of plain, finite values") from None
    if len(encoded) > MAX_BYTES:
        raise Malformed(f"policy input: larger than {MAX_BYTES} bytes; it holds codes, no free text")
    return encoded
