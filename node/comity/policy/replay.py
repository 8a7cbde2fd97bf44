"""Many questions decided again, in several processes where there are many: the embedded engine works one at a time."""

import json
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context

from comity.policy.bundle import PolicySet
from comity.policy.decision import Decision
from comity.policy.embedded import EmbeddedEngine

_CHUNK = 500
_ALONE = 4 * _CHUNK  # a process takes about a second to start
_held: list[EmbeddedEngine] = []


def decide_all(
    policy: PolicySet, questions: Iterable[bytes], advance: Callable[[int], None] = lambda _count: None
) -> Iterator[Decision]:
    """Yield the decision of each canonical policy input, in order; raises `Unavailable` as the engine does."""
    waiting = iter(questions)
    first = list(islice(waiting, _ALONE))
    following = list(islice(waiting, 1))
    if not following:
        yield from _here(policy, first, advance)
        return
    context = get_context("spawn")  # the node's threads and sockets stay out of the workers
    with ProcessPoolExecutor(os.cpu_count() or 1, context, _open, (policy,)) as pool:
        for decisions in pool.map(_decide, _chunks([*first, *following, *waiting])):
            advance(len(decisions))
            yield from decisions


def _here(policy: PolicySet, questions: list[bytes], advance: Callable[[int], None]) -> Iterator[Decision]:
    engine = EmbeddedEngine(policy, machines=1)
    try:
        for question in questions:
            yield engine.decide(json.loads(question))
            advance(1)
    finally:
        engine.close()


def _open(policy: PolicySet) -> None:
    _held.append(EmbeddedEngine(policy, machines=1))


def _decide(questions: list[bytes]) -> list[Decision]:
    return [_held[0].decide(json.loads(question)) for question in questions]


def _chunks(questions: list[bytes]) -> Iterator[list[bytes]]:
    for start in range(0, len(questions), _CHUNK):
        yield questions[start : start + _CHUNK]
