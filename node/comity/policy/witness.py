"""Questions made from an agreement's own words: one that each term serves, and that one with one fact changed. Pure.

They find the input on which two texts, or two readings of one text, differ; they stand for nobody's real question.
"""

from collections.abc import Collection, Iterator, Mapping
from copy import deepcopy
from typing import Any

from comity.policy import library
from comity.policy.agreement import Agreement
from comity.policy.scenarios import usual_question

_FAR = 4_000_000_000
_STRANGE = "x-unknown"


def bases(
    agreement: Agreement, term: Mapping[str, Any], between: Collection[str] | None = None
) -> Iterator[dict[str, Any]]:
    """Yield questions that a term serves as far as words can tell: each provider, each action, all askers in turn.

    With `between`, only those of these parties to each other.
    """
    parties = [country for country in agreement.data["parties"] if between is None or country in between]
    for provider in (country for country in term["providers"] if country in parties):
        askers = [country for country in parties if country != provider]
        for turn, action in enumerate(term["actions"]):
            asker = askers[(parties.index(provider) + turn) % len(askers)]
            yield _base(agreement, term, action, provider, asker)


def variations(agreement: Agreement, term: Mapping[str, Any], base: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the base, then the base with one fact changed to each other value that could matter to this agreement."""
    yield dict(base)
    for row in library.vocabulary()["input"]:
        path = row["path"]
        if path[0] in ("direction", "self", "basis") or path == ["peer", "country"]:
            continue
        for value in _values(".".join(path), row, agreement, term):
            if _get(base, path) != value:
                yield changed(base, {".".join(path): value})
    for facts in _together(agreement, term):
        yield changed(base, facts)


def changed(base: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return a question with the facts at these dotted paths changed."""
    document = deepcopy(dict(base))
    for path, value in facts.items():
        *parents, last = path.split(".")
        node = document
        for parent in parents:
            node = node[parent]
        node[last] = value
    return document


def unusual(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return only the facts that differ from the usual question: what a scenario's `input` has to say."""
    return _difference(document, usual_question())


def _base(agreement: Agreement, term: Mapping[str, Any], action: str, provider: str, asker: str) -> dict[str, Any]:
    offences, special = term["offences"], library.vocabulary()["special_categories"]
    derogates = agreement.data["transfer"]["basis"] == "derogation"
    strict = derogates or bool(set(term["categories"]) & set(special))
    document = usual_question()
    facts = {
        "action": action,
        "time": agreement.data["from"],
        "self.country": provider,
        "peer.country": asker,
        "requester": {"country": asker, "authority": _first(agreement.data["authorities"][asker]), "role": ""},
        "requester.role": _first(term["roles"]),
        "channel": _first(term["channels"]),
        "assistance": _first(term["assistance"]),
        "language": _first(agreement.data["languages"][provider]),
        "category": _first(term["categories"]),
        "purpose": _first(term["purposes"]),
        "aim": _first(term["aims"]),
        "subject.category": _first(term["subjects"]["categories"]),
        "subject.nationality": "third" if "third" in term["nationalities"] else _first(term["nationalities"]),
        "scope": _first(term["scopes"]),
        "case.proceeding": _first(term["proceedings"]),
        "offence.max_penalty_months": max(60, *_months(agreement, term)),
        "offence.gravity": "serious",
        **{f"offence.{part}": True for part in offences["requires"]},
        "necessity": "strict" if strict else "ordinary",
        "procedure": _first(term["procedures"]),
        "urgency": "urgent" if derogates else _first(term["urgencies"]),
        "authorisation": {"type": "judge", "valid": True},
        "assurances": [_assurance(kind) for kind in _assurance_kinds()],
        "basis.agreement": agreement.id,
        "basis.digest": agreement.digest,
    }
    return changed(document, facts)


def _values(path: str, row: Mapping[str, Any], agreement: Agreement, term: Mapping[str, Any]) -> list[Any]:
    if row["kind"] == "one_of":
        return list(row["of"])
    if row["kind"] in ("flag", "claim"):
        return [True, False]
    if row["kind"] == "some_of":
        return [[], *([word] for word in row["of"])]
    own = _OWN.get(path)
    return own(agreement, term) if own else []


def _texts(key: str) -> Any:
    return lambda _agreement, term: [*term[key], _STRANGE]


def _fields(_agreement: Agreement, term: Mapping[str, Any]) -> list[Any]:
    return [[], *([field] for field in term["fields"]), [*term["fields"], _STRANGE]]


def _undertakings(agreement: Agreement, term: Mapping[str, Any]) -> list[Any]:
    known = library.vocabulary()["undertakings"]
    asked = [*agreement.data["undertakings"], *term["undertakings"]]
    return [[word for word in known if word != left_out] for left_out in asked]


def _held_assurances(agreement: Agreement, _term: Mapping[str, Any]) -> list[Any]:
    kinds = [needed["kind"] for needed in agreement.data["assurances"]]
    return [[_assurance(kind) for kind in _assurance_kinds() if kind != left_out] for left_out in kinds]


def _together(agreement: Agreement, term: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield facts that matter only together."""
    for listed in term["offences"]["carve_outs"]:
        yield {"offence.kinds": ["political"], "offence.list_category": listed}
    for needed in agreement.data["assurances"]:
        rest = [_assurance(kind) for kind in _assurance_kinds() if kind != needed["kind"]]
        yield {"offence.kinds": [needed["when"]], "assurances": rest}
        yield {"assistance": needed["when"], "assurances": rest}
    yield {"urgency": "normal", "subject.age_band": "minor"}
    yield {"urgency": "urgent", "subject.age_band": "minor"}
    for months in _months(agreement, term):
        yield {"offence.list_category": _STRANGE, "offence.iccs": "0701", "offence.max_penalty_months": months}
        yield {"offence.list_category": _STRANGE, "offence.max_penalty_months": months}


def _months(agreement: Agreement, term: Mapping[str, Any]) -> list[int]:
    offences = term["offences"]
    declared = [each.get("min_penalty_months", 0) for each in agreement.data["declarations"]]
    return sorted({offences["min_penalty_months"], offences.get("listed_min_penalty_months", 0), *declared})


def _thresholds(agreement: Agreement, term: Mapping[str, Any]) -> list[Any]:
    return sorted({value for months in _months(agreement, term) for value in (max(months - 1, 0), months)})


def _days(agreement: Agreement, _term: Mapping[str, Any]) -> list[Any]:
    start, end = agreement.data["from"], agreement.data["until"]
    return [start - 1, start, end - 1, end]


_OWN: dict[str, Any] = {
    "action": _texts("actions"),
    "time": _days,
    "requester.country": lambda agreement, _term: [*agreement.data["parties"]],
    "requester.authority": lambda agreement, _term: sorted(
        {_STRANGE, *(word for words in agreement.data["authorities"].values() for word in words)}
    ),
    "requester.role": _texts("roles"),
    "language": lambda agreement, _term: sorted(
        {"", _STRANGE, *(word for words in agreement.data["languages"].values() for word in words)}
    ),
    "category": _texts("categories"),
    "purpose": _texts("purposes"),
    "offence.code": lambda _agreement, _term: [_STRANGE],
    "offence.list_category": lambda _agreement, term: [
        "", _STRANGE, "murder", "terrorism", *term["offences"]["carve_outs"]
    ],
    "offence.iccs": lambda _agreement, _term: ["0701", "0502", "9999"],
    "offence.max_penalty_months": _thresholds,
    "ask.fields": _fields,
    "ask.max_candidates": lambda _agreement, term: [
        term["limits"]["max_candidates"], term["limits"]["max_candidates"] + 1
    ],
    "ask.keep_days": lambda _agreement, term: [term["retention_days"], term["retention_days"] + 1],
    "undertakings": _undertakings,
    "authorisation.type": lambda _agreement, _term: ["none", "judge", "prosecutor", "court"],
    "assurances": _held_assurances,
    "review.role": lambda _agreement, _term: sorted(library.vocabulary()["human_rank"]),
}  # fmt: skip


def _assurance_kinds() -> list[str]:
    return list(library.schema("agreement")["$defs"]["assurance"]["enum"])


def _assurance(kind: str) -> dict[str, Any]:
    return {"kind": kind, "status": "given", "expires": _FAR}


def _first(words: Any) -> Any:
    return words[0] if words else _STRANGE


def _get(document: Mapping[str, Any], path: list[str]) -> Any:
    node: Any = document
    for key in path:
        node = node[key]
    return node


def _difference(document: Mapping[str, Any], usual: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in document.items():
        held = usual.get(key)
        if isinstance(value, Mapping) and isinstance(held, Mapping):
            inner = _difference(value, held)
            if inner:
                found[key] = inner
        elif value != held:
            found[key] = value
    return found
