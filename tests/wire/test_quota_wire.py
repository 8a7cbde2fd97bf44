"""A term's daily quota over the real wire: the next question is refused, with article and remedy, and logged."""

from collections.abc import Iterator

import pytest
from support.world import World, make_world


@pytest.fixture(scope="module")
def stingy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with make_world(tmp_path_factory.mktemp("stingy"), per_day=2) as made:
        yield made


def test_over_the_quota_is_a_refusal_with_article(stingy: World) -> None:
    before = stingy.fi_size()
    outcomes = [stingy.answered(stingy.request()) for _ in range(3)]
    assert [answer.verdict.outcome for answer in outcomes] == ["permitted", "permitted", "refused"]
    (reason,) = outcomes[2].verdict.reasons
    assert reason.code == "quota_exceeded"
    assert reason.article
    assert reason.remedy
    assert outcomes[2].findings is None
    assert stingy.fi_size() == before + 3
