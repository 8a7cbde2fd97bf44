"""Decides one question by the tables alone: what the proofs reason about, held against the engine by tests. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from comity.policy.prove.axes import FRESH
from comity.policy.prove.facts import DIRECTION
from comity.policy.prove.model import UNDEFINED, Candidate, Model, Pair


@dataclass(frozen=True)
class Reckoned:
    """What the tables say: `nothing`, `released`, `blocked` or `undefined`, under which candidate, with which parts."""

    case: str
    key: str
    parts: Mapping[str, Any]
    grounds: frozenset[str]


def reckon(model: Model, document: Mapping[str, Any], fields: tuple[str, ...] = ()) -> Reckoned:
    """Return what the tables say about a well-formed document; of the fields released those asked for."""
    own, other = document["self"]["country"], document["peer"]["country"]
    pair = (own, other) if document[DIRECTION] == "inbound" else (other, own)
    keys = _considered(model, document, pair)
    if not keys:
        return Reckoned("nothing", "", {}, frozenset())
    fired = frozenset(word for word, table in model.fired.items() if table.answer(document))
    _, blocking, key = min(_rank(model, model.candidates[each], pair, document, fired) for each in keys)
    candidate = model.candidates[key]
    if blocking:
        grounds = frozenset(ground for _, ground, _ in _grounds(candidate, pair, document, fired))
        return Reckoned("blocked", key, {}, grounds)
    seen = _seen(candidate, pair, document, fired)
    parts = {name: table.answer(document, seen) for name, table in candidate.release[pair].items()}
    if UNDEFINED in parts.values():
        return Reckoned("undefined", key, {}, frozenset())
    parts["fields"] = frozenset(
        word for word in fields if model.field(candidate, word)[pair].answer(document, seen) is True
    )
    return Reckoned("released", key, parts, frozenset())


def _considered(model: Model, document: Mapping[str, Any], pair: Pair) -> frozenset[str]:
    name = document["basis"]["agreement"]
    group = model.groups.get((*pair, name if name in model.names else FRESH[0]))
    if group is None:  # a country that no agreement names
        return frozenset()
    category = document["category"] if document["category"] in model.categories else FRESH[0]
    action = document["action"] if document["action"] in model.actions else FRESH[0]
    return model.considered[group][category, action]


def _seen(candidate: Candidate, pair: Pair, document: Mapping[str, Any], fired: frozenset[str]) -> dict[str, Any]:
    seen: dict[str, Any] = {"fired": fired}
    seen["roles"] = candidate.roles[pair].answer(document, seen)
    return seen


def _rank(
    model: Model, candidate: Candidate, pair: Pair, document: Mapping[str, Any], fired: frozenset[str]
) -> tuple[tuple[Any, ...], int, str]:
    sums = [0, 0, 0]
    for rule, ground, count in _grounds(candidate, pair, document, fired):
        for at, weight in enumerate(model.weights[rule, ground, document[DIRECTION]]):
            sums[at] += weight * count
    tail = candidate.rank[pair].answer(document, _seen(candidate, pair, document, fired))
    return (*sums, *tail), sums[1], candidate.key


def _grounds(
    candidate: Candidate, pair: Pair, document: Mapping[str, Any], fired: frozenset[str]
) -> list[tuple[str, str, int]]:
    seen = _seen(candidate, pair, document, fired)
    return [
        (part.split(".")[1] if part.startswith("rules.") else "national", ground, count)
        for part, table in candidate.grounds[pair].items()
        for ground, count in table.answer(document, seen)
    ]
