"""Group commit: everyone gets their own outcome, nobody waits for ever, whatever happens to the leader."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from comity.errors import ComityError, Conflict, Unavailable
from comity.ledger.group import GroupCommit


def make(commit: object, waiting: int = 100, batch: int = 100) -> GroupCommit[int, int]:
    return GroupCommit(commit, max_waiting=waiting, max_batch=batch)  # type: ignore[arg-type]


def test_units_that_arrive_during_a_commit_go_into_one_batch() -> None:
    batches: list[list[int]] = []
    started, release = threading.Event(), threading.Event()

    def commit(units: list[int]) -> list[int]:
        batches.append(units)
        if len(batches) == 1:
            started.set()
            release.wait(10)
        return [unit * 10 for unit in units]

    group = make(commit, batch=3)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(group.submit, 0)
        started.wait(10)
        others = []
        for unit in range(1, 6):
            others.append(pool.submit(group.submit, unit))
            while len(group._queue) < unit:
                threading.Event().wait(0.001)
        release.set()
        assert [future.result(10) for future in (first, *others)] == [0, 10, 20, 30, 40, 50]
    assert batches == [[0], [1, 2, 3], [4, 5]]
    assert not group._led


def test_each_gets_its_own_outcome() -> None:
    def commit(units: list[int]) -> list[int | ComityError]:
        return [Conflict(str(unit)) if unit % 2 else unit for unit in units]

    group = make(commit)

    def work(unit: int) -> object:
        try:
            return group.submit(unit)
        except Conflict as error:
            return str(error)

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(work, range(400))) == [str(unit) if unit % 2 else unit for unit in range(400)]


@pytest.mark.parametrize("failure", [ValueError, MemoryError])
def test_a_failure_reaches_everyone_and_the_next_batch_goes_on(failure: type[Exception]) -> None:
    broken = [True]

    def commit(units: list[int]) -> list[int]:
        if broken[0]:
            raise failure
        return units

    group = make(commit)

    def work(unit: int) -> str:
        with pytest.raises(Unavailable) as caught:
            group.submit(unit)
        return type(caught.value.__cause__).__name__

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(work, range(50))) == {failure.__name__}
    broken[0] = False
    assert group.submit(7) == 7


def test_a_commit_that_returns_too_few_outcomes_is_a_failure() -> None:
    with pytest.raises(Unavailable):
        make(lambda _units: []).submit(1)


def test_an_interrupted_leader_takes_nobody_with_it() -> None:
    calls: list[list[int]] = []
    started, release = threading.Event(), threading.Event()

    def commit(units: list[int]) -> list[int]:
        calls.append(units)
        if len(calls) == 1:
            started.set()
            release.wait(10)
            raise KeyboardInterrupt
        return units

    group = make(commit)
    outcome: list[BaseException] = []

    def leader() -> None:
        try:
            group.submit(1)
        except BaseException as error:  # noqa: BLE001
            outcome.append(error)

    thread = threading.Thread(target=leader)
    thread.start()
    started.wait(10)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(group.submit, 2)
        while not group._queue:
            threading.Event().wait(0.001)
        release.set()
        assert waiting.result(10) == 2
    thread.join(10)
    assert isinstance(outcome[0], KeyboardInterrupt)


@pytest.mark.parametrize("when", ["still waiting", "already heir"])
def test_an_interrupted_waiter_hands_the_lead_on(when: str) -> None:
    """Ctrl-C in a thread that waits: it leaves the queue, and when the lead was already its own, passes it on."""
    group = make(lambda units: units)
    group._led = True  # someone leads
    outcome: list[object] = []
    original = threading.Lock

    class Interrupted:
        """A gate whose waiting is broken off."""

        def __init__(self) -> None:
            self.real, self.calls = original(), 0

        def acquire(self) -> bool:
            self.calls += 1
            if self.calls > 1:
                if when == "already heir":
                    group._hand_over()
                raise KeyboardInterrupt
            return self.real.acquire()

        def release(self) -> None:
            self.real.release()

    from comity.ledger import group as module

    module.threading.Lock, keep = Interrupted, original  # type: ignore[misc,assignment]
    try:
        with pytest.raises(KeyboardInterrupt):
            group.submit(1)
    finally:
        module.threading.Lock = keep  # type: ignore[misc]
    assert len(group._queue) == 0
    if when == "already heir":
        assert not group._led
        outcome.append(group.submit(2))
        assert outcome == [2]
    else:
        assert group._led


def test_too_many_waiting_are_turned_away_at_once() -> None:
    group = make(lambda units: units, waiting=0)
    with pytest.raises(Unavailable, match="overloaded"):
        group.submit(1)
