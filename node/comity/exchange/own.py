"""What both sides of the one path stand on: this node's own parts, joined by `app`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from comity.clock import Clock
from comity.exchange.admission import DEFAULT_SKEW
from comity.exchange.assurances import Assurances
from comity.exchange.policy import PolicyInForce
from comity.identity.node import NodeIdentity
from comity.ledger.ledger import Ledger
from comity.ledger.vault import Vault
from comity.records.reference import reference
from comity.store import Store


@dataclass(frozen=True, slots=True)
class OwnNode:
    """This node; `policy` returns what is in force at this moment, `undertakings` are duties this country honours."""

    country: str
    identity: NodeIdentity
    store: Store
    ledger: Ledger
    vault: Vault
    policy: Callable[[], PolicyInForce]
    clock: Clock
    undertakings: tuple[str, ...] = ()
    skew: timedelta = DEFAULT_SKEW

    @property
    def assurances(self) -> Assurances:
        """What this node promised and was promised."""
        return Assurances(self.country, self.identity, self.store, self.ledger, self.vault)

    @property
    def node_id(self) -> str:
        """This node's SPIFFE id as text."""
        return str(self.identity.node_id)

    def reference_for(self, requester: str) -> Callable[[str], str]:
        """Return the function that makes a record's pseudonym for one requester."""
        return lambda record_id: reference(self.identity.pseudonym_key, requester, record_id)
