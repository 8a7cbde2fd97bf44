"""Normal forms of names and identifiers, so that equal things are equal texts. Pure and idempotent."""

import re
import unicodedata
from functools import lru_cache

from anyascii import anyascii

_APOSTROPHES = re.compile(r"['’ʼ`´‘ʹʺ\"]")
_NOT_WORD = re.compile(r"[^a-z0-9]+")
_NOT_ALNUM = re.compile(r"[^A-Z0-9]")
_DIGRAPHS = (("sch", "s"), ("sh", "s"), ("zh", "s"), ("ch", "k"), ("kh", "h"), ("ph", "f"), ("ck", "k"), ("ts", "s"),
             ("tz", "s"), ("dj", "s"), ("dz", "s"), ("x", "ks"), ("q", "k"), ("c", "k"), ("w", "v"), ("z", "s"), ("g", "k"),
             ("b", "p"), ("d", "t"))  # fmt: skip
_WEAK = re.compile(r"[aeiouyhj]")
_DOUBLE = re.compile(r"(.)\1+")
_MIN_STEM = 3

HONORIFICS = frozenset(
    [
        "mr",
        "mrs",
        "ms",
        "miss",
        "dr",
        "prof",
        "sir",
        "lord",
        "lady",
        "sheikh",
        "shaykh",
        "haji",
        "hajji",
        "mullah",
        "mawlawi",
        "maulavi",
        "gen",
        "general",
        "col",
        "colonel",
        "maj",
        "major",
        "capt",
        "captain",
        "lt",
        "sgt",
        "herr",
        "frau",
        "jr",
        "sr",
        "ii",
        "iii",
    ]
)
PARTICLES = frozenset(
    [
        "al",
        "el",
        "ul",
        "bin",
        "ibn",
        "ben",
        "bint",
        "abu",
        "abd",
        "de",
        "la",
        "le",
        "du",
        "da",
        "dos",
        "das",
        "del",
        "della",
        "di",
        "van",
        "von",
        "der",
        "den",
        "ter",
        "af",
        "av",
    ]
)


@lru_cache(maxsize=65_536)
def name_tokens(name: str) -> tuple[str, ...]:
    """Return the transliterated, lower-case tokens of a name in any script, without honorifics."""
    plain = anyascii(_APOSTROPHES.sub("", unicodedata.normalize("NFKC", name))).lower()
    tokens = [token for token in _NOT_WORD.split(_APOSTROPHES.sub("", plain)) if token]
    kept = tuple(token for token in tokens if token not in HONORIFICS)
    return kept or tuple(tokens)


@lru_cache(maxsize=65_536)
def skeleton(token: str) -> str:
    """Return what is left of a transliterated token when spelling habits are taken away.

    Similar consonants become one, vowels go (a leading one stays as `-`), doubles collapse, the Baltic and Greek
    ending -s goes: `jurij`, `yuriy`, `jurijs` and `juri` are all `-r`.
    """
    text = token
    for spelling, sound in _DIGRAPHS:
        text = text.replace(spelling, sound)
    head = "-" if _WEAK.match(text) and not text.startswith("h") else ""
    rest = _DOUBLE.sub(r"\1", _WEAK.sub("", text))
    if len(rest) >= _MIN_STEM - 1 and rest.endswith("s"):
        rest = rest[:-1]
    return head + rest or token


def identifier(kind: str, value: str) -> str:
    """Return the normal form of an identifier of a kind; an empty text when nothing is left of it."""
    if kind == "phone":
        return _phone(value)
    text = _NOT_ALNUM.sub("", anyascii(unicodedata.normalize("NFKC", value)).upper())
    if kind in ("tax", "registration", "account", "imo"):
        return text.removeprefix("IMO").lstrip("0") or text
    return text


def _phone(value: str) -> str:
    from phonenumbers import NumberParseException, PhoneNumberFormat, format_number, parse  # noqa: PLC0415  2 MB of tables

    text = anyascii(unicodedata.normalize("NFKC", value)).strip()
    international = "+" + text[2:] if text.startswith("00") else text
    try:
        return format_number(parse(international, None), PhoneNumberFormat.E164)
    except NumberParseException:
        return re.sub(r"[^0-9]", "", text)
