"""A policy holder on a real store and ledger, and the events of agreements that move it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from comity.errors import Unavailable
from comity.exchange.activation import Activations
from comity.exchange.holder import Parts, PolicyHolder
from comity.ledger.entry import EntryKind, LedgerEntry
from comity.ledger.ledger import Ledger
from comity.policy import store as kept
from comity.policy.agreement import Agreement
from comity.policy.bundle import PolicySet
from comity.policy.embedded import EmbeddedEngine
from comity.policy.engine import Engine
from comity.policy.lifecycle import Event, Step
from comity.policy.scenarios import scenario_input
from comity.policy.signing import BundleSigner
from comity.store import Store
from comity.store.engine import insert_rows
from support.agreements import read

OURS = BundleSigner(generate_private_key(SECP256R1()), "a" * 64)
STRANGER = BundleSigner(generate_private_key(SECP256R1()), "b" * 64)
T0 = datetime(2026, 11, 1, 9, tzinfo=UTC)


def write_event(store: Store, step: Step, of: Agreement, at: datetime, country: str = "EE", effective: int = 0) -> None:
    """Write one step as the life of an agreement does, without its ledger."""
    moment = kept.to_ms(at)
    with store.write() as tx:
        seq = len(kept.read_events(tx)) + 1
        made = Event(
            seq, of.id, of.revision, of.digest, step, country, "officer", "policy-officer", moment, effective or moment
        )
        insert_rows(tx, [kept.event_row(made)])


def adopt(store: Store, content: bytes, at: datetime = T0, country: str = "EE") -> Agreement:
    agreement = read(content)
    with store.write() as tx:
        insert_rows(tx, [kept.text_row(agreement, content, at)])
    write_event(store, Step.ADOPTED, agreement, at, country, effective=agreement.in_force[0] * 1000)
    return agreement


@dataclass
class Bench:
    """EE's node as far as policy goes; `broken` makes every new engine fail to start."""

    store: Store
    ledger: Ledger
    now: datetime = T0
    broken: bool = False
    started: list[EmbeddedEngine] = field(default_factory=list)

    @classmethod
    def on(cls, store: Store) -> "Bench":
        ledger = Ledger(store, "police.ee/ledger", Ed25519PrivateKey.from_private_bytes(b"k" * 32))
        ledger.recover()
        return cls(store, ledger)

    def clock(self) -> datetime:
        return self.now

    def start(self, policy: PolicySet, _sequence: int) -> Engine:
        if self.broken:
            raise Unavailable("no engine today")
        engine = EmbeddedEngine(policy)
        self.started.append(engine)
        return engine

    def activations(self, signer: BundleSigner = OURS) -> Activations:
        pinned = {signer.key_id: signer.key.public_key()}
        return Activations(self.store, self.ledger, signer, pinned, "spiffe://police.ee/node/node-1", self.clock)

    def holder(self, parts: Parts | None = None) -> PolicyHolder:
        """A holder as a process of the node starts it."""
        book = kept.AgreementBook(self.store, "EE")
        return PolicyHolder(book, self.activations(), self.start, lambda: parts or Parts(), self.clock)

    def pass_time(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def entries(self, kind: EntryKind) -> list[LedgerEntry]:
        return [stored.entry for stored in self.ledger.range(0, 10_000) if stored.entry.kind is kind]


def permitted_question(agreement: Agreement) -> dict[str, object]:
    """The question of the first golden scenario that is permitted."""
    scenario = next(each for each in agreement.scenarios if each.expect["outcome"] == "permitted")
    return scenario_input(agreement, scenario)
