# ruff: noqa: RUF001
"""How a country writes a foreign name: transliteration of Cyrillic, letters it lacks, Latvian endings. Pure.

Simplified from each country's own rules: enough to make one person look different from register to register.
"""

import unicodedata

_CYRILLIC = "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"
_LATIN = {
    "EE": "a b v g d e jo ž z i i k l m n o p r s t u f h ts tš š štš - õ - e ju ja",
    "FI": "a b v g d e jo ž z i j k l m n o p r s t u f h ts tš š štš - y - e ju ja",
    "SE": "a b v g d e io zj z i j k l m n o p r s t u f ch ts tj sj sjtj - y - e ju ja",
    "LV": "a b v g d e jo ž z i j k l m n o p r s t u f h c č š šč - i - e ju ja",
    "LT": "a b v g d e jo ž z i j k l m n o p r s t u f ch c č š šč - y - e ju ja",
    "PL": "a b w g d e jo ż z i j k l m n o p r s t u f ch c cz sz szcz - y - e ju ja",
    "DE": "a b w g d e jo sch s i j k l m n o p r s t u f ch z tsch sch schtsch - y - e ju ja",
    "US": "a b v g d e yo zh z i y k l m n o p r s t u f kh ts ch sh shch - y - e yu ya",
}
_TABLES = {
    country: dict(zip(_CYRILLIC, ("" if letter == "-" else letter for letter in row.split()), strict=True))
    for country, row in _LATIN.items()
}
_OWN = {
    "EE": "õäöüšž", "FI": "äöåšž", "SE": "åäöé", "LV": "āčēģīķļņšūž",
    "LT": "ąčęėįšųūž", "PL": "ąćęłńóśźż", "DE": "äöüß", "US": "",
}  # fmt: skip
_INSTEAD = {
    "EE": {"å": "o"},
    "FI": {"õ": "o", "ü": "y"},
    "SE": {"õ": "o", "ü": "y", "š": "sj", "ž": "zj"},
    "LV": {"å": "o", "ä": "e", "ö": "e", "ü": "i", "y": "i", "w": "v", "q": "k", "ł": "l", "ß": "s"},
    "LT": {"w": "v", "x": "ks", "q": "k", "ł": "l", "ß": "s"},
    "PL": {"ß": "ss"},
    "DE": {"ł": "l"},
    "US": {"ł": "l", "ß": "ss"},
}
_MACHINE = {"å": "aa", "ä": "ae", "æ": "ae", "ö": "oe", "ø": "oe", "ü": "ue", "ß": "ss", "ł": "l"}
_VOWELS = "aeiouyāēīūäöüõåé"


def spelled(first: str, last: str, country: str, *, male: bool) -> tuple[str, str]:
    """Return given name and surname as `country` of the sandbox writes a name of abroad or in Cyrillic."""
    pair = tuple(_letters(word, country) for word in (first, last))
    if country == "LV" and male:
        pair = tuple(_with_ending(word) for word in pair)
    return pair[0], pair[1]


def machine_readable(word: str) -> str:
    """Return a Latin name as the machine-readable zone of a passport has it (ICAO 9303): Maekinen, Aakesson."""
    out = []
    for letter in word:
        small = letter.lower()
        written = _MACHINE.get(small) or unicodedata.normalize("NFKD", small)[0]
        out.append(written.capitalize() if letter.isupper() else written)
    return "".join(out)


_FEMININE = {
    "lv": (("is", "e"), ("us", "us"), ("š", "a"), ("s", "a")),
    "lt": (("as", "ienė"), ("is", "ienė"), ("ys", "ienė"), ("us", "ienė")),
    "pl": (("ski", "ska"), ("cki", "cka"), ("dzki", "dzka")),
    "ru": (("ий", "ая"), ("", "а")),
}


def feminine(surname: str, tongue: str) -> str:
    """Return a woman's form of a surname where the tongue has one (`lv`, `lt` as married, `pl`, `ru`)."""
    for ending, other in _FEMININE.get(tongue, ()):
        if surname.endswith(ending):
            return surname.removesuffix(ending) + other
    return surname


def is_cyrillic(text: str) -> bool:
    """Whether the text begins in Cyrillic."""
    return text[:1].lower() in _CYRILLIC


def _letters(word: str, country: str) -> str:
    if is_cyrillic(word) and country == "EE":
        word = word.removesuffix("й") if word.endswith("ий") else word  # Юрий is Juri
    out = []
    for letter in word:
        small = letter.lower()
        written = _TABLES[country].get(small) if small in _CYRILLIC else _letter(small, country)
        out.append((written or "").capitalize() if letter.isupper() else written or "")
    return "".join(out)


def _letter(letter: str, country: str) -> str:
    if letter in _OWN[country]:
        return letter
    if letter in _INSTEAD[country]:
        return _INSTEAD[country][letter]
    return unicodedata.normalize("NFKD", letter)[0]


def _with_ending(word: str) -> str:
    """Latvian law gives every man's name an ending: Jurijs Tamms."""
    return word if word[-1].lower() in _VOWELS + "sš" else word + "s"
