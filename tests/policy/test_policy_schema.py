"""Our small JSON Schema reader gives the verdict of the `jsonschema` package, on sound and on mutated agreements."""

import copy
import json
import random
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from policy_samples import AGREEMENTS

from comity.policy import library
from comity.policy.schema import Schema
from comity.policy.yamltree import Node, parse

DOCUMENT = library.schema("agreement")
OURS = Schema(DOCUMENT)
THEIRS = Draft202012Validator(DOCUMENT)
ODD: list[Any] = [None, True, 0, -1, 10**9, "", "x", "EE", "P1D", "core", "2026-01-01", [], ["EE"], {}, {"x": 1}]


def tree(document: Any) -> Node:
    return parse(json.dumps(document).encode(), "x")


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, each in inner for place in places(each, (*path, key)))]


def mutated(document: Any, chance: random.Random) -> Any:
    changed = copy.deepcopy(document)
    path = chance.choice([place for place in places(changed) if place])
    node = changed
    for key in path[:-1]:
        node = node[key]
    match chance.randrange(4):
        case 0:
            del node[path[-1]]
        case 1:
            node[path[-1]] = copy.deepcopy(chance.choice(ODD))
        case 2 if isinstance(node, dict):
            node["unknown"] = 1
        case _:
            if isinstance(node, list):
                node.append(copy.deepcopy(chance.choice([*node, *ODD])))
            else:
                node[path[-1]] = [node[path[-1]]]
    return changed


def test_the_schema_is_a_schema() -> None:
    for name in ("agreement", "input", "decision"):
        Draft202012Validator.check_schema(library.schema(name))


@pytest.mark.parametrize("seed", range(6))
def test_same_verdict_as_jsonschema(seed: int) -> None:
    chance = random.Random(seed)
    refused = 0
    for _ in range(60):
        document = mutated(chance.choice(AGREEMENTS).document, chance)
        expected = THEIRS.is_valid(document)
        assert (not OURS.check(tree(document), "x")) == expected, document
        refused += not expected
    assert 20 < refused < 60


def test_an_unknown_keyword_is_our_bug() -> None:
    with pytest.raises(KeyError):
        Schema({"type": "object", "minContains": 1}).check(tree({}), "x")
