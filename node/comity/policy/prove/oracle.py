"""The policy engine as an oracle: asks the compiled Rego itself for the value of single parts, many at a time."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from comity.errors import Unavailable
from comity.policy.bundle import PolicySet
from comity.policy.wasm import Broken, Machine, compile_module

ENTRY = "prove/answers"
_ROWS = 100


class Oracle:
    """Answers from `policy/prove`, compiled with the same Rego and OPA as the engine's, over one policy set."""

    def __init__(self, policy: PolicySet, wasm: bytes) -> None:
        self._wasm, self._data = wasm, policy.data_json()
        self._machine = self._new()
        self.asked = 0

    def ask(self, kind: str, rows: Sequence[Mapping[str, Any]], **rest: Any) -> list[Any]:
        """Return one answer for each row, None where the part is undefined; raises `Unavailable`."""
        return [answer for some in _batches(rows) for answer in self._batch({"ask": kind, "rows": some, **rest})]

    def close(self) -> None:
        """Give back the memory."""
        self._machine.close()

    def _new(self) -> Machine:
        try:
            return Machine(compile_module(self._wasm), self._data)
        except Broken as cause:
            raise Unavailable("the compiled policy library cannot be asked: install the program anew") from cause

    def _batch(self, document: Mapping[str, Any]) -> list[Any]:
        """Ask at once; where that is more than one evaluation may cost, ask for halves."""
        rows = document["rows"]
        try:
            found = json.loads(self._machine.evaluate(ENTRY, json.dumps(document, ensure_ascii=False).encode()))
        except Broken as cause:
            self._machine.close()
            self._machine = self._new()
            if len(rows) == 1:
                raise Unavailable("the policy engine stopped within its limits: nothing is proved") from cause
            half = len(rows) // 2
            return [each for some in (rows[:half], rows[half:]) for each in self._batch({**document, "rows": some})]
        self.asked += len(rows)
        answers = found[0].get("result") if found else None
        if not isinstance(answers, list) or len(answers) != len(rows):
            raise Unavailable("the policy engine gave no answers: nothing is proved")
        return answers


def _batches(rows: Sequence[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    iterator = iter(rows)
    while some := list(islice(iterator, _ROWS)):
        yield some
