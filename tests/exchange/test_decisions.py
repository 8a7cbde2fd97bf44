"""Recorded decisions, on both stores."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from comity.exchange.decisions import count_decisions, decision, decision_row, decisions_of, decisions_since
from comity.policy.bundle import build
from comity.policy.embedded import EmbeddedEngine
from comity.policy.scenarios import usual_question
from comity.store import Store
from comity.store.engine import insert_rows

AT = datetime(2026, 11, 24, tzinfo=UTC)


def test_what_was_asked_and_said_comes_back(store: Store) -> None:
    engine = EmbeddedEngine(build([]), machines=1)
    question = usual_question()
    question["peer"]["country"] = "FI"
    said = engine.decide(question)
    first, second = str(uuid4()), str(uuid4())
    with store.write() as tx:
        insert_rows(tx, [
            decision_row(first, question, said, b"\x01" * 32, AT),
            decision_row(second, question, said, b"\x02" * 32, AT + timedelta(days=2)),
            decision_row(second, question, said, b"\x03" * 32, AT + timedelta(days=1)),
        ])  # fmt: skip
    with store.read() as tx:
        assert [row.policy_digest[:2] for row in decisions_of(tx, second)] == ["03", "02"]
        assert [row.exchange_id for row in decisions_since(tx, AT + timedelta(hours=1))] == [second, second]
        assert count_decisions(tx, AT) == 3
        (found,) = decisions_of(tx, first)
    assert found.past.document == question
    assert found.past.answer == (said.outcome, said.disclosure, "", said.codes)
    assert found.past.peer == "FI"
    engine.close()


def test_the_table_has_no_place_for_a_subject() -> None:
    """Only the policy input is kept, and its contract (`comity.form`) refuses every key that it does not know."""
    assert {column.name for column in decision.columns} == {
        "direction", "exchange_id", "peer", "decided_at", "policy_digest", "agreement", "agreement_digest", "term",
        "outcome", "disclosure", "codes", "document",
    }  # fmt: skip
