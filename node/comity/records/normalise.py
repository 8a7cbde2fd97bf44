"""Normal forms of names and identifiers, so that equal things are equal texts. Pure and idempotent.

A name becomes tokens. Latin, Cyrillic, Greek and all other scripts are transliterated to lower-case Latin. Arabic
script writes no short vowels, so its tokens become consonant classes only, in capitals: `نجيب` is `NP` beside
`najib`, `عاطف` is `ATV` beside `atif` (A: begins with a vowel), and whoever compares the two compares consonants.
"""

import re
import unicodedata
from functools import lru_cache

from anyascii import anyascii

_APOSTROPHES = re.compile("['\"`\u2018\u2019\u02bc\u00b4\u02b9\u02ba\u02bb\u02bf\u02be]")
_WORDS = re.compile(r"\w+", re.UNICODE)
_NOT_WORD = re.compile(r"[^a-z0-9]+")
_NOT_ALNUM = re.compile(r"[^A-Z0-9]")
_ARABIC = re.compile("[\u0620-\u06ff]")
_ARABIC_CLASSES = str.maketrans(
    dict.fromkeys("بپ", "P")
    | dict.fromkeys("تطدضثټډ", "T")
    | dict.fromkeys("زسشصظذژ", "S")
    | dict.fromkeys("قكکگغچ", "K")
    | dict.fromkeys("نڼ", "N")
    | dict.fromkeys("رړ", "R")
    | dict.fromkeys("فڤ", "V")
    | {"ل": "L", "م": "M", "و": "W"}
)
_ARABIC_VOWEL = re.compile("\\A[\u0621-\u0627\u0639\u064a\u0649\u06cc\u062c]")
_NOT_CLASS = re.compile(r"[^PTSKNRLMWV]")
_DIGRAPHS = (
    ("sch", "s"), ("sh", "s"), ("zh", "s"), ("ch", "k"), ("kh", "h"), ("gh", "k"), ("ph", "f"), ("ck", "k"),
    ("ts", "s"), ("tz", "s"), ("dj", "j"), ("dz", "s"), ("x", "ks"), ("q", "k"), ("c", "k"), ("w", "v"), ("z", "s"),
    ("g", "k"), ("b", "p"), ("d", "t"), ("f", "v"),
)  # fmt: skip
_VOWEL = re.compile(r"[aeiouyj]")
_WEAK = re.compile(r"[aeiouyhj]")
_DOUBLE = re.compile(r"(.)\1+")
_FINAL_V = re.compile(r"(?<=...)(?:ou|au|eu)\Z")
_GLIDES = str.maketrans("eyjo", "iiiu")
_VOWELS = ((re.compile(r"a?i+"), "i"), (re.compile(r"[au]*u"), "u"))
_SHORT = 3


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


HONORIFICS = _words(
    "mr mrs ms miss dr prof sir lord lady sheikh shaykh haji hajji mullah mawlawi maulavi gen general col colonel maj "
    "major capt captain lt sgt herr frau jr sr ii iii"
)
PARTICLES = _words(
    "al el ul ur bin ibn ben bint ould abu abou de la le du da dos das del della di van von der den ter af av"
)
LEGAL_FORMS = _words(
    "llc inc ltd limited gmbh ag kg oy oyj ou as ab sia uab ooo oao zao pao ao jsc ojsc pjsc cjsc plc sa sas sarl srl "
    "spa bv nv co company corp corporation ltda fze fzco kft zrt doo ad ead tov ip"
)
_SERVANT = frozenset(("abd", "abdul", "abdel", "abdal", "abdur", "abdoul", "abdol", "APT"))
_ARTICLES = frozenset(("al", "el", "ul", "ur", "ar", "as", "az"))
_SERVANT_JOINED = re.compile(r"\A(?:abdur(?=r)|abd[aeou]u?[lr](?=..)|abdo?u?(?=l))")


@lru_cache(maxsize=16_384)
def name_tokens(name: str) -> tuple[str, ...]:
    """Return the tokens of a name in any script, without honorifics; `Abd al-X`, `Abdul X`, `AbdulX` are one token."""
    text = _APOSTROPHES.sub("", unicodedata.normalize("NFKC", name))
    if _ARABIC.search(text):
        tokens = [token for word in _WORDS.findall(text) for token in _word_tokens(word)]
    else:
        tokens = _latin(text)
    kept = [token for token in tokens if token not in HONORIFICS] or tokens
    while (joined := _join_servants(kept)) != kept:
        kept = joined
    return tuple(kept)


