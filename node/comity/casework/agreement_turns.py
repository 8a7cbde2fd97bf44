"""What happens to agreements without an officer: files are adopted, agreed texts come into force on their day."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from datetime import datetime
from functools import partial

from comity.casework.agreement_log import Act, AgreementLog
from comity.casework.statements import StatementAct, read_statement
from comity.errors import Conflict, Reason
from comity.exchange.own import OwnNode
from comity.policy.agreement import Agreement, load_agreement
from comity.policy.lifecycle import Standing, State, Step
from comity.policy.store import AgreementBook, read_events, to_ms

NOTICES = {
    StatementAct.SUSPENDED: Step.SUSPENDED,
    StatementAct.RESUMED: Step.RESUMED,
    StatementAct.ENDED: Step.ENDED,
}
"""What a country says of an agreement as a whole, and the step that it is."""


class AgreementTurns:
    """The steps that the node itself takes. Thread-safe."""

    def __init__(self, own: OwnNode, book: AgreementBook, log: AgreementLog) -> None:
        self._own = own
        self._book = book
        self._log = log

    def adopt(self, texts: Iterable[tuple[bytes, str]]) -> None:
        """Take up files (content, name) that were signed on paper: those that are newer than what is known here.

        Raises `Conflict` for another text of a revision that every party signed.
        """
        for content, name in texts:
            agreement = load_agreement(content, name)
            if self._own.country in agreement.parties:
                acts = partial(self._adoption, agreement)
                self._log.record(agreement, acts, self._own.clock(), content=content)
        self.settle()

    def settle(self) -> list[Standing]:
        """Put every agreed text whose day has come into force; return the agreements that changed."""
        now, changed = self._own.clock(), []
        for standing in self._book.standings():
            due = standing.in_force(to_ms(now))
            if due and due.state is State.AGREED:
                agreement = self._book.agreement(due.text.digest)
                changed.append(self._log.record(agreement, partial(self.due, at=now), now))
        return changed

    def due(self, standing: Standing, at: datetime) -> list[Act]:
        """Return the act that puts an agreement's text into force at a moment, if there is one to put."""
        held = standing.in_force(to_ms(at))
        return [self._by_node(Step.IN_FORCE)] if held and held.state is State.AGREED else []

    def concluded(self, agreement: Agreement, signed_by: AbstractSet[str], at: datetime) -> list[Act]:
        """Return the acts that follow once these have signed: agreed when all have, in force if its day has come."""
        if set(agreement.parties) - signed_by:
            return []
        start, end = (second * 1000 for second in agreement.in_force)
        agreed = [self._by_node(Step.AGREED)]
        return [*agreed, self._by_node(Step.IN_FORCE)] if start <= to_ms(at) < end else agreed

    def amended_by(self, agreement: Agreement) -> str:
        """Return the digest of the text that a proposed one amends, as its proposer signed."""
        with self._own.store.read() as tx:
            events = read_events(tx, agreement.id)
        proposed = [e for e in events if e.digest == agreement.digest and e.step is Step.PROPOSED]
        return read_statement(proposed[0].envelope).amends if proposed else ""

    def last_said(self, country: str, agreement_id: str) -> int:
        """Return when a country last suspended, resumed or ended an agreement by its own clock; 0 for never."""
        with self._own.store.read() as tx:
            events = read_events(tx, agreement_id)
        said = [each for each in events if each.country == country and each.step in NOTICES.values()]
        return max((read_statement(event.envelope).at for event in said), default=0)

    def _adoption(self, new: Agreement, known: Standing) -> list[Act]:
        newest = known.newest
        if newest and newest.text.revision == new.revision and newest.text.digest != new.digest:
            raise Conflict(
                f"{new.id}: the file is another text of revision {new.revision} than the one in force here: a changed "
                "text takes a higher revision, by `comity agreement draft` or signed on paper",
                reason=Reason.AGREEMENT_STATE,
            )
        if newest and newest.text.revision >= new.revision:
            return []
        held = known.texts.get(new.digest)
        if held and held.state is State.DISCARDED:
            return []
        return [self._by_node(Step.ADOPTED, effective_at=new.in_force[0] * 1000)]

    def _by_node(self, step: Step, effective_at: int | None = None) -> Act:
        return Act(step, self._own.country, self._own.node_id, effective_at=effective_at)
