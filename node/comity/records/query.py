"""What is searched: names, a birth date, identifiers; nothing else may come in. Pure."""

import re
from dataclasses import dataclass

from prefixdate import parse as parse_date

from comity.errors import Malformed, Violation
from comity.records.identifiers import KINDS
from comity.records.normalise import identifier as normal_identifier
from comity.records.schema import nearest

SCHEMATA = ("Person", "Company", "Vehicle", "BankAccount", "Document")
_WILDCARD = re.compile(r"[*%_?]")
_LETTERS = re.compile(r"\w", re.UNICODE)
_CONTROL = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_COUNTRY = re.compile(r"\A[A-Za-z]{2}\Z")
_MIN_NAME = 2
_MIN_IDENTIFIER = 3
_MAX_NAMES = 10
_MAX_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Identifier:
    """One identifier: kind (`passport`, `national-id`, `iban`, `plate`, …), value, issuing country or None."""

    kind: str
    value: str
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """A question about one subject; raises `Malformed` with every violation when it cannot be searched."""

    category: str
    schema: str
    names: tuple[str, ...] = ()
    birth_date: str | None = None
    nationalities: tuple[str, ...] = ()
    identifiers: tuple[Identifier, ...] = ()

    def __post_init__(self) -> None:
        found = list(_violations(self))
        if found:
            named = "; ".join(f"{violation.field} {violation.problem}" for violation in found)
            raise Malformed(f"query: {named}", violations=tuple(found))


def _violations(query: Query) -> list[Violation]:
    found = []
    if query.schema not in SCHEMATA:
        found.append(Violation("schema", f"must be one of {', '.join(SCHEMATA)}"))
    if not query.names and not query.identifiers:
        found.append(Violation("names", "a name or an identifier is required"))
    if len(query.names) > _MAX_NAMES or len(query.identifiers) > _MAX_NAMES:
        found.append(
            Violation("names", f"at most {_MAX_NAMES} names and {_MAX_NAMES} identifiers may be asked at once")
        )
    for index, name in enumerate(query.names):
        problem = _name_problem(name)
        if problem:
            found.append(Violation(f"names[{index}]", problem))
    if query.birth_date and parse_date(query.birth_date).text != query.birth_date:
        found.append(Violation("birth_date", "must be an ISO 8601 date, whole or partial: 1975, 1975-03, 1975-03-09"))
    for index, country in enumerate(query.nationalities):
        if not _COUNTRY.match(country):
            found.append(Violation(f"nationalities[{index}]", "must be a country code of two letters"))
    for index, identifier in enumerate(query.identifiers):
        found += [Violation(f"identifiers[{index}].{field}", why) for field, why in _identifier_problems(identifier)]
    return found


def _name_problem(name: str) -> str:
    if len(name) > _MAX_LENGTH or _CONTROL.search(name):
        return f"holds control characters or more than {_MAX_LENGTH}"
    if _WILDCARD.search(name):
        return "holds a wildcard: ask about one person, by the whole name"
    return "" if len(_LETTERS.findall(name)) >= _MIN_NAME else "is too short to search"


def _identifier_problems(identifier: Identifier) -> list[tuple[str, str]]:
    found = []
    if identifier.kind not in KINDS:
        found.append(("kind", f"must be one of {', '.join(KINDS)}{nearest(identifier.kind, KINDS)}"))
    if len(identifier.value) > _MAX_LENGTH or _CONTROL.search(identifier.value):
        found.append(("value", f"holds control characters or more than {_MAX_LENGTH}"))
    elif _WILDCARD.search(identifier.value):
        found.append(("value", "holds a wildcard: identifiers are exact"))
    elif len(normal_identifier(identifier.kind, identifier.value)) < _MIN_IDENTIFIER:
        found.append(("value", "is too short to search"))
    if identifier.country and not _COUNTRY.match(identifier.country):
        found.append(("country", "must be a country code of two letters"))
    return found
