"""An agreement changed in one place: what golden cases must notice. Pure.

Every part that the text writes out is changed on its own: a word of a list left out, a number moved by one, a level
one step up and down, a rule set to each of its other words. A part that the text leaves to its default is not the
text's and is not changed. `narrows` marks changes that can only take something away, whatever the question.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from comity.policy import library
from comity.policy.agreement import Agreement

_DAY = 86_400
_GIVES = ("providers", "actions", "categories", "purposes", "roles", "fields", "channels", "assistance", "proceedings")
_GIVES_TOO = ("aims", "urgencies", "scopes", "nationalities", "procedures")
_ASKS = ("requires", "obligations", "undertakings")
_WORDS = ("vulnerable", "special", "identification", "partial", "confidentiality", "automated", "officers")
_OFFENCE_WORDS = ("dual_criminality", "min_gravity")
_MONTHS = ("min_penalty_months", "listed_min_penalty_months")


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: where (a dotted path; a term by its id), what was done, and the changed agreement."""

    path: str
    change: str
    narrows: bool
    agreement: Agreement


def mutants(agreement: Agreement) -> Iterator[Mutant]:
    """Yield every change of one place of an agreement."""
    for path, change, narrows, data in _whole(agreement):
        yield Mutant(path, change, narrows, replace(agreement, data=data))
    for index, written in enumerate(agreement.document["terms"]):
        for path, change, narrows, term in _term(written, agreement.data["terms"][index]):
            terms = [*agreement.data["terms"]]
            terms[index] = term
            data = {**agreement.data, "terms": terms}
            yield Mutant(f"terms.{written['id']}.{path}", change, narrows, replace(agreement, data=data))


_Change = tuple[str, str, bool, dict[str, Any]]


def _whole(agreement: Agreement) -> Iterator[_Change]:
    data, document = agreement.data, agreement.document
    for index, term in enumerate(data["terms"]):
        rest = [*data["terms"][:index], *data["terms"][index + 1 :]]
        yield f"terms.{term['id']}", "left out", True, {**data, "terms": rest}
    yield "instrument.in_force", "a day later", True, {**data, "from": data["from"] + _DAY}
    yield "instrument.until", "a day earlier", True, {**data, "until": data["until"] - _DAY}
    yield from _of_countries(data)
    yield from _grounds(data, document)
    for part, words in (("onward_transfer", _enum("onward_transfer", "rule")), ("reciprocity", _enum("reciprocity"))):
        for word in _others(words if part in document else [], data[part]):
            yield part, f"{word} for {data[part]}", False, {**data, part: word}


def _of_countries(data: Mapping[str, Any]) -> Iterator[_Change]:
    for part in ("authorities", "languages"):
        for country, words in data[part].items():
            for word, rest in _less(words):
                changed = {**data, part: {**data[part], country: rest}}
                yield f"{part}.{country}", f"without {word}", True, changed
    for country in data["parties"]:
        rest = [other for other in data["parties"] if other != country]
        yield "parties", f"without {country}", True, {**data, "parties": rest}


