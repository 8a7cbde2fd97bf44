"""Time as an argument: the only place that reads the system clock.

Read the clock once where a request enters and hand the value down (style habit 2).
"""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""A function that returns the current time as an aware UTC datetime."""


def system_clock() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)
