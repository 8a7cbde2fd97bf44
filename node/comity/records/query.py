"""What is searched: names, a birth date, identifiers; nothing else may come in. Pure."""

import re
from dataclasses import dataclass

from prefixdate import parse as parse_date

from comity.errors import Malformed, Violation

SCHEMATA = ("Person", "Company", "Vehicle", "BankAccount", "Document")
_WILDCARD = re.compile(r"[*%_?]")
_LETTERS = re.compile(r"\w", re.UNICODE)
_MIN_NAME = 2


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
    for index, name in enumerate(query.names):
        if _WILDCARD.search(name):
            found.append(Violation(f"names[{index}]", "holds a wildcard: ask about one person, by the whole name"))
        elif len(_LETTERS.findall(name)) < _MIN_NAME:
            found.append(Violation(f"names[{index}]", "is too short to search"))
    if query.birth_date and parse_date(query.birth_date).text != query.birth_date:
        found.append(Violation("birth_date", "must be an ISO 8601 date, whole or partial: 1975, 1975-03, 1975-03-09"))
    for index, identifier in enumerate(query.identifiers):
        if _WILDCARD.sub("", identifier.value) != identifier.value:
            found.append(Violation(f"identifiers[{index}].value", "holds a wildcard: identifiers are exact"))
    return found