def _grounds(data: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[_Change]:
    for code in data["refusals"]:
        kept = {other: article for other, article in data["refusals"].items() if other != code}
        yield f"refusals.{code}", "not kept", False, {**data, "refusals": kept}
    for part in ("undertakings", "declarations", "assurances"):
        for word, rest in _less(data[part] if document.get(part) or part == "assurances" else []):
            yield part, f"without {_name(word)}", False, {**data, part: rest}


def _term(written: Mapping[str, Any], term: Mapping[str, Any]) -> Iterator[_Change]:
    for key in (*_GIVES, *_GIVES_TOO):
        for word, rest in _less(term[key] if key in written else []):
            yield key, f"without {word}", True, {**term, key: rest}
    for key in _ASKS:
        for word, rest in _less(term[key] if key in written else []):
            yield key, f"without {word}", False, {**term, key: rest}
    for row, rest in _less(term["review"]):
        yield "review", f"without {row['when']}", False, {**term, "review": rest}
    for key in _WORDS:
        if key in written:
            for word in _others(_enum_of_term(key), term[key]):
                yield key, f"{word} for {term[key]}", False, {**term, key: word}
    yield from _subjects(term)
    yield from _offences(written["offences"], term)
    yield from _release(written, term)


def _subjects(term: Mapping[str, Any]) -> Iterator[_Change]:
    subjects = term["subjects"]
    for word, rest in _less(subjects["categories"]):
        yield "subjects.categories", f"without {word}", True, {**term, "subjects": {**subjects, "categories": rest}}
    for word in _others(["never", "review", "allow"], subjects["minors"]):
        changed = {**term, "subjects": {**subjects, "minors": word}}
        yield "subjects.minors", f"{word} for {subjects['minors']}", word == "never", changed


def _offences(written: Mapping[str, Any], term: Mapping[str, Any]) -> Iterator[_Change]:
    offences = term["offences"]

    def changed(key: str, value: Any) -> dict[str, Any]:
        return {**term, "offences": {**offences, key: value}}

    for key in _MONTHS:
        if written.get(key):
            yield f"offences.{key}", "a month more", True, changed(key, offences[key] + 1)
            yield f"offences.{key}", "a month less", False, changed(key, offences[key] - 1)
    for key in ("excluded", "requires", "carve_outs"):
        for word, rest in _less(offences[key] if key in written else []):
            yield f"offences.{key}", f"without {word}", key == "carve_outs", changed(key, rest)
    for key in _OFFENCE_WORDS:
        if key in written:
            words = _enum_of_term("offences", key)
            for word in _others([each for each in words if each != "unless-listed"], offences[key]):
                yield f"offences.{key}", f"{word} for {offences[key]}", False, changed(key, word)


def _release(written: Mapping[str, Any], term: Mapping[str, Any]) -> Iterator[_Change]:
    levels = sorted(library.vocabulary()["levels"], key=library.vocabulary()["levels"].__getitem__)
    for action, level in term["disclosure"].items():
        at = levels.index(level)
        for other in levels[max(at - 1, 0) : at] + levels[at + 1 : at + 2]:
            disclosure = {**term["disclosure"], action: other}
            lower = levels.index(other) < at
            yield f"disclosure.{action}", f"{other} for {level}", lower, {**term, "disclosure": disclosure}
    for action in term["human"]:
        rest = {key: role for key, role in term["human"].items() if key != action}
        yield f"human.{action}", "nobody", False, {**term, "human": rest}
    limits = term["limits"]
    fewer = {**limits, "max_candidates": limits["max_candidates"] - 1}
    yield "limits.max_candidates", "one less", True, {**term, "limits": fewer}
    shorter = {**term, "retention_days": term["retention_days"] - 1, "retention": "P1D"}
    yield "retention", "shorter", True, shorter
    if "deadline" in written:
        for urgency in term["deadline"]:
            yield f"deadline.{urgency}", "later", False, {**term, "deadline": {**term["deadline"], urgency: "P999D"}}


def _less(words: Any) -> Iterator[tuple[Any, list[Any]]]:
    for index, word in enumerate(words):
        yield word, deepcopy([*words[:index], *words[index + 1 :]])


def _others(words: list[Any], held: Any) -> list[Any]:
    return [word for word in words if word != held]


def _name(row: Any) -> str:
    if isinstance(row, Mapping):
        return str(row.get("kind") or f"that of {row.get('party')}, {row.get('article')}")
    return str(row)


def _enum(*path: str) -> list[str]:
    node: Any = library.schema("agreement")
    for key in path:
        node = node["properties"][key]
    return list(node["enum"])


def _enum_of_term(*path: str) -> list[Any]:
    node: Any = library.schema("agreement")["$defs"]["term"]
    for key in path:
        node = node["properties"][key]
    return list(node["enum"]) if "enum" in node else list(range(node["minimum"], node["maximum"] + 1))
