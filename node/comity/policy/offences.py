"""Which offence is this statute? The shipped tables of what countries punish, and what two of them punish alike. Pure.

A code is `CC:statute`, e.g. `EE:209`. The tables are written by hand under `policy/offences/` and made into the
library's data by `ops/offence_tables.py`; policy reads the same data for dual criminality.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from comity.errors import Malformed, Violation
from comity.policy import library


@dataclass(frozen=True, slots=True)
class StatuteFacts:
    """What a statute says of the offence.

    `iccs` is its ICCS class, `list_category` one of the 32 or empty, `max_penalty_months` the most that it allows
    (1200: life), `kinds` what agreements may exclude or ask an assurance for (fiscal, capital, speech, …).
    """

    code: str
    title: str
    iccs: str
    list_category: str
    max_penalty_months: int
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Offence:
    """An offence as it was named: a statute, an ICCS class or a list category; what is not known is empty."""

    code: str = ""
    iccs: str = ""
    list_category: str = ""
    max_penalty_months: int = 0
    kinds: tuple[str, ...] = ()


def look_up(code: str) -> StatuteFacts:
    """Return the facts of a statute; raises `Malformed` that names the nearest ones."""
    country = code.partition(":")[0]
    statutes = _table(country)["statutes"]
    if code not in statutes:
        named = "; ".join(f"{each} {statutes[each]['title']}" for each in _nearest(code, statutes))
        raise _malformed(f"{code} is in no table of {country}: nearest are {named}")
    found = statutes[code]
    return StatuteFacts(
        code, found["title"], found["iccs"], found["list"], found["max_penalty_months"], tuple(found["kinds"])
    )


def counterparts(code: str, asked: str) -> tuple[StatuteFacts, ...]:
    """Return the statutes by which the country asked punishes the same conduct; raises `Malformed` as `look_up`."""
    own = look_up(code).code.partition(":")[0]
    _table(asked)
    if asked == own:
        raise _malformed(f"{code} is a statute of {asked} itself: name another country")
    found = library.data()["comity"]["mappings"][own][asked][code]
    return tuple(look_up(each) for each in found)


def statutes(country: str) -> tuple[StatuteFacts, ...]:
    """Return every statute of a country's table; raises `Malformed` for a country that has none."""
    return tuple(look_up(code) for code in _table(country)["statutes"])


def tables() -> tuple[str, ...]:
    """Return the countries that have a table."""
    return tuple(_offences())


def stated(text: str, country: str, *, penalty: int = 0, kinds: tuple[str, ...] = ()) -> Offence:
    """Return the offence that an officer of `country` named: `CC:statute`, an ICCS class, or a list category.

    A statute of the country's own table brings its facts along; the officer may state a lower maximum penalty and
    further kinds. Raises `Malformed` for an unknown or foreign statute and for a penalty above the statute's.
    """
    if ":" not in text:
        is_class = bool(text) and text.replace(".", "").isdigit()
        return Offence("", text if is_class else "", "" if is_class else text, penalty, kinds)
    if country not in _offences():  # no table, nothing to look up: what the officer states
        return Offence(text, "", "", penalty, kinds)
    if not text.startswith(f"{country}:"):
        raise _malformed(f"{text} is no statute of {country}: name the offence in your own law, e.g. {_first(country)}")
    facts = look_up(text)
    if penalty > facts.max_penalty_months:
        problem = f"{text} allows at most {facts.max_penalty_months} months: leave --penalty out or lower it"
        raise Malformed(f"penalty: {problem}", violations=(Violation("penalty", problem),))
    most = penalty or facts.max_penalty_months
    return Offence(text, facts.iccs, facts.list_category, most, tuple(dict.fromkeys((*facts.kinds, *kinds))))


def _nearest(code: str, statutes: Mapping[str, Any]) -> list[str]:
    """Return three codes that are written alike, those with the nearest number first."""

    def distance(other: str) -> tuple[float, int]:
        return -difflib.SequenceMatcher(None, code, other).ratio(), abs(_number(code) - _number(other))

    return sorted(statutes, key=distance)[:3]


def _number(code: str) -> int:
    return int("".join(filter(str.isdecimal, code))[:9] or "0")


def _table(country: str) -> Mapping[str, Any]:
    found = _offences()
    if country not in found:
        raise _malformed(f"{country or 'no country'} has no table: known are {', '.join(found)}; write CC:statute")
    table: Mapping[str, Any] = found[country]
    return table


def _offences() -> Mapping[str, Any]:
    found: Mapping[str, Any] = library.data()["comity"]["offences"]
    return found


def _first(country: str) -> str:
    statutes: Mapping[str, Any] = _table(country)["statutes"]
    return min(statutes)


def _malformed(problem: str) -> Malformed:
    return Malformed(f"offence: {problem}", violations=(Violation("offence", problem),))
