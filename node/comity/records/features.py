"""The features beside the name that speak for or against a match: birth date, nationality. Pure.

Each outcome is one constant, so that what an explanation can say is all here; none holds a value of a record.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature: its own similarity 0 to 1, its weight (below 0 it lowers the score), and in words how it agrees."""

    name: str
    score: float
    weight: float
    text: str


_SAME_DAY = Feature("birthDate", 1.0, 0.7, "same birth date")
_SAME_PART = Feature("birthDate", 1.0, 0.3, "same birth year or month")
_AS_FAR_AS_KNOWN = Feature("birthDate", 0.8, 0.3, "birth dates agree as far as both are known")
_SWAPPED = Feature("birthDate", 0.7, 0.3, "day and month are swapped")
_ONE_DIGIT = Feature("birthDate", 0.5, 0.1, "birth dates differ in one digit")
_SAME_YEAR = Feature("birthDate", 0.3, -0.1, "same birth year, other day")
_NEXT_YEAR = Feature("birthDate", 0.3, -0.1, "birth years differ by one")
_FEW_YEARS = Feature("birthDate", 0.0, -0.35, "birth dates contradict by a few years")
_CONTRADICT = Feature("birthDate", 0.0, -0.5, "birth dates contradict")
_SAME_NATION = Feature("nationality", 1.0, 0.1, "same nationality")
_OTHER_NATION = Feature("nationality", 0.0, -0.05, "other nationality")

_WHOLE = 10
_FEW = 5


def birth_date(asked: str, held: tuple[str, ...]) -> Feature | None:
    """Return how a birth date agrees with the best of those held; None when a side has none."""
    if not asked or not held:
        return None
    return max((_compare(asked, value) for value in held), key=lambda feature: feature.weight)


def nationality(asked: AbstractSet[str], held: tuple[str, ...]) -> Feature | None:
    """Return how nationalities agree; None when a side has none."""
    if not asked or not held:
        return None
    return _OTHER_NATION if asked.isdisjoint(held) else _SAME_NATION


def _compare(asked: str, held: str) -> Feature:
    if asked == held:
        return _SAME_DAY if len(asked) == _WHOLE else _SAME_PART
    shorter = min(len(asked), len(held))
    if asked[:shorter] == held[:shorter]:
        return _AS_FAR_AS_KNOWN
    near = _near(asked, held) if shorter == _WHOLE else None
    return near or _years_apart(abs(int(asked[:4]) - int(held[:4])))


def _near(asked: str, held: str) -> Feature | None:
    """Return how two whole dates that differ may be one: a swap, a slip of the pen."""
    if asked[:4] == held[:4] and asked[5:7] == held[8:] and asked[8:] == held[5:7]:
        return _SWAPPED
    if sum(a != b for a, b in zip(asked, held, strict=True)) == 1:
        return _ONE_DIGIT
    return _SAME_YEAR if asked[:4] == held[:4] else None


def _years_apart(years: int) -> Feature:
    if years <= 1:
        return _NEXT_YEAR
    return _FEW_YEARS if years <= _FEW else _CONTRADICT
