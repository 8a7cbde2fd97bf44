"""What an agreement says in effect: defaults written out, lists in one order, short names in full. Pure.

Two texts that differ only in layout, order or defaults have the same effective form.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from comity.policy import library
from comity.policy.agreement import Agreement, defaults
from comity.policy.parts import AGREEMENT, PARTY, TERM, Part
from comity.policy.speech import source


@dataclass(frozen=True, slots=True)
class Declaration:
    """One declaration: `says` holds the parts it has, by their key in `parts.PARTY`."""

    party: str
    article: str
    says: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Term:
    """One term: its name and every part by its key in `parts.TERM`; None where the text has none and needs none."""

    id: str
    says: Mapping[str, Any]

    @property
    def article(self) -> str:
        """Where in the treaty it stands."""
        return str(self.says["terms.article"])


@dataclass(frozen=True, slots=True)
class Effective:
    """A whole agreement.

    `start`: first day it applies; `says`: parts by their key in `parts.AGREEMENT`; `refusals`: article by code;
    `assurances`: article by kind and occasion. An article is empty where the text gives none.
    """

    id: str
    revision: int
    digest: str
    start: str
    says: Mapping[str, Any]
    authorities: Mapping[str, tuple[str, ...]]
    languages: Mapping[str, tuple[str, ...]]
    basis: str
    refusals: Mapping[str, str]
    assurances: Mapping[tuple[str, str], str]
    declarations: tuple[Declaration, ...]
    scenarios: tuple[Mapping[str, Any], ...]
    terms: tuple[Term, ...]


def effective(agreement: Agreement) -> Effective:
    """Return what an agreement says in effect."""
    document = {**defaults()["agreement"], **agreement.document}
    instrument = document["instrument"]
    return Effective(
        id=agreement.id,
        revision=agreement.revision,
        digest=agreement.digest,
        start=instrument["signed"] if instrument["provisional"] else instrument["in_force"],
        says={key: _value(part, _found(document, key)) for key, part in AGREEMENT.items()},
        authorities={party: _set(document["authorities"][party], "") for party in agreement.parties},
        languages={party: tuple(document["languages"][party]) for party in agreement.parties},
        basis=document["transfer"]["basis"],
        refusals=_in_order(agreement.data["refusals"], "ground"),
        assurances={(row["kind"], row["when"]): row["article"] for row in agreement.data["assurances"]},
        declarations=tuple(_declaration(row) for row in document["declarations"]),
        scenarios=tuple(document["scenarios"]),
        terms=tuple(effective_term(row) for row in agreement.data["terms"]),
    )


def hours(duration: str) -> int:
    """Return the hours of a schema-valid duration, months and years as policy counts them."""
    number, unit = int(duration.lstrip("PT")[:-1]), duration[-1]
    return number * {"H": 1, "D": 24, "W": 168, "M": 720, "Y": 8760}[unit]


def effective_term(row: Mapping[str, Any]) -> Term:
    """Return what a term says in effect."""
    usual = defaults()
    whole = {**usual["term"], **row, "offences": {**usual["offences"], **row["offences"]}}
    document = {"terms": {**whole, "review": _triggers(whole["review"])}}
    return Term(row["id"], {key: _value(part, _found(document, key)) for key, part in TERM.items()})


def _triggers(rows: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return the role that each trigger calls for; the highest where the text names several."""
    rank = library.vocabulary()["human_rank"]
    found: dict[str, str] = {}
    for row in sorted(rows, key=lambda each: rank[each["role"]]):
        found[row["when"]] = row["role"]
    return found


def _declaration(row: Mapping[str, Any]) -> Declaration:
    said = {key: row.get(key.removeprefix("declarations.")) for key in PARTY if key.startswith("declarations.")}
    says = {key: _value(PARTY[key], value) for key, value in said.items() if value not in (None, [])}
    return Declaration(row["party"], row["article"], says)


def _found(document: Mapping[str, Any], key: str) -> Any:
    """Return the value at a dotted key, None where the text has none."""
    node: Any = document
    for name in key.split("."):
        node = node.get(name) if isinstance(node, Mapping) else None
    return node


def _value(part: Part, value: Any) -> Any:
    if part.shape == "set":
        return _set(value or [], part.words)
    if part.shape == "by-action":
        return _in_order(value, "action")
    if part.shape == "by-trigger":
        return _in_order(value, "trigger")
    if part.shape == "choice" and value is not None:
        return str(value).lower()
    return value


def _set(codes: Iterable[str], kind: str) -> tuple[str, ...]:
    known = list(source()["words"].get(kind, ()))
    return tuple(sorted(codes, key=lambda code: (known.index(code) if code in known else len(known), code)))


def _in_order(table: Mapping[str, str], kind: str) -> dict[str, str]:
    return {key: table[key] for key in _set(table, kind)}
