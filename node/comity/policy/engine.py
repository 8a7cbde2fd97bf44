"""What every policy engine can do. Two implement it: the embedded one and an OPA server."""

import logging
from collections.abc import Mapping
from typing import Any, Protocol

from comity.errors import Unavailable
from comity.policy.decision import Decision, parse_decision

log = logging.getLogger("comity.policy")
log.addHandler(logging.NullHandler())  # a command says it itself; a running node keeps a file

DECISION = "comity/decision"
DESK = "comity/desk/allow"
TRACE = "comity/explain/trace"


class Engine(Protocol):
    """Evaluates `policy/comity` over one set of agreements. Thread-safe.

    Every method raises `Unavailable` when the engine cannot decide, and `Malformed` for a document that is not
    JSON; neither is ever a permission.
    """

    def decide(self, document: Mapping[str, Any]) -> Decision:
        """Decide one input document."""

    def decide_raw(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return the decision document as the engine gave it, for people and for comparing engines."""

    def trace(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return what every rule holds against each candidate, for people: nothing is decided by it."""

    def desk(self, document: Mapping[str, Any]) -> bool:
        """Whether staff with `roles` may call `method`."""

    def health(self) -> None:
        """Decide something harmless; raises `Unavailable` with the remedy when that fails."""

    def describe(self) -> str:
        """Return in a few words what decides and within which limits."""

    def alive(self) -> bool:
        """Whether the engine is within reach now: only then may a remembered decision be used."""

    def close(self) -> None:
        """Give back processes and memory. The engine decides nothing afterwards."""


def fault(message: str, cause: Exception | None = None) -> Unavailable:
    """Return the error that nothing was decided, and log it for the operator: `comity doctor` shows the last one."""
    log.warning("%s%s", message, f" ({type(cause).__name__})" if cause else "")
    return Unavailable(message)


class BaseEngine:
    """What both engines share: from a raw result to a decision. A subclass supplies `_evaluate` and `close`."""

    def decide(self, document: Mapping[str, Any]) -> Decision:
        """Decide one input document."""
        return parse_decision(self._evaluate(DECISION, document))

    def decide_raw(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return the decision document as the engine gave it; raises `Unavailable` if it is not one."""
        raw: dict[str, Any] = self._evaluate(DECISION, document)
        parse_decision(raw)
        return raw

    def trace(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return what every rule holds against each candidate; raises `Unavailable` where there is no telling."""
        found = self._evaluate(TRACE, document)
        if not isinstance(found, dict):
            raise Unavailable("the policy gives no trace for this question: nothing can be explained")
        return found

    def desk(self, document: Mapping[str, Any]) -> bool:
        """Whether staff with `roles` may call `method`; anything but a plain true is a no."""
        return self._evaluate(DESK, document) is True

    def health(self) -> None:
        """Decide on an empty document: a sound library refuses it, and finds nothing missing in itself."""
        broken = self.decide({}).fault
        if broken is not None:
            raise fault(f"the policy is broken: {broken}")

    def describe(self) -> str:
        """Return in a few words what decides and within which limits."""
        raise NotImplementedError

    def _evaluate(self, entrypoint: str, document: Mapping[str, Any]) -> Any:
        """Return the value of an entry point; raises `Unavailable` when it is undefined."""
        raise NotImplementedError
