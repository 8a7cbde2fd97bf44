"""The road of a text between two nodes on PostgreSQL; everything else runs on SQLite, see test_agreements_parties."""

from datetime import UTC, datetime
from pathlib import Path

from support.agreements import read, sample
from support.parties import running_parties

from comity.policy.lifecycle import State


def test_from_draft_to_suspension(tmp_path: Path, fresh_postgres: str, another_postgres: str) -> None:
    databases = {"EE": fresh_postgres, "FI": another_postgres}
    with running_parties(tmp_path, ["EE", "FI"], databases) as parties:
        ee, fi = parties["EE"], parties["FI"]
        content = sample(agreement="ee-fi-new", revision=1)
        text = read(content)
        ee.proposed(content, text.digest, text.id)
        assert fi.signed(text.id, text.digest).held.state is State.IN_FORCE
        assert ee.standing(text.id).texts[text.digest].state is State.IN_FORCE
        fi.acts.suspend(text.id, fi.a)
        assert all(text.id in p.node.office.book.in_force(datetime.now(UTC)).suspended for p in (ee, fi))
        fi.acts.resume(text.id, fi.a)
        assert [step for step, _ in ee.steps(text.id)][-2:] == ["suspended", "resumed"]
