"""How policy comes into force at a node: bundles activated by command, what stands, and the engines that run it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from comity.errors import ComityError
from comity.exchange import holder
from comity.exchange.activation import Activation, Activations, check_agreements
from comity.exchange.holder import Parts, Start, make_set, try_out, wanted_set
from comity.exchange.policy import PolicyInForce
from comity.policy.bundle import PolicySet, bundle_bytes, revision_of
from comity.policy.embedded import EmbeddedEngine
from comity.policy.engine import Engine
from comity.policy.signing import BundleSigner
from comity.settings import PolicySettings

if TYPE_CHECKING:
    from comity.app import OpenNode


def own_parts(node: "OpenNode") -> Parts:
    """Return what the node's home adds to its agreements, for its first set."""
    return Parts(national=node.national())


def parts_in_force(node: "OpenNode") -> Parts:
    """Return what counts at the node beside agreements: of the set activated last, of a home that never ran its own.

    What lies in the home and was not activated binds nobody: no peer and no trial may take it for the law.
    """
    activations = node.activations()
    return holder.parts_in_force(activations, activations.newest(), lambda: own_parts(node))


def activate_bundle(node: "OpenNode", raw: bytes) -> Activation:
    """Activate a bundle that was built elsewhere: a running node takes it up with its next message.

    Raises `Tampered` where it is not proven, goes back, or carries a text that is not in force here, and
    `Precondition` where a golden scenario fails; each is an ALARM entry, and the set before stays in force.
    """
    activations = node.activations()
    opened = activations.admit(raw)
    newest = activations.newest()
    if newest is not None and newest.sequence == opened.sequence:
        return newest  # the very same: admitted before
    try:
        check_agreements(opened, node.book().in_force(node.clock()))
        _try(opened.policy, opened.sequence)
    except ComityError as problem:
        activations.alarm(problem.detail.get("code", "not activated"), sha256(raw).digest())
        raise
    return activations.record(opened.policy, opened.sequence, raw, opened.key_id)


def activate_own(node: "OpenNode") -> Activation:
    """Activate the agreements in force with the national modules of the home, signed by the node's bundle key."""
    activations = node.activations()
    newest = activations.newest()
    wanted = make_set(node.book().in_force(node.clock()), own_parts(node))
    if newest is not None and newest.digest == wanted.digest:
        return newest
    sequence = newest.sequence + 1 if newest else 1
    _try(wanted, sequence)
    return activations.record(wanted, sequence)


def _try(policy_set: PolicySet, sequence: int) -> None:
    """Run the golden scenarios in process; the running node does so again with its own engine."""
    try_out(policy_set, sequence, lambda wanted, _: EmbeddedEngine(wanted)).engine.close()


@dataclass(frozen=True, slots=True)
class PolicyStanding:
    """What was activated last at a node, and the set that counts now: the running node brings them in step."""

    newest: Activation | None
    wanted: PolicySet

    @property
    def in_step(self) -> bool:
        """Whether what was activated last is what counts now."""
        return self.newest is not None and self.newest.digest == self.wanted.digest

    @property
    def sequence(self) -> int:
        """The number of the set that counts now; the next one where it was not activated yet."""
        return (self.newest.sequence if self.newest else 0) + (not self.in_step)


def policy_standing(node: "OpenNode") -> PolicyStanding:
    """Return what stands activated; changes nothing. Raises `Tampered` or `Precondition` where it cannot stand."""
    activations = node.activations()
    newest = activations.newest()
    counted = node.book().in_force(node.clock())
    return PolicyStanding(newest, wanted_set(counted, activations, newest, lambda: own_parts(node)))


@contextmanager
def policy_tried(node: "OpenNode", standing: PolicyStanding) -> Iterator[PolicyInForce]:
    """Try out what counts now in an engine of the node's settings, golden scenarios included; activates nothing."""
    policy = try_out(standing.wanted, standing.sequence, starter(node, node.activations(), lay=False))
    try:
        yield policy
    finally:
        policy.engine.close()


def starter(node: "OpenNode", activations: Activations, *, lay: bool = True) -> Start:
    """Return what starts the engine of the node's settings.

    An OPA server of somebody else's is handed the bundle where `lay` is true; without it, it must have it already.
    """
    settings, signer = node.settings.policy, activations.signer

    def start(policy_set: PolicySet, sequence: int) -> Engine:
        if settings.engine == "embedded" or not settings.opa_url:
            return own_engine(settings, policy_set, sequence, signer)
        from comity.policy.opa_server import OpaServerEngine, hand_over  # noqa: PLC0415

        revision = revision_of(policy_set, sequence)
        engine = OpaServerEngine(settings.opa_url, settings.opa_token, revision=revision, users=settings.opa_users)
        if lay:
            hand_over(bundle_bytes(policy_set, sequence, signer), node.home.bundle, engine)
        return engine

    return start


def own_engine(settings: PolicySettings, policy_set: PolicySet, sequence: int, signer: BundleSigner | None) -> Engine:
    """Start an engine that is this process's own, whatever OPA server may run elsewhere."""
    if settings.engine == "embedded":
        return EmbeddedEngine(policy_set)
    from comity.policy.opa_server import OpaProcess  # noqa: PLC0415

    return OpaProcess.start(policy_set, sequence, signer)
