"""Two running nodes over real mutual TLS, with the people of both desks: who asks in EE, who decides in FI."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from comity.app import RunningNode, add_staff_member, policy_holder
from comity.casework.review import Act
from comity.exchange.model import Official, PeerResult, Subject
from comity.identity.store import StaffMember
from comity.ledger.entry import EntryKind, LedgerEntry
from comity.v1 import desk_service_pb2
from comity.wire import desk_casework
from comity.wire.desk_client import DeskClient, result_document
from comity.wire.desk_service import pseudonym
from support.world import World, make_world

SECONDS = timedelta(seconds=10)


@dataclass
class Desks:
    """EE's and FI's running nodes."""

    world: World
    ee: RunningNode
    fi: RunningNode

    def ask(self, **changes: Any) -> tuple[str, PeerResult]:
        """EE's investigator asks FI about a minor: a person must decide."""
        official = Official(pseudonym(self.ee.own, "investigator"), "investigator", "ppa")
        facts = self.world.circumstances(**{"official": official, "subject": Subject("suspect", "minor"), **changes})
        started, result = self.ee.requester.ask(facts, self.world.query(), ("FI",), SECONDS)
        return started.exchange_id, result

    def waiting(self) -> str:
        """Return the id of a question that waits."""
        exchange_id, result = self.ask()
        assert (result.outcome, result.receipt) == ("review", "verified"), result
        return exchange_id

    def act(self, exchange_id: str, act: str, officer: str = "desk", **what: str) -> dict[str, Any]:
        """An officer of FI decides."""
        with DeskClient.connect(self.fi.node, officer) as desk:
            return desk_casework.decide_inbox_item(desk, exchange_id, Act(act), **what)

    def inbox(self, *, answered: bool = False, officer: str = "desk") -> dict[str, Any]:
        with DeskClient.connect(self.fi.node, officer) as desk:
            return desk_casework.list_inbox(desk, answered=answered)

    def item(self, exchange_id: str) -> dict[str, Any]:
        (found,) = (each for each in self.inbox(answered=True)["items"] if each["exchange"] == exchange_id)
        return found

    def refresh(self, exchange_id: str, staff: str = "investigator") -> dict[str, Any]:
        """EE fetches the newest answer."""
        with DeskClient.connect(self.ee.node, staff) as desk:
            ((each, result),) = desk_casework.refresh(desk, exchange_id)
        assert each == exchange_id
        return result_document(result)

    @contextmanager
    def watching(self, exchange_id: str) -> Iterator[Iterator[dict[str, Any]]]:
        """EE's open stream; a test reads it with `next`."""
        request = desk_service_pb2.WatchExchangeRequest(exchange_id=exchange_id)
        with DeskClient.connect(self.ee.node, "investigator") as desk:
            stream = desk.stream("WatchExchange", request, desk_service_pb2.WatchExchangeResponse, timeout=30)
            yield (result_document(response.result) for response in stream)
            stream.close()

    def entries(self, country: str, exchange_id: str) -> list[LedgerEntry]:
        node = {"EE": self.ee, "FI": self.fi}[country].node
        return [stored.entry for stored in node.ledger.by_exchange(exchange_id)]

    def answers(self, exchange_id: str) -> list[str]:
        """Outcomes of FI's answers to an exchange, as its ledger tells them."""
        entries = self.entries("FI", exchange_id)
        return [entry.outcome for entry in entries if entry.kind is EntryKind.QUESTION_ANSWERED]

    @contextmanager
    def in_the_year(self, year: int) -> Iterator[None]:
        """FI decides as if it were another year."""
        before = self.fi.own.clock
        object.__setattr__(self.fi.own, "clock", lambda: before().replace(year=year, day=1))
        try:
            yield
        finally:
            object.__setattr__(self.fi.own, "clock", before)

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """FI's agreement with EE is suspended meanwhile; EE is told of both."""
        office, officer = self.fi.office, Official("fi-policy", "policy-officer", "nbi")
        name = self.world.basis().agreement
        office.agreements.suspend(name, officer)
        try:
            yield
        finally:
            office.agreements.resume(name, officer)
            office.outbox.flush()


@contextmanager
def make_desks(folder: Path, **options: Any) -> Iterator[Desks]:
    """Make both; FI has a second desk officer, `desk2`."""
    with ExitStack() as stack:
        world = stack.enter_context(make_world(folder, **options))
        fi = world.fi.node
        add_staff_member(fi.home, fi, StaffMember("desk2", "desk-officer", "nbi"))
        policy = stack.enter_context(policy_holder(world.ee))
        ee = RunningNode(world.ee, policy)
        ee.start()
        stack.callback(ee.stop, grace=1)
        yield Desks(world, ee, world.fi)


def now() -> datetime:
    return datetime.now(UTC)
