"""ISO 8601 durations as lengths of time. Pure.

Months count 30 days and years 365: never longer than the calendar's, so a term ends early rather than late.
"""

import re
from datetime import timedelta

_DURATION = re.compile(
    r"^P(?=.)(?:(\d{1,3})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?"
    r"(?:T(?=.)(?:(\d{1,5})H)?(?:(\d{1,5})M)?(?:(\d{1,5})S)?)?\Z"
)


def duration(text: str) -> timedelta | None:
    """Return the length of an ISO 8601 duration (`P180D`, `PT48H`), or None where the text is none."""
    match = _DURATION.match(text)
    if match is None:
        return None
    years, months, weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    days += years * 365 + months * 30 + weeks * 7
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
