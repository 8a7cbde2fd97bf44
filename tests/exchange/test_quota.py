"""Quotas: never more than agreed, on both databases, over restarts and several processes."""

from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from comity.exchange.quota import Quotas
from comity.store import Store

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_a_day_has_exactly_its_quota(store: Store) -> None:
    quotas = Quotas(store)
    granted = [quotas.take("EE", "a", "t", 7, NOW) for _ in range(10)]
    assert granted == [True] * 7 + [False] * 3
    assert quotas.take("EE", "a", "other", 7, NOW)
    assert quotas.take("SE", "a", "t", 7, NOW)
    assert quotas.take("EE", "a", "t", 7, NOW + timedelta(days=1))
    assert not quotas.take("EE", "a", "zero", 0, NOW)


def test_a_restart_does_not_give_it_again(store: Store) -> None:
    granted = 0
    for _restart in range(20):
        quotas = Quotas(store)
        granted += sum(quotas.take("EE", "a", "t", 500, NOW) for _ in range(30))
    assert granted <= 500


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 400), st.lists(st.integers(0, 2), max_size=300), st.integers(1, 10**6))
def test_processes_together_never_exceed_it(store: Store, per_day: int, turns: list[int], key: int) -> None:
    processes = [Quotas(store) for _ in range(3)]
    granted = sum(processes[turn].take("EE", f"a{key}", f"{per_day}-{len(turns)}", per_day, NOW) for turn in turns)
    assert granted <= per_day
