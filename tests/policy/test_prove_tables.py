"""The tables that proofs reason about say what the engine says, and a broken table is noticed."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from policy_samples import POLICY
from prove_samples import FIELDS, questions

from comity.errors import Unavailable
from comity.policy.embedded import EmbeddedEngine
from comity.policy.prove.conditions import All, Clause
from comity.policy.prove.model import Model
from comity.policy.prove.reckon import of_decision, reckon
from comity.policy.prove.tables import Table
from comity.policy.prove.trial import try_tables
from comity.policy.prove.verdicts import prover_of
from comity.policy.prove.workbench import tables_of

pytestmark = pytest.mark.xdist_group("prove")
CASES = 10_000


@pytest.fixture(scope="module")
def model() -> Iterator[Model]:
    with tables_of(POLICY) as found:
        yield found


def test_tables_and_engine_agree(model: Model, embedded: EmbeddedEngine) -> None:
    seen: dict[str, int] = {}
    for document in questions(model, CASES, seed=12):
        said = of_decision(embedded.decide_raw(document), FIELDS)
        assert reckon(model, document, FIELDS) == said, document
        seen[said.case] = seen.get(said.case, 0) + 1
    assert seen["released"] > CASES // 10
    assert seen["blocked"] > CASES // 10
    assert seen["nothing"] > 0


def broken(model: Model, part: str, answer: Any) -> list[Table]:
    """Make every table of a part say one thing; return the tables as they were."""
    kept = []
    for candidate in model.candidates.values():
        for tables in (*candidate.grounds.values(), *candidate.release.values()):
            if part in tables:
                kept.append(tables[part])
                tables[part] = replace(tables[part], answers=dict.fromkeys(tables[part].answers, answer))
    return kept


def mend(model: Model, part: str, kept: list[Table]) -> None:
    places = [
        tables
        for candidate in model.candidates.values()
        for tables in (*candidate.grounds.values(), *candidate.release.values())
        if part in tables
    ]
    for tables, table in zip(places, kept, strict=True):
        tables[part] = table


@pytest.mark.parametrize(
    ("part", "answer"),
    [
        ("rules.subject", frozenset()),
        ("rules.purpose.purpose_incompatible", frozenset()),
        ("rules.threshold.threshold", frozenset({("threshold", 1)})),
        ("outcome", "permitted"),
        ("disclosure", "hit"),
    ],
)
def test_a_broken_table_is_noticed(model: Model, embedded: EmbeddedEngine, part: str, answer: Any) -> None:
    kept = broken(model, part, answer)
    try:
        differ = [
            document
            for document in questions(model, 600, seed=13)
            if reckon(model, document) != of_decision(embedded.decide_raw(document))
        ]
    finally:
        mend(model, part, kept)
    assert differ


def test_what_the_engine_does_not_confirm_is_no_verdict(model: Model, embedded: EmbeddedEngine) -> None:
    """Tables that let a suspended peer in make the solver find a question that the engine refuses."""
    suspended = (
        Clause("peer.trust", "in", ("suspended",)),
        Clause("direction", "in", ("inbound",)),
        Clause("decision.outcome", "in", ("permitted",)),
    )
    assert prover_of(model, embedded, suspended).find(All(suspended)) is None
    assert try_tables(prover_of(model, embedded, suspended)) > 100
    kept = broken(model, "rules.basis", frozenset())
    try:
        with pytest.raises(Unavailable, match="nothing is proved"):
            prover_of(model, embedded, suspended).find(All(suspended))
        with pytest.raises(Unavailable, match="tables and engine differ"):
            try_tables(prover_of(model, embedded, suspended))
    finally:
        mend(model, "rules.basis", kept)
