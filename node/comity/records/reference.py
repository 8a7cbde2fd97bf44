"""References: how a record is named to one requester, and to nobody else. Pure."""

import base64
import hmac
from hashlib import sha256


def reference(secret: bytes, requester: str, record_id: str) -> str:
    """Return 26 base32 characters: an HMAC under the node's secret over requester country and record id."""
    tag = hmac.new(secret, requester.encode() + b"\0" + record_id.encode(), sha256).digest()
    return base64.b32encode(tag[:16]).decode().rstrip("=")
