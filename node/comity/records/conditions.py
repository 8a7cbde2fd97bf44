"""Conditions of a decision as SQL: which rows may be considered at all.

A condition that is not understood is an error, never ignored: leaving one out would widen what leaves.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from comity.errors import Malformed, Violation
from comity.records.tables import record

Clause = sa.ColumnElement[bool]

_WORDS = {
    "category": record.c.category,
    "subject_category": record.c.subject_category,
    "handling": record.c.handling,
}
_TODAY: sa.BindParameter[int] = sa.bindparam("today", type_=sa.Integer)


def _minor(*, value: bool, negated: bool) -> Clause:
    """Return who is a minor on the day of the question; a record without a birth date is neither `true` nor `false`."""
    if value != negated:
        known = record.c.adult_on > _TODAY
        return known if value else sa.or_(known, record.c.adult_on == 0)
    grown = record.c.adult_on <= _TODAY
    return grown if value else sa.and_(grown, record.c.adult_on != 0)


def _restricted(*, value: bool, negated: bool) -> Clause:
    return record.c.restricted.is_(value != negated)


_FLAGS: dict[str, Callable[..., Clause]] = {"minor": _minor, "restricted": _restricted}
_FLAG_OPERATORS = ("eq", "ne")
_WORD_OPERATORS = ("eq", "ne", "in", "not_in")

Shape = tuple[tuple[str, str, bool | None], ...]
"""What of conditions makes the statement: attribute, operator, and a flag's value (a word's value is a parameter)."""


def shape_of(conditions: Sequence[Mapping[str, Any]]) -> tuple[Shape, dict[str, Any]]:
    """Return (shape, parameters) of conditions; raises `Malformed` with every violation."""
    shape: list[tuple[str, str, bool | None]] = []
    parameters: dict[str, Any] = {}
    found: list[Violation] = []
    for index, condition in enumerate(conditions):
        problem = _problem(condition)
        if problem:
            found.append(Violation(f"conditions[{index}]", problem))
            continue
        attribute, operator, value = condition["attribute"], condition["operator"], condition["value"]
        if attribute in _FLAGS:
            shape.append((attribute, operator, value))
        else:
            shape.append((attribute, operator, None))
            parameters[f"c{len(shape) - 1}"] = value if isinstance(value, str) else list(value)
    if found:
        named = "; ".join(f"{violation.field} {violation.problem}" for violation in found)
        raise Malformed(f"the decision's {named}: nothing was searched", violations=tuple(found))
    return tuple(shape), parameters


def clauses(shape: Shape) -> list[Clause]:
    """Return one SQL clause for each condition."""
    return [
        _FLAGS[attribute](value=flag, negated=operator == "ne")
        if flag is not None
        else _word(index, attribute, operator)
        for index, (attribute, operator, flag) in enumerate(shape)
    ]


def _word(index: int, attribute: str, operator: str) -> Clause:
    column = _WORDS[attribute]
    if operator in ("eq", "ne"):
        wanted: sa.BindParameter[str] = sa.bindparam(f"c{index}", type_=sa.String)
        return column == wanted if operator == "eq" else column != wanted
    several: sa.BindParameter[Any] = sa.bindparam(f"c{index}", expanding=True)
    return column.in_(several) if operator == "in" else column.not_in(several)


def _problem(condition: Mapping[str, Any]) -> str:
    if set(condition) != {"attribute", "operator", "value"}:
        return "needs exactly attribute, operator and value"
    attribute, operator, value = condition["attribute"], condition["operator"], condition["value"]
    if attribute in _FLAGS:
        fits = operator in _FLAG_OPERATORS and isinstance(value, bool)
        return "" if fits else f"{attribute} takes {' or '.join(_FLAG_OPERATORS)} and true or false"
    if attribute not in _WORDS:
        return f"attribute must be one of {', '.join([*_WORDS, *_FLAGS])}"
    if operator not in _WORD_OPERATORS:
        return f"operator must be one of {', '.join(_WORD_OPERATORS)}"
    single = operator in ("eq", "ne")
    fits = isinstance(value, str) if single else _texts(value)
    return "" if fits else f"value of {attribute} must be a {'text' if single else 'list of texts'}"


def _texts(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(each, str) for each in value)
