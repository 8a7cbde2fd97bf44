"""The message catalogue: what the words of agreements and refusals are called in each language.

`locale/source.json` holds the English: `phrases` (sentences by the part of the schema they speak about, values in
`{braces}`) and `words` (names of code words by kind). Refusals come from the policy catalogue. Every other language
is a gettext catalogue, `locale/<language>/LC_MESSAGES/comity.po`; `ops/messages_build.py` keeps them in step.
Names of countries and languages, dates and lengths of time are those of the Unicode CLDR.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from comity.errors import Malformed
from comity.policy import library

FOLDER = Path(__file__).parent / "locale"
SOURCE = "en"
_LOCALES = {"en": "en_GB"}  # where the language alone would mean another country's way of writing dates
_UNITS = {"Y": "year", "M": "month", "W": "week", "D": "day", "H": "hour"}


class Speech:
    """One language of the catalogue. Its methods are pure; `speech` reads the files once."""

    def __init__(self, language: str, messages: Mapping[tuple[str, str], str]) -> None:
        from babel import Locale  # noqa: PLC0415  slow to import, and few commands speak

        self.language = language
        self._messages = messages
        self._locale = Locale.parse(_LOCALES.get(language, language))

    def message(self, english: str, context: str = "") -> str:
        """Return an English message in this language; what the catalogue lacks stays English."""
        return self._messages.get((context, english), english)

    def phrase(self, key: str, **values: str) -> str:
        """Return the phrase of a key with its values; raises `KeyError` for an unknown key (our bug)."""
        return self.message(source()["phrases"][key]).format(**values)

    def word(self, kind: str, code: str) -> str:
        """Return the name of a code word; raises `KeyError` for an unknown one (our bug)."""
        return self.message(source()["words"][kind][code], kind)

    def knows(self, kind: str, code: str) -> bool:
        """Whether there is such a code word."""
        return code in source()["words"].get(kind, ())

    def words(self, kind: str, codes: Iterable[str]) -> str:
        """Return the names of several words, or the codes themselves where `kind` is empty."""
        return joined(self.word(kind, code) if kind else code for code in codes)

    def country(self, code: str) -> str:
        """Return the name of a country, or its code where CLDR has no name."""
        return str(self._locale.territories.get(code, code))

    def countries(self, codes: Iterable[str]) -> str:
        """Return the names of countries."""
        return ", ".join(self.country(code) for code in codes)

    def tongue(self, code: str) -> str:
        """Return the name of a language with its code."""
        name = self._locale.languages.get(code.split("-", maxsplit=1)[0])
        return f"{name} ({code})" if name else code

    def day(self, iso: str) -> str:
        """Return an ISO 8601 day written out."""
        from datetime import date  # noqa: PLC0415

        from babel.dates import format_date  # noqa: PLC0415

        return format_date(date.fromisoformat(iso), "long", locale=self._locale)

    def time(self, duration: str) -> str:
        """Return an ISO 8601 duration of one unit written out."""
        return self._unit(int(duration.lstrip("PT")[:-1]), _UNITS[duration[-1]])

    def months(self, count: int) -> str:
        """Return a number of months written out."""
        return self._unit(count, "month")

    def number(self, count: int) -> str:
        """Return a number with the digit groups of the language."""
        from babel.numbers import format_decimal  # noqa: PLC0415

        return format_decimal(count, locale=self._locale)

    def _unit(self, count: int, unit: str) -> str:
        from babel.units import format_unit  # noqa: PLC0415

        name = f"duration-{unit}"
        written = format_unit(count, name, "long", locale=self._locale)
        # where CLDR has no long form of its own the short one is it; Babel does not follow that inheritance
        return written if name not in written else format_unit(count, name, "short", locale=self._locale)


def joined(parts: Iterable[str]) -> str:
    """Return parts in one line; a semicolon, since a name may hold a comma."""
    return "; ".join(parts)


@cache
def speech(language: str) -> Speech:
    """Return a language of the catalogue; raises `Malformed` naming those there are."""
    if language not in languages():
        raise Malformed(f"no message catalogue for language `{language}`: there are {', '.join(languages())}")
    return Speech(language, {} if language == SOURCE else _read(language))


@cache
def languages() -> tuple[str, ...]:
    """Return the languages of the catalogue, English first."""
    return (SOURCE, *sorted(path.parent.parent.name for path in FOLDER.glob("*/LC_MESSAGES/comity.po")))


@cache
def source() -> dict[str, Any]:
    """Return the English: `phrases` by key, `words` by kind and code."""
    document: dict[str, Any] = json.loads((FOLDER / "source.json").read_bytes())
    return document


def template() -> Iterator[tuple[str, str, str]]:
    """Yield every message that a catalogue must hold: context, English, where it is from."""
    for key, english in source()["phrases"].items():
        yield "", english, key
    for kind, table in source()["words"].items():
        for code, english in table.items():
            yield kind, english, f"{kind}.{code}"
    for ground, entry in library.catalogue().items():
        yield "", entry["message"], f"ground.{ground}.message"
        yield "", entry["remedy"], f"ground.{ground}.remedy"


def _read(language: str) -> dict[tuple[str, str], str]:
    from babel.messages.pofile import read_po  # noqa: PLC0415

    path = FOLDER / language / "LC_MESSAGES" / "comity.po"
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language)
    return {(each.context or "", str(each.id)): str(each.string) for each in catalogue if each.id and each.string}
