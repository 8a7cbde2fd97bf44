"""Grounds of refusal in the reader's language. Pure.

A decision holds its reasons in English, as the policy catalogue words them, and a ledger keeps them so. To show one
in another language the ground is found again by its code and wording; what is no ground of the catalogue (a national
module's own text, an older catalogue) stays as it is: better English than nothing.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache

from comity.policy import library
from comity.policy.speech import SOURCE, Speech, source, speech

_LISTS = {
    "incomplete": "fact",
    "undertaking_missing": "undertaking",
    "assurance_missing": "assurance",
    "field_not_shared": "field",
    "wrong_channel": "channel",
    "no_fishing": "scope",
    "offence_scope": "quality",
    "weak_identification": "identification",
}


def translate_reason(reason: Mapping[str, str], language: str) -> dict[str, str]:
    """Return a decision's reason `{code, article, message, remedy}` in a language, the same keys.

    An article stays as the treaty writes it. Raises `Malformed` where there is no catalogue for the language.
    """
    said = dict(reason)
    found = _recognised(reason) if language != SOURCE else None
    if found is not None:
        ground, detail = found
        said["message"], said["remedy"] = translate_ground(ground, language, detail)
    instruments = library.data()["comity"]["catalogue"]["instruments"]
    said["article"] = next(
        (speech(language).message(text) for text in instruments.values() if text == reason["article"]),
        reason["article"],
    )
    return said


def translate_ground(ground: str, language: str, detail: str = "") -> tuple[str, str]:
    """Return message and remedy of a ground of the catalogue in a language.

    `detail` is what the rules fill in: English words and codes. Raises `KeyError` for an unknown ground (our bug),
    `Malformed` where there is no catalogue for the language.
    """
    entry = library.catalogue()[ground]
    say = speech(language)
    filled = _detail(ground, detail, say) if language != SOURCE else detail
    return say.message(entry["message"]).replace("{}", filled), say.message(entry["remedy"]).replace("{}", filled)


def _recognised(reason: Mapping[str, str]) -> tuple[str, str] | None:
    """Return ground and detail of a reason in English, or None."""
    for ground, message, remedy in _forms(reason["code"]):
        told, advised = message.fullmatch(reason["message"]), remedy.fullmatch(reason["remedy"])
        if told and advised:
            return ground, "".join((*told.groups(), *advised.groups())[:1])
    return None


@cache
def _forms(code: str) -> list[tuple[str, re.Pattern[str], re.Pattern[str]]]:
    """Return the grounds of a code with the forms of their texts; the fixed texts first, for they say more."""
    entries = [(name, entry) for name, entry in library.catalogue().items() if entry["code"] == code]
    entries.sort(key=lambda each: "{}" in each[1]["message"])
    return [(name, _form(entry["message"]), _form(entry["remedy"])) for name, entry in entries]


def _form(text: str) -> re.Pattern[str]:
    return re.compile(re.escape(text).replace(re.escape("{}"), "(.*)"), re.DOTALL)


def _detail(ground: str, detail: str, say: Speech) -> str:
    fixed = _fixed().get(detail)
    if fixed is not None:
        return say.phrase(fixed)
    if ground in _LISTS:
        kind = _LISTS[ground]
        return ", ".join(_named(kind, code, say) for code in re.split(r", | or ", detail))
    return _PATTERNS[ground](detail, say) if ground in _PATTERNS else detail


def _named(kind: str, code: str, say: Speech) -> str:
    return say.word(kind, code) if say.knows(kind, code) else code


@cache
def _fixed() -> dict[str, str]:
    """Return the keys of the details that are one fixed phrase, by their English."""
    phrases = source()["phrases"]
    return {text: key for key, text in phrases.items() if key.startswith("detail.") and "{" not in text}


def _order(detail: str, say: Speech) -> str:
    givers = detail.removeprefix("an order of ").split(" or ")
    return say.phrase("detail.order", items=", ".join(_named("giver", each, say) for each in givers))


def _listed(detail: str, say: Speech) -> str:
    number = re.search(r"\d+", detail)
    return say.phrase("detail.listed", number=number.group()) if number else detail


def _facts(detail: str, say: Speech) -> str:
    return detail.replace("an unknown key", say.phrase("detail.unknown_key"))


_PATTERNS: dict[str, Callable[[str, Speech], str]] = {
    "judicial_authorisation_refused": _order,
    "dual_crim": _listed,
    "malformed": _facts,
}
