"""What policy said about one exchange, parsed strictly. Pure.

A decision that is not exactly of the known form is no decision: parsing raises `Unavailable`, and the caller
refuses. So a word that this program does not know (a new obligation, say) can never be dropped in silence.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from comity.errors import Unavailable
from comity.policy import library

OUTCOMES = ("permitted", "review", "refused")


@dataclass(frozen=True, slots=True)
class Condition:
    """Which rows may be considered; all conditions must hold."""

    attribute: str
    operator: str
    value: str | int | bool | tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Human:
    """Who must decide before anything leaves, how soon (ISO 8601 duration), and how many of them must agree."""

    role: str
    deadline: str
    officers: int


@dataclass(frozen=True, slots=True)
class Reason:
    """One ground of a refusal."""

    code: str
    article: str
    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Basis:
    """The term that permits, or under which the refusal stands."""

    agreement: str
    revision: int
    term: str
    article: str
    digest: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision document of `policy/schemas/decision.schema.json`."""

    outcome: str
    disclosure: str
    fields: tuple[str, ...]
    withheld: tuple[str, ...]
    conditions: tuple[Condition, ...]
    obligations: tuple[str, ...]
    handling: tuple[str, ...]
    retention: str
    per_day: int
    max_candidates: int
    human: Human | None
    reasons: tuple[Reason, ...]
    basis: Basis | None
    fault: str | None

    @property
    def codes(self) -> tuple[str, ...]:
        """Refusal codes, in the order of the reasons."""
        return tuple(reason.code for reason in self.reasons)


class _Odd(Exception):
    """The document is not of the known form; the text says where."""


def parse_decision(raw: Any) -> Decision:
    """Return the decision of an engine's result; raises `Unavailable` for anything but a well-formed one."""
    try:
        decision = _decision(raw)
        _check_whole(decision)
    except _Odd as cause:
        raise Unavailable("the policy engine gave no usable decision: `comity doctor` checks it") from cause
    return decision


def _decision(raw: Any) -> Decision:
    row = _row(raw, "decision", _KEYS)
    limits = _row(row["limits"], "limits", {"per_day", "max_candidates"})
    return Decision(
        outcome=_word(row["outcome"], "outcome", OUTCOMES),
        disclosure=_word(row["disclosure"], "disclosure", _known("disclosure")),
        fields=_words(row["fields"], "fields"),
        withheld=tuple(_text(each, "withheld") for each in _list(row["withheld"], "withheld")),
        conditions=tuple(_condition(each) for each in _list(row["conditions"], "conditions")),
        obligations=_words(row["obligations"], "obligations"),
        handling=_words(row["handling"], "handling"),
        retention=_text(row["retention"], "retention"),
        per_day=_count(limits["per_day"], "limits.per_day"),
        max_candidates=_count(limits["max_candidates"], "limits.max_candidates"),
        human=None if row["human"] is None else _human(row["human"]),
        reasons=tuple(Reason(**_texts(each, "reasons", _REASON)) for each in _list(row["reasons"], "reasons")),
        basis=None if row["basis"] is None else _basis(row["basis"]),
        fault=None if row["fault"] is None else _text(row["fault"], "fault"),
    )


def _check_whole(decision: Decision) -> None:
    """What no single field shows: a permission names its term, a refusal gives reasons and releases nothing."""
    if decision.outcome == "refused":
        if decision.disclosure != "none" or decision.fields or not decision.reasons:
            raise _Odd("a refusal that releases something or gives no reason")
        return
    if decision.basis is None or decision.reasons or decision.fault is not None:
        raise _Odd("a permission without a basis, or with grounds against it")
    if (decision.outcome == "review") != (decision.human is not None):
        raise _Odd("a review names who decides, a permission nobody")
    if not (decision.basis.agreement and decision.basis.term and decision.basis.article and decision.retention):
        raise _Odd("a permission without agreement, term, article or retention")


_KEYS = frozenset(Decision.__dataclass_fields__) - {"per_day", "max_candidates"} | {"limits"}
_REASON = frozenset({"code", "article", "message", "remedy"})
_BASIS = frozenset({"agreement", "revision", "term", "article", "digest"})
_CONDITION = frozenset({"attribute", "operator", "value"})


@cache
def _known(field: str) -> frozenset[str]:
    """Return the words that the decision schema lists for a field or for the members of a list."""
    schema = library.schema("decision")["properties"][field]
    return frozenset(schema["items"]["enum"] if "items" in schema else schema["enum"])


@cache
def _known_of_condition(key: str) -> frozenset[str]:
    schema = library.schema("decision")["properties"]["conditions"]["items"]["properties"][key]
    return frozenset(schema["enum"])


def _human(raw: Any) -> Human:
    row = dict(_row(raw, "human", {"role", "deadline", "officers"}))
    officers = _count(row.pop("officers"), "human.officers")
    return Human(officers=max(officers, 1), **_texts(row, "human", {"role", "deadline"}))


def _basis(raw: Any) -> Basis:
    row = _row(raw, "basis", _BASIS)
    texts = {key: _text(row[key], f"basis.{key}") for key in _BASIS - {"revision"}}
    return Basis(revision=_count(row["revision"], "basis.revision"), **texts)


def _condition(raw: Any) -> Condition:
    row = _row(raw, "conditions", _CONDITION)
    value = row["value"]
    if isinstance(value, list):
        value = tuple(_text(each, "conditions.value") for each in value)
    elif not isinstance(value, (str, int)):
        raise _Odd("conditions.value")
    return Condition(
        _word(row["attribute"], "conditions.attribute", _known_of_condition("attribute")),
        _word(row["operator"], "conditions.operator", _known_of_condition("operator")),
        value,
    )


def _row(raw: Any, where: str, keys: Collection[str]) -> Mapping[str, Any]:
    if not isinstance(raw, dict) or raw.keys() != keys:
        raise _Odd(f"{where}: other keys than the known ones")
    return raw


def _texts(raw: Any, where: str, keys: Collection[str]) -> dict[str, str]:
    """Return a row of texts, none of them empty."""
    row = {key: _text(value, where) for key, value in _row(raw, where, keys).items()}
    if not all(row.values()):
        raise _Odd(f"{where}: an empty text")
    return row


def _list(raw: Any, where: str) -> list[Any]:
    return _as(raw, where, lambda: isinstance(raw, list))  # type: ignore[no-any-return]


def _words(raw: Any, field: str) -> tuple[str, ...]:
    return tuple(_word(each, field, _known(field)) for each in _list(raw, field))


def _word(raw: Any, where: str, known: Collection[str]) -> str:
    return _as(raw, where, lambda: isinstance(raw, str) and raw in known)  # type: ignore[no-any-return]


def _text(raw: Any, where: str) -> str:
    return _as(raw, where, lambda: isinstance(raw, str))  # type: ignore[no-any-return]


def _count(raw: Any, where: str) -> int:
    return _as(raw, where, lambda: isinstance(raw, int) and not isinstance(raw, bool) and raw >= 0)  # type: ignore[no-any-return]


def _as(raw: Any, where: str, fits: Callable[[], bool]) -> Any:
    if not fits():
        raise _Odd(where)
    return raw
