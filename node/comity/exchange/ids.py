"""Ids that both sides of something share."""

import os
import uuid
from datetime import datetime


def new_exchange_id(at: datetime) -> str:
    """Return a UUIDv7 (RFC 9562 section 5.7): milliseconds since the epoch, then 74 random bits."""
    value = int(at.timestamp() * 1000) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    return str(uuid.UUID(int=value & ~(0x3 << 62) | 0x2 << 62))