@lru_cache(maxsize=16_384)
def skeleton(token: str) -> str:
    """Return what is left of a token when spelling habits are taken away: its consonants, by class.

    Similar consonants become one, vowels go (one at the beginning stays as `-`), doubles collapse, the Baltic and
    Greek ending -s goes: `jurij`, `yuriy`, `jurijs` and `juri` are all `-r`.
    """
    if token.isupper():
        text = token.lower().replace("w", "")
        begins = "-" if text.startswith("a") else ""
        text = text.removeprefix("a")
    else:
        text = _classes(_FINAL_V.sub("v", token))
        begins = "-" if _VOWEL.match(text) else ""
        text = _WEAK.sub("", text)
    text = _DOUBLE.sub(r"\1", text)
    if len(text) >= _SHORT - 1 and text.endswith("s"):
        text = text[:-1]
    return begins + text if text else token


def skeletons(token: str) -> tuple[str, ...]:
    """Return the skeletons a token may have: an Arabic waw is a consonant or a vowel, nothing tells which."""
    if "W" in token and token.isupper():
        return (skeleton(token), skeleton(token.replace("W", "V")))
    return (skeleton(token),)


@lru_cache(maxsize=16_384)
def sound(token: str) -> str:
    """Return how a Latin token sounds, roughly: as `skeleton`, but with its vowels in three classes."""
    text = _classes(_FINAL_V.sub("uv", token))
    text = (text[:1] + text[1:].replace("h", "")).translate(_GLIDES)
    for habit, plain in _VOWELS:
        text = habit.sub(plain, text)
    text = _DOUBLE.sub(r"\1", text)
    return text[:-1] if len(text) > _SHORT and text.endswith("s") else text


def identifier(kind: str, value: str) -> str:
    """Return the normal form of an identifier of a kind; an empty text when nothing is left of it."""
    if kind == "phone":
        return _phone(value)
    text = _NOT_ALNUM.sub("", anyascii(unicodedata.normalize("NFKC", value)).upper())
    if kind == "imo":
        text = text.removeprefix("IMO")
    if kind in ("tax", "registration", "account", "imo"):
        return text.lstrip("0") or text
    return text


def _latin(text: str) -> list[str]:
    return [token for token in _NOT_WORD.split(_APOSTROPHES.sub("", anyascii(text).lower())) if token]


def _word_tokens(word: str) -> list[str]:
    """Return the tokens of one word: Arabic as consonant classes, with the article apart; others transliterated."""
    if not _ARABIC.search(word):
        return _latin(word)
    article = ["al"] if word.startswith("ال") and len(word) > _SHORT + 1 else []
    rest = word[2:] if article else word
    classes = _NOT_CLASS.sub("", rest.translate(_ARABIC_CLASSES))
    begins = "A" if _ARABIC_VOWEL.match(rest) else ""
    return [*article, begins + classes] if classes else article


def _join_servants(tokens: list[str]) -> list[str]:
    joined: list[str] = []
    waiting = iter(range(len(tokens)))
    for at in waiting:
        token = tokens[at]
        following = at + 1
        if token in _SERVANT and following < len(tokens):
            if tokens[following] in _ARTICLES and following + 1 < len(tokens):
                following = next(waiting) + 1
            next(waiting)
            name = tokens[following]
            joined.append("APT" + name.removeprefix("A") if name.isupper() else "abd" + name)
        elif token.startswith("APTL") and len(token) > len("APTL"):
            joined.append("APT" + token.removeprefix("APTL"))
        elif token not in _SERVANT and not token.startswith("abdl"):
            joined.append(_SERVANT_JOINED.sub("abd", token))
        else:
            joined.append(token)
    return joined


def _classes(token: str) -> str:
    for spelling, kind in _DIGRAPHS:
        if spelling in token:
            token = token.replace(spelling, kind)
    return token


def _phone(value: str) -> str:
    from phonenumbers import (  # noqa: PLC0415  2 MB of tables
        NumberParseException,
        PhoneNumberFormat,
        format_number,
        parse,
    )

    text = anyascii(unicodedata.normalize("NFKC", value)).strip()
    international = "+" + text[2:] if text.startswith("00") else text
    try:
        return format_number(parse(international, None), PhoneNumberFormat.E164)
    except NumberParseException:
        return re.sub(r"[^0-9]", "", text)
