"""OPA is the authority: the embedded engine gives the very decision that a real OPA server gives.

On golden cases, scenarios, more than 10 000 generated questions (sound, malformed, hostile, and what hypothesis thinks
of), under national modules, and on data that no checked agreement can hold. A construct on which they would differ is
not used in the library. Both engines are asked as a node asks them, by several threads over connections kept alive.
"""

import copy
import json
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from policy_questions import HOSTILE, ROWS, hostile, nested, place, sound
from policy_samples import AGREEMENTS, GOLDEN, POLICY, golden_input, question

from comity.errors import ComityError
from comity.policy.bundle import PolicySet, build
from comity.policy.embedded import EmbeddedEngine
from comity.policy.engine import BaseEngine
from comity.policy.national import EXAMPLE, compile_national
from comity.policy.opa_process import start_opa
from comity.policy.opa_server import OpaProcess, OpaServerEngine
from comity.policy.scenarios import scenario_input

Engines = tuple[BaseEngine, BaseEngine]
SOUND_SEEDS, HOSTILE_SEEDS, EACH = range(6), range(100, 104), 1000
THREADS = 4


def result(engine: BaseEngine, document: dict[str, Any]) -> str:
    """The decision as canonical text, or the class of the error."""
    try:
        return json.dumps(engine.decide_raw(document), sort_keys=True)
    except ComityError as error:
        return type(error).__name__


def check(engines: Engines, documents: Iterable[dict[str, Any]]) -> Counter[str]:
    """Compare the engines on every document; return how often each outcome or error was found."""

    def decide(document: dict[str, Any]) -> str:
        ours, theirs = (result(engine, document) for engine in engines)
        assert ours == theirs, repr(document)
        return str(json.loads(ours)["outcome"]) if ours.startswith("{") else ours

    with ThreadPoolExecutor(THREADS) as pool:
        return Counter(pool.map(decide, documents))


@pytest.fixture(scope="module")
def engines(embedded: EmbeddedEngine, opa_process: OpaProcess) -> Engines:
    return embedded, opa_process


@contextmanager
def both(policy: PolicySet) -> Iterator[Engines]:
    """Both engines over one policy set, broken or not: their health is not asked for."""
    process = start_opa(policy)
    opa = OpaServerEngine(process.url, process.token)
    embedded = EmbeddedEngine(policy, machines=2)
    try:
        yield embedded, opa
    finally:
        opa.close()
        process.stop()
        embedded.close()


def test_more_than_ten_thousand_are_generated() -> None:
    assert (len(SOUND_SEEDS) + len(HOSTILE_SEEDS)) * EACH >= 10_000


def test_golden_cases_and_scenarios(engines: Engines) -> None:
    documents = [scenario_input(each, scenario) for each in AGREEMENTS for scenario in each.scenarios]
    found = check(engines, documents + [golden_input(case) for case in GOLDEN])
    assert set(found) == {"permitted", "review", "refused"}


@pytest.mark.parametrize("seed", SOUND_SEEDS)
def test_sound_questions(engines: Engines, seed: int) -> None:
    chance = random.Random(seed)
    found = check(engines, [sound(chance) for _ in range(EACH)])
    assert min(found[word] for word in ("permitted", "refused", "review")) > 10


@pytest.mark.parametrize("seed", HOSTILE_SEEDS)
def test_hostile_questions(engines: Engines, seed: int) -> None:
    chance = random.Random(seed)
    found = check(engines, [hostile(chance) for _ in range(EACH)])
    assert found["refused"] > EACH / 2
    assert found["Malformed"] > 0
    assert found["permitted"] < EACH / 4


anything: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(HOSTILE),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
places = st.sampled_from([row["path"] for row in ROWS]) | st.lists(st.text(max_size=8), min_size=1, max_size=3)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(st.lists(st.tuples(places, anything), min_size=1, max_size=3), min_size=20, max_size=20))
def test_whatever_stands_anywhere(engines: Engines, changes: list[list[tuple[list[str], Any]]]) -> None:
    documents = []
    for each in changes:
        document = question()
        for path, value in each:
            place(document, path, copy.deepcopy(value))
        documents.append(document)
    check(engines, documents)


@settings(max_examples=10, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(st.dictionaries(st.text(max_size=8), anything, max_size=4), min_size=20, max_size=20))
def test_any_document_at_all(engines: Engines, documents: list[dict[str, Any]]) -> None:
    assert not check(engines, documents)["permitted"]


@pytest.mark.parametrize("document", [{}, {"input": {}}, {"": {}}, {"direction": "inbound"}])
def test_strangers(engines: Engines, document: dict[str, Any]) -> None:
    check(engines, [document])


@pytest.mark.parametrize("depth", [2, 31, 32, 33, 100, 500, 900, 1000, 5000])
def test_deep_documents(engines: Engines, depth: int) -> None:
    found = check(engines, [question(category=nested(depth)), question() | {"x": nested(depth)}])
    assert not found["permitted"]


def test_desk(engines: Engines) -> None:
    embedded, opa = engines
    methods = ["/comity.v1.DeskService/Ask", "/comity.v1.DeskService/GetStatus", "/x", ""]
    for roles in (
        [],
        ["investigator"],
        ["auditor"],
        ["operator", "prosecutor"],
        ["x"],
        "investigator",
        None,
        [["investigator"]],
    ):
        for method in [*methods, None, 1]:
            document = {"roles": roles, "method": method}
            assert embedded.desk(document) == opa.desk(document), document


def test_under_national_modules(opa_binary: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMITY_OPA", opa_binary)
    chance = random.Random(7)
    policy = build(AGREEMENTS, national=compile_national({"minors.rego": EXAMPLE}))
    with both(policy) as engines:
        found = check(engines, [sound(chance) for _ in range(600)] + [hostile(chance) for _ in range(200)])
        minor = question(subject={"category": "suspect", "age_band": "minor"})
        assert "Children Act" in result(engines[0], minor)
    assert found["permitted"] > 10


def broken_data(chance: random.Random) -> dict[str, Any]:
    """The data document with one part missing or odd somewhere in an agreement or in the library's own tables."""
    data = json.loads(POLICY.data_json())
    node: Any = data["comity"]
    path = [
        chance.choice(["agreements", "agreements", "agreements", "vocabulary", "catalogue", "offences", "expected"])
    ]
    for key in path:
        parent, node = node, node[key]
    while isinstance(node, (dict, list)) and node and chance.random() < 0.85:
        key = chance.choice(list(node) if isinstance(node, dict) else range(len(node)))
        parent, node = node, node[key]
        path.append(key)
    if chance.random() < 0.5:
        del parent[path[-1]]
    else:
        parent[path[-1]] = copy.deepcopy(chance.choice(HOSTILE[:30]))
    return data


@pytest.mark.parametrize("seed", range(20))
def test_broken_data(opa_binary: str, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    monkeypatch.setenv("COMITY_OPA", opa_binary)
    chance = random.Random(seed)
    with both(replace(POLICY, data=broken_data(chance))) as engines:
        check(engines, [sound(chance) for _ in range(25)] + [golden_input(case) for case in GOLDEN[:8]])
