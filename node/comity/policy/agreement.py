"""An agreement file: read, checked, digested and made ready for policy. Pure.

Bytes in; an `Agreement`, or `Malformed` with every violation by file and line. The digest is SHA-256 over the
RFC 8785 canonical JSON of the parsed document, so comments and layout do not count and nothing else is left out.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import rfc8785

from comity.errors import Malformed, Violation
from comity.policy import library
from comity.policy.coherence import incoherences
from comity.policy.schema import Schema
from comity.policy.yamltree import Node, parse

_ALIASES = {"sovereignty": "sovereignty_security_ordre_public"}


@dataclass(frozen=True, slots=True)
class Scenario:
    """A golden case of an agreement: facts that differ from the usual question, and what must come out."""

    name: str
    facts: Mapping[str, Any]
    expect: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Agreement:
    """One revision of an agreement. `data` is what policy reads: dates as Unix seconds, articles in their slots."""

    id: str
    title: str
    parties: tuple[str, ...]
    revision: int
    digest: str
    document: Mapping[str, Any]
    data: Mapping[str, Any]
    scenarios: tuple[Scenario, ...]

    @property
    def multilateral(self) -> bool:
        """Whether more than two countries are parties."""
        return len(self.parties) > 2

    @property
    def narrowed(self) -> bool:
        """Whether a party of the text does not count any more, or not at present."""
        return self.parties != tuple(self.document["parties"]) or bool(self.data["suspended_by"])

    def among(self, parties: Iterable[str]) -> "Agreement":
        """Return the agreement as it counts between some of its parties only; its digest stays that of the text."""
        kept = tuple(party for party in self.parties if party in set(parties))
        return self if kept == self.parties else replace(self, parties=kept, data={**self.data, "parties": list(kept)})

    def suspended_towards(self, countries: Iterable[str]) -> "Agreement":
        """Return the agreement of many parties as it counts while some hold it suspended, each for itself."""
        paused = sorted(set(countries) & set(self.parties))
        return replace(self, data={**self.data, "suspended_by": paused}) if paused else self

    @property
    def in_force(self) -> tuple[int, int]:
        """First and last-plus-one second in force, Unix time."""
        return self.data["from"], self.data["until"]


def load_agreement(text: bytes, name: str) -> Agreement:
    """Return the agreement of a file; raises `Malformed` with every violation, each naming file and line."""
    tree = parse(text, name)
    found = Schema(library.schema("agreement")).check(tree, name) or _days(tree, name) or incoherences(tree, name)
    if found:
        listed = "; ".join(violation.problem for violation in found)
        raise Malformed(f"{len(found)} violation(s): {listed}", violations=tuple(found))
    document = tree.plain()
    digest = hashlib.sha256(rfc8785.dumps(document)).hexdigest()
    return Agreement(
        id=document["agreement"],
        title=document["title"],
        parties=tuple(document["parties"]),
        revision=document["revision"],
        digest=digest,
        document=document,
        data=_for_policy(document, digest),
        scenarios=tuple(Scenario(each["name"], each["input"], each["expect"]) for each in document["scenarios"]),
    )


def unix_day(day: str) -> int:
    """Return the Unix second at which an ISO 8601 day begins in UTC; raises `ValueError` for no such day."""
    parsed = date.fromisoformat(day)
    return int(datetime(parsed.year, parsed.month, parsed.day, tzinfo=UTC).timestamp())


def _for_policy(document: Mapping[str, Any], digest: str) -> dict[str, Any]:
    instrument = document["instrument"]
    start = instrument["signed"] if instrument["provisional"] else instrument["in_force"]
    refusals = dict(_refusal(each) for each in document["refusals"])
    return {
        "digest": digest,
        "revision": document["revision"],
        "parties": document["parties"],
        "instrument": instrument["name"],
        "from": unix_day(start),
        "until": unix_day(instrument["until"]),
        "suspended": False,
        "suspended_by": [],
        "authorities": document["authorities"],
        "languages": document["languages"],
        "onward_transfer": document["onward_transfer"]["rule"],
        **{key: document.get(key, usual) for key, usual in defaults()["agreement"].items()},
        "refusals": refusals,
        "assurances": _assurances(document, refusals),
        "terms": [_term(term) for term in document["terms"]],
    }


def defaults() -> dict[str, dict[str, Any]]:
    """Return what a text that says nothing means, for `agreement`, `term` and `offences`.

    Every part is written out before policy sees it: to the rules a part that is missing is a fault, never a yes.
    """
    found: dict[str, dict[str, Any]] = library.vocabulary()["defaults"]
    return found


def _term(term: Mapping[str, Any]) -> dict[str, Any]:
    usual = defaults()
    offences = {**usual["offences"], **term["offences"]}
    return {**usual["term"], **term, "offences": offences, "retention_days": _whole_days(term["retention"])}


def _whole_days(duration: str) -> int:
    """Return the days of a schema-valid duration: months count 30, years 365, so never longer than the calendar's."""
    number, unit = int(duration.lstrip("PT")[:-1]), duration[-1]
    return number // 24 if unit == "H" else number * {"D": 1, "W": 7, "M": 30, "Y": 365}[unit]


def _assurances(document: Mapping[str, Any], refusals: Mapping[str, str]) -> list[Mapping[str, str]]:
    """Return the assurances asked for; keeping the ground on the death penalty asks for that one (EAW art. 5)."""
    listed: list[Mapping[str, str]] = list(document.get("assurances", []))
    ground = "death_penalty_no_assurance"
    if ground in refusals and not any(each["kind"] == "no-death-penalty" for each in listed):
        listed.append({"kind": "no-death-penalty", "when": "capital", "article": refusals[ground]})
    return listed


def _refusal(entry: Any) -> tuple[str, str]:
    """Return code and article of a kept ground; the article is empty where the file gives none."""
    ground, article = (entry, "") if isinstance(entry, str) else (entry["ground"], entry["article"])
    return _ALIASES.get(ground, ground), article


def _days(tree: Node, name: str) -> list[Violation]:
    """Return the dates of the instrument that no calendar knows."""
    found = []
    for key, entry in tree.value["instrument"].node.value.items():
        if key in ("signed", "in_force", "until"):
            try:
                unix_day(entry.node.value)
            except ValueError:
                found.append(Violation(f"instrument.{key}", f"{name}:{entry.line}: there is no such day"))
    return found
