"""Steps written down by several at once, on both databases: event, ledger entry and messages stand or fall together."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.agreements import read, sample

from comity.casework.agreement_log import Act, AgreementLog
from comity.casework.agreement_turns import AgreementTurns
from comity.errors import Conflict, Precondition
from comity.exchange.own import OwnNode
from comity.identity.node import create_identity, load_identity
from comity.identity.spiffe import SpiffeId
from comity.ledger.ledger import Ledger
from comity.ledger.vault import Vault
from comity.ledger.verify import verify_ledger
from comity.policy.agreement import Agreement
from comity.policy.lifecycle import Standing, State, Step
from comity.policy.store import AgreementBook, message_row, read_events, undelivered
from comity.store import Store

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
NODE = SpiffeId("police.ee", "node", "node-1")


class Process:
    """One process of the node: its own ledger object and book on the shared database."""

    def __init__(self, store: Store, keys: Path) -> None:
        identity = load_identity(keys, NODE)
        ledger = Ledger(store, identity.ledger_origin, identity.ledger_key)
        ledger.recover()
        self.own = OwnNode(
            country="EE",
            identity=identity,
            store=store,
            ledger=ledger,
            vault=Vault(identity.kek),
            policy=lambda: pytest.fail("nothing is decided here"),
            clock=lambda: NOW,
        )
        self.book = AgreementBook(store, "EE")
        self.log = AgreementLog(self.own, self.book)
        self.turns = AgreementTurns(self.own, self.book, self.log)

    def act(self, step: Step, country: str = "EE", **more: object) -> Act:
        return Act(step, country, str(NODE), "ee-1", "policy-officer", **more)


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    create_identity(tmp_path / "keys", "EE", "police.ee", "node-1", NOW)
    return tmp_path / "keys"


@pytest.fixture
def two(store: Store, keys: Path) -> tuple[Process, Process]:
    return Process(store, keys), Process(store, keys)


def notes(process: Process) -> list[str]:
    return [stored.entry.note for stored in process.own.ledger.range(0, 10_000)]


def adopted(process: Process, **changes: object) -> Agreement:
    content = sample(**changes)
    process.turns.adopt([(content, "file.yaml")])
    return read(content)


def test_files_are_adopted_once(two: tuple[Process, Process], store: Store) -> None:
    one, other = two
    text = adopted(one)
    assert notes(one) == ["adopted", "in-force"]
    assert one.book.standing(text.id).newest.state is State.IN_FORCE
    adopted(other)
    assert notes(one) == ["adopted", "in-force"]
    with pytest.raises(Conflict, match="another text of revision 3"):
        adopted(one, title="Another text")
    adopted(one, revision=2, title="An old file")
    assert notes(one) == ["adopted", "in-force"]
    higher = adopted(other, revision=4)
    assert one.book.in_force(NOW).agreements[0].digest == higher.digest
    one.turns.adopt([(sample("fi-se-nordic-2026"), "of-others.yaml")])
    assert one.book.standing("fi-se-nordic-2026").texts == {}
    assert verify_ledger(store, one.own.ledger.vkey) == []


def test_two_processes_suspend_at_once(two: tuple[Process, Process], store: Store) -> None:
    text = adopted(two[0])

    def suspend(process: Process) -> str:
        try:
            process.log.record(text, lambda _known: [process.act(Step.SUSPENDED, tell=("FI",))], NOW)
        except Conflict as refused:
            return str(refused)
        return "suspended"

    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(suspend, [*two, *two]))
    assert said.count("suspended") == 1
    assert all("has suspended it already" in each for each in said if each != "suspended")
    assert notes(two[0]).count("suspended") == 1
    with store.read() as tx:
        assert [peer for peer, _ in undelivered(tx)] == ["FI"]


def test_many_agreements_change_at_once_and_nothing_is_lost(two: tuple[Process, Process], store: Store) -> None:
    texts = [adopted(two[0], agreement=f"x-{number}") for number in range(6)]

    def both(number: int) -> None:
        process, text = two[number % 2], texts[number]
        for step in (Step.SUSPENDED, Step.RESUMED, Step.SUSPENDED):
            process.log.record(text, lambda _known, step=step: [process.act(step)], NOW)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(both, range(6)))
    for process in two:
        assert process.book.in_force(NOW).suspended == {text.id for text in texts}
    with store.read() as tx:
        assert [event.seq for event in read_events(tx)] == list(range(1, 6 * 5 + 1))
    assert verify_ledger(store, two[0].own.ledger.vkey) == []


def test_what_is_refused_leaves_nothing(two: tuple[Process, Process]) -> None:
    process = two[0]
    text = adopted(process)
    before = notes(process)

    def refuse(_known: Standing) -> list[Act]:
        return [process.act(Step.SUSPENDED), process.act(Step.AGREED)]

    with pytest.raises(Precondition):
        process.log.record(text, refuse, NOW, rows=[message_row("FI", "m-1", NOW)])
    assert process.log.record(text, lambda _known: [], NOW).seq == 2
    assert notes(process) == before
    assert process.book.in_force(NOW).suspended == frozenset()


def test_a_message_that_came_before_never_counts_again(two: tuple[Process, Process]) -> None:
    process = two[0]
    text = adopted(process)
    row = [message_row("FI", "m-1", NOW)]
    process.log.record(text, lambda _known: [process.act(Step.SUSPENDED)], NOW, rows=row)
    with pytest.raises(Conflict):
        process.log.record(text, lambda _known: [process.act(Step.RESUMED)], NOW, rows=row)
    assert process.book.in_force(NOW).suspended == {text.id}
