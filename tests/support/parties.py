"""Several whole nodes in this process, over real mutual TLS, each with its officers: for what parties agree."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from comity.app import RunningNode, open_node, policy_holder
from comity.casework.agreement_messages import AgreementReply, AgreementRequest, MessageHeader
from comity.exchange.ids import new_exchange_id
from comity.exchange.model import Official
from comity.exchange.ports import Undelivered
from comity.identity.signature import SignedMessage
from comity.identity.store import Peer
from comity.ledger.entry import EntryKind, LedgerEntry
from comity.policy.agreement import Agreement
from comity.policy.lifecycle import Standing
from comity.sandbox import federation
from comity.sandbox.layout import Sandbox
from comity.wire.agreement import AgreementMessages

CODEC = AgreementMessages()
TIMEOUT = timedelta(seconds=5)


def officer(country: str, name: str = "a", role: str = "policy-officer") -> Official:
    return Official(f"{country.lower()}-{name}", role, "ppa")


@dataclass
class Party:
    """One country's running node and what a test does with it."""

    code: str
    node: RunningNode

    @property
    def acts(self) -> Any:
        return self.node.office.agreements

    @property
    def a(self) -> Official:
        return officer(self.code, "a")

    @property
    def b(self) -> Official:
        return officer(self.code, "b")

    def peer(self, code: str) -> Peer:
        self.node.node.peers.refresh()
        return self.node.node.peers.get(code)

    def standing(self, agreement: str) -> Standing:
        return self.node.office.book.standing(agreement)

    def held(self) -> list[Agreement]:
        """The agreements that count now."""
        now = datetime.now(UTC)
        known = self.node.office.book.in_force(now).agreements
        return [held for held in known if held.in_force[0] <= now.timestamp() < held.in_force[1]]

    def entries(self, agreement: str) -> list[LedgerEntry]:
        """The ledger's entries about an agreement, oldest first."""
        ledger = self.node.own.ledger
        size = int(ledger.checkpoint().split(b"\n")[1])
        found = [stored.entry for stored in ledger.range(0, size)]
        return [e for e in found if e.kind is EntryKind.AGREEMENT_CHANGED and e.agreement_id == agreement]

    def steps(self, agreement: str) -> list[tuple[str, str]]:
        """(step, trust domain of the country that took it) of the ledger's entries."""
        return [(e.note, e.requester.split("/")[2]) for e in self.entries(agreement)]

    def proposed(self, content: bytes, digest: str, agreement: str) -> Any:
        """Take a text from draft to proposal at home, by two officers."""
        draft = self.acts.draft(content, self.a, "")
        assert draft.trial.passed, draft.trial
        self.acts.approve(agreement, digest, self.b)
        return self.acts.propose(agreement, digest, self.a)

    def signed(self, agreement: str, digest: str) -> Any:
        """Countersign what was proposed, by two officers."""
        self.acts.approve(agreement, digest, self.a)
        return self.acts.countersign(agreement, digest, self.b)

    def message(self, to: str, request: AgreementRequest, **changes: Any) -> tuple[str, SignedMessage]:
        """A signed message to another party; `changes` replaces fields of its header."""
        now = datetime.now(UTC)
        own = self.node.own
        header = MessageHeader(new_exchange_id(now), own.node_id, self.peer(to).node, now, now + TIMEOUT * 10)
        method = CODEC.method(request)
        payload = CODEC.encode_request(replace(header, **changes), request)
        return method, own.identity.sign(CODEC.request_type(method), payload)

    def send(self, to: str, method: str, message: SignedMessage) -> AgreementReply:
        """Deliver a message; raises `Undelivered` with the reason of a refusal."""
        reply = self.node.courier.send(self.peer(to), method, message, TIMEOUT)
        return CODEC.decode_reply(method, reply.message.payload)

    def say(self, to: str, request: AgreementRequest, **changes: Any) -> AgreementReply:
        return self.send(to, *self.message(to, request, **changes))

    def refused(self, to: str, request: AgreementRequest, **changes: Any) -> Undelivered:
        """Deliver a message that must be refused; returns how."""
        try:
            reply = self.say(to, request, **changes)
        except Undelivered as refusal:
            return refusal
        raise AssertionError(f"it was answered: {reply}")


@contextmanager
def running_parties(
    folder: Path, countries: list[str], databases: dict[str, str] | None = None
) -> Iterator[dict[str, Party]]:
    """A fresh federation whose nodes all run in this process."""
    sandbox: Sandbox = federation.make(
        folder / "s", countries, people=5, engine="embedded", say=lambda _line: None, databases=databases
    )
    with ExitStack() as stack:
        parties = {}
        for code in countries:
            node = stack.enter_context(open_node(sandbox.home(code)))
            node.ledger.recover()
            running = RunningNode(node, stack.enter_context(policy_holder(node)))
            running.start()
            stack.callback(running.stop, 1)
            parties[code] = Party(code, running)
        yield parties
