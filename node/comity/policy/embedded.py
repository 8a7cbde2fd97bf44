"""The embedded engine: the library as OPA compiled it to WebAssembly, run in this process.

It has OPA's own semantics and no access to anything: no clock, network, file or environment; built-ins that OPA
does not compile in are refused. Each evaluation has a budget of instructions and of memory.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from queue import Empty, LifoQueue
from threading import BoundedSemaphore
from typing import Any

from comity.errors import Unavailable
from comity.policy import library, wasm
from comity.policy.bundle import PolicySet
from comity.policy.document import encode
from comity.policy.engine import BaseEngine, fault
from comity.policy.wasm import Broken, Machine, compile_module

_WAIT_SECONDS = 5.0


class EmbeddedEngine(BaseEngine):
    """Evaluates in process. One machine for each caller at work, at most `machines`; further callers wait."""

    def __init__(self, policy: PolicySet, *, machines: int | None = None, compiled: bytes | None = None) -> None:
        try:
            self._module = compile_module(_compiled(policy) if compiled is None else compiled)
        except Broken as cause:
            raise Unavailable("the compiled policy library is damaged: install the program anew") from cause
        self._data = policy.data_json()
        self._free: LifoQueue[Machine] = LifoQueue()
        self._number = machines or (os.cpu_count() or 1) + 1
        self._places = BoundedSemaphore(self._number)
        self._closed = False
        with self._machine():  # fail at start, not at the first question
            pass

    def describe(self) -> str:
        """Return what decides and within which limits."""
        return (
            f"policy compiled by OPA {library.sources()['opa']}, in process, {self._number} machine(s), "
            f"{wasm.FUEL // 1_000_000} M instructions and {wasm.MAX_MEMORY // 1024**2} MiB for a decision"
        )

    def alive(self) -> bool:
        """Whether the engine is open: it lives in this process."""
        return not self._closed

    def close(self) -> None:
        """Give back the memory of all idle machines."""
        self._closed = True
        while True:
            try:
                self._free.get_nowait().close()
            except Empty:
                return

    def _evaluate(self, entrypoint: str, document: Mapping[str, Any]) -> Any:
        payload = encode(document)
        with self._machine() as machine:
            raw = machine.evaluate(entrypoint, payload)
        try:
            results = json.loads(raw)
        except ValueError as cause:
            raise _unusable() from cause
        if not isinstance(results, list) or len(results) != 1 or not isinstance(results[0], dict):
            raise _unusable()
        return results[0].get("result")

    @contextmanager
    def _machine(self) -> Iterator[Machine]:
        """Lend a machine; one that failed in any way is thrown away, its memory may be in any state."""
        if self._closed or not self._places.acquire(timeout=_WAIT_SECONDS):
            raise fault("the policy engine is closed or busy: nothing was decided, ask again later")
        try:
            machine = self._idle_or_new()
            try:
                yield machine
            except BaseException:
                machine.close()
                raise
            self._free.put(machine)
        except Broken as cause:
            raise fault(f"the policy engine stopped within its limits: nothing was decided: {cause}", cause) from cause
        finally:
            self._places.release()

    def _idle_or_new(self) -> Machine:
        try:
            return self._free.get_nowait()
        except Empty:
            return Machine(self._module, self._data)


def _compiled(policy: PolicySet) -> bytes:
    return policy.national.wasm if policy.national else library.wasm()


def _unusable() -> Unavailable:
    return fault("the policy gave no result: nothing was decided")
