"""The agreements of a node with all that they need: joined for a running node, and for one command."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from threading import Event, Thread
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from comity.casework.agreement_log import AgreementLog
from comity.casework.agreement_outbox import AgreementOutbox
from comity.casework.agreement_reception import AgreementReception
from comity.casework.agreement_turns import AgreementTurns
from comity.casework.agreements import Agreements, Engines
from comity.casework.mirror import Readers
from comity.errors import ComityError
from comity.exchange.own import OwnNode
from comity.exchange.ports import Courier
from comity.identity.store import PeerBook
from comity.policy.store import AgreementBook, forget_messages, holds_messages
from comity.wire.agreement import AgreementMessages
from comity.wire.agreement_service import AgreementServices
from comity.wire.desk_agreements import AgreementActs

if TYPE_CHECKING:
    from comity.wire.desk_service import DeskGate
    from comity.wire.peer_service import PeerGate
    from comity.wire.server import Handler

log = logging.getLogger(__name__)

_TURN_SECONDS = 5.0
_REMEMBERED = timedelta(days=1)  # far longer than a message stays fresh


@dataclass(frozen=True, slots=True)
class Office:
    """What both faces of a node stand on where agreements are concerned."""

    own: OwnNode
    book: AgreementBook
    turns: AgreementTurns
    agreements: Agreements
    outbox: AgreementOutbox
    reception: AgreementReception
    readers: Readers

    @property
    def acts(self) -> AgreementActs:
        """The steps of this country's officers."""
        return AgreementActs(self.own, self.agreements)

    def peer_handlers(self, gate: "PeerGate") -> "dict[str, Handler]":
        """Return the handlers of the peer port."""
        return AgreementServices(gate, self.reception, AgreementMessages()).handlers()

    def desk_handlers(self, gate: "DeskGate") -> "dict[str, Handler]":
        """Return the handlers of the desk port."""
        return self.acts.handlers(gate)

    def turn(self) -> None:
        """Put into force what is due, and tell peers what they were not told; faults are logged and tried again."""
        for work in (self.turns.settle, self.outbox.flush, self._forget):
            try:
                work()
            except (ComityError, SQLAlchemyError) as problem:
                said = str(problem) if isinstance(problem, ComityError) else type(problem).__name__
                log.warning("agreements: %s", said)

    def _forget(self) -> None:
        before = self.own.clock() - _REMEMBERED
        with self.own.store.read() as tx:
            if not holds_messages(tx, before):
                return  # an idle node takes no write lock
        with self.own.store.write() as tx:
            forget_messages(tx, before)


def make_office(own: OwnNode, peers: PeerBook, courier: Courier, engines: Engines, readers: Readers) -> Office:
    """Join the parts."""
    book, codec = AgreementBook(own.store, own.country), AgreementMessages()
    writer, outbox = AgreementLog(own, book), AgreementOutbox(own, peers, courier, codec)
    turns = AgreementTurns(own, book, writer)
    agreements = Agreements(own, book, writer, turns, peers, outbox, engines)
    reception = AgreementReception(own, book, writer, peers, turns, codec, readers)
    return Office(own, book, turns, agreements, outbox, reception, readers)


class Keeper:
    """A thread that takes the office's turn every few seconds while the node runs."""

    def __init__(self, turn: Callable[[], None]) -> None:
        self._turn = turn
        self._stopped = Event()
        self._thread = Thread(target=self._run, name="agreements", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the turn under way."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(_TURN_SECONDS):
            self._turn()
