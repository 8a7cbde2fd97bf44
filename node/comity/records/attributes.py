"""What police records need beside the FollowTheMoney vocabulary: attributes that rules on rows speak of. Pure.

They stand under the key `comity` of an entity's JSON object:
`{"subject": "suspect", "minor": false, "handling": "H1", "restricted": false, "retain_until": "2030-12-31"}`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from comity.errors import Malformed, Violation
from comity.records.entity import Entity
from comity.records.schema import nearest

SUBJECTS = ("suspect", "convicted", "victim", "witness", "missing", "unidentified-remains", "other")
HANDLING = ("H0", "H1", "H2", "H3")
_USUAL_SUBJECT = {
    "wanted-persons": "suspect",
    "criminal-records": "convicted",
    "convictions": "convicted",
    "missing-persons": "missing",
}
_KEYS = ("subject", "minor", "handling", "restricted", "retain_until")
_ADULT_YEARS = 18
_ALWAYS_MINOR = 99991231
_NEVER_MINOR = 1


@dataclass(frozen=True, slots=True)
class Attributes:
    """The attributes of one record; days as yyyymmdd, 0 when unknown (`adult_on`) or without end (`retain_until`)."""

    subject_category: str
    adult_on: int
    handling: str
    restricted: bool
    retain_until: int


def attributes_of(document: Mapping[str, Any], entity: Entity, category: str) -> Attributes:
    """Return the attributes of a JSON object; what it does not say is taken from category and birth date.

    Raises `Malformed` with every violation.
    """
    given = document.get("comity", {})
    if not isinstance(given, dict):
        raise Malformed("comity must be an object", violations=(Violation("comity", "must be an object"),))
    found = [Violation(f"comity.{key}"[:80], f"is unknown{nearest(key, _KEYS)}") for key in given if key not in _KEYS]
    subject = given.get("subject", _USUAL_SUBJECT.get(category, "other"))
    handling = given.get("handling", "H0")
    if subject not in SUBJECTS:
        found.append(Violation("comity.subject", f"must be one of {', '.join(SUBJECTS)}"))
    if handling not in HANDLING:
        found.append(Violation("comity.handling", f"must be one of {', '.join(HANDLING)}"))
    found += [
        Violation(f"comity.{key}", "must be true or false")
        for key in ("minor", "restricted")
        if not isinstance(given.get(key, False), bool)
    ]
    retain_until = _day(given.get("retain_until"))
    if retain_until is None:
        found.append(Violation("comity.retain_until", "must be a day, e.g. 2030-12-31"))
    if found:
        named = "; ".join(f"{violation.field} {violation.problem}" for violation in found)
        raise Malformed(named, violations=tuple(found))
    return Attributes(
        subject_category=subject,
        adult_on=_adult_on(given.get("minor"), entity.values("birthDate")),
        handling=handling,
        restricted=given.get("restricted", False),
        retain_until=retain_until or 0,
    )


def day_number(day: date) -> int:
    """Return a day as yyyymmdd: ordered as days are, and alike in every database."""
    return day.year * 10_000 + day.month * 100 + day.day


def _day(text: Any) -> int | None:
    """Return 0 for none, None for what is not a day."""
    if text is None:
        return 0
    try:
        return day_number(date.fromisoformat(text))
    except (TypeError, ValueError):
        return None


def _adult_on(minor: bool | None, births: tuple[str, ...]) -> int:
    """Return the day from which the person is surely of age: a partial or doubtful birth date is its latest day."""
    if minor is not None:
        return _ALWAYS_MINOR if minor else _NEVER_MINOR
    if not births:
        return 0
    year, month, day = max(f"{birth}-12-31"[:10] if len(birth) < 7 else f"{birth}-31"[:10] for birth in births).split(
        "-"
    )
    return (int(year) + _ADULT_YEARS) * 10_000 + int(month) * 100 + int(day)
