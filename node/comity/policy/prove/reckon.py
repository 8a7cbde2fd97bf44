"""Decides one question by the tables alone: what the proofs reason about. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from comity.policy import library
from comity.policy.prove.axes import FRESH
from comity.policy.prove.facts import DIRECTION
from comity.policy.prove.model import UNDEFINED, Candidate, Model, Pair

PARTS = ("outcome", "disclosure", "human", "obligations")


@dataclass(frozen=True)
class Reckoned:
    """A decision in few words: `nothing` considered, `released`, `blocked` or `undefined`, under which candidate.

    `parts` are those of a release that conditions can name, `codes` the refusal codes.
    """

    case: str
    key: str
    parts: Mapping[str, Any]
    codes: frozenset[str]


def of_decision(decision: Mapping[str, Any], fields: Collection[str] = ()) -> Reckoned:
    """Return the engine's decision in these words; of the fields those asked for."""
    basis = decision["basis"]
    key = f"{basis['agreement']}/{basis['term']}" if basis else ""
    if decision["outcome"] == "refused":
        case = "undefined" if decision["fault"] else "blocked" if basis else "nothing"
        codes = frozenset(reason["code"] for reason in decision["reasons"])
        return Reckoned(case, key, {}, codes if case == "blocked" else frozenset())
    human = decision["human"] and decision["human"]["role"]
    parts = {"outcome": decision["outcome"], "disclosure": decision["disclosure"], "human": human}
    parts["obligations"] = frozenset(decision["obligations"])
    return Reckoned("released", key, {**parts, "fields": frozenset(decision["fields"]) & {*fields}}, frozenset())


def reckon(model: Model, document: Mapping[str, Any], fields: Collection[str] = ()) -> Reckoned:
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
        grounds = _grounds(candidate, pair, document, fired)
        codes = frozenset(library.catalogue()[ground]["code"] for _, ground, _ in grounds)
        return Reckoned("blocked", key, {}, codes)
    seen = _seen(candidate, pair, document, fired)
    found = {name: table.answer(document, seen) for name, table in candidate.release[pair].items()}
    if UNDEFINED in found.values():
        return Reckoned("undefined", "", {}, frozenset())
    given = [word for word in fields if model.field(candidate, word)[pair].answer(document, seen) is True]
    return Reckoned("released", key, {**{name: found[name] for name in PARTS}, "fields": frozenset(given)}, frozenset())


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
