"""The inbox: peers' questions that a person must decide, from the first "wait" to the signed answer.

The officer's act never lets anything out by itself. It is one more fact for the policy of this moment, which decides
the question again; what follows is the one path (`exchange/release.py`). The act and the answer it leads to are one
transaction: a crash leaves the question open or answered, never decided and unanswered, so that a start has nothing to
settle.

What the peer gets of it, and when, stands in `delivery.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from comity.casework import store as table
from comity.casework.delivery import check_fault, reply_row
from comity.casework.review import (
    Act,
    Deed,
    Officer,
    Step,
    approvals,
    check_deed,
    check_officer,
    due,
    review_of,
)
from comity.casework.store import Item
from comity.errors import Conflict, Malformed, NotFound, Precondition, Reason, Unavailable, Violation
from comity.exchange.model import UNREVIEWED, Basis, Header, Review, Verdict
from comity.exchange.own import OwnNode
from comity.exchange.policy import PolicyInForce
from comity.exchange.release import Decided, Exchange, Question, Release
from comity.exchange.release import Step as Entered
from comity.exchange.store import FINAL
from comity.identity.store import PeerBook
from comity.ledger.entry import EntryKind, LedgerEntry
from comity.records.query import Query
from comity.store import Row

_TRIES = 4
_SAID = {Act.APPROVE: "approved", Act.REFUSE: "refused", Act.RETURN: "returned"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A question, opened for the officer who must decide it."""

    item: Item
    header: Header
    query: Query


@dataclass(frozen=True, slots=True)
class Settled:
    """What came of an officer's act; `verdict` is what went out, None where another officer is still needed."""

    item: Item
    verdict: Verdict | None


class Inbox:
    """The inbox of a node. Thread-safe; several processes may share one."""

    def __init__(self, own: OwnNode, peers: PeerBook, release: Release, exchanges: Mapping[str, Exchange]) -> None:
        """`exchanges` are the kinds of exchange by their policy action."""
        self._own = own
        self._peers = peers
        self._release = release
        self._exchanges = exchanges

    def waiting(self, question: Question, decided: Decided, at: datetime) -> list[Row]:
        """Return the rows that put a question into the inbox, for the transaction of its first reply."""
        human, facts, verdict = decided.decision.human, question.header.circumstances, decided.verdict
        assert human is not None  # noqa: S101  a decision that says review names who decides
        item = Item(
            peer=question.peer.country,
            exchange_id=question.header.exchange_id,
            action=question.exchange.action,
            category=question.query.category,
            purpose=facts.purpose,
            urgency=facts.urgency,
            asked_by=facts.official.id,
            role=human.role,
            officers=human.officers,
            basis=verdict.basis or Basis("", 0, ""),
            received_at=at,
            due_at=due(at, human.deadline),
        )
        return [table.item_row(item)]

    def items(self, officer: Officer, *, answered: bool = False) -> list[Item]:
        """Return what waits for this officer's role, first due first; `answered`: what was answered, too."""
        with self._own.store.read() as tx:
            return table.items(tx, role=officer.role, answered=answered)

    def count(self, now: datetime) -> tuple[int, int]:
        """Return how many questions wait, and how many of them are overdue."""
        with self._own.store.read() as tx:
            return table.count_open(tx, now)

    def show(self, officer: Officer, exchange_id: str) -> Shown:
        """Open a question for the officer who must decide it; the access is in the ledger before anything is shown.

        Raises `NotFound`, and `Forbidden` for another role and for whoever asked.
        """
        own, item = self._own, self._item(exchange_id)
        check_officer(officer, role=item.role, asked_by=item.asked_by)
        question = self._question(item)
        own.ledger.append(self._viewed(officer, item, own.clock()))
        return Shown(item, question.header, question.query)

    def decide(self, officer: Officer, exchange_id: str, deed: Deed) -> Settled:
        """Approve, refuse or return a question; done twice by the same officer it is done once.

        Raises `Malformed` for a ground that the agreement does not keep, `Forbidden` for another role and for whoever
        asked, `Conflict` where the question is answered otherwise, `Unavailable` when policy or ledger cannot be had.
        """
        check_deed(deed)
        for _ in range(_TRIES):
            item = self._item(exchange_id)
            if item.answered_at is not None:
                return self._done_before(item, officer, deed)
            try:
                return self._act(item, officer, deed)
            except Conflict:  # another officer acted in between: look again
                continue
        raise Unavailable("other officers act on the same question right now: look at it again")

    def _act(self, item: Item, officer: Officer, deed: Deed) -> Settled:
        now, policy = self._own.clock(), self._own.policy()
        question = self._question(item)
        plain = self._judge(policy, question, now, UNREVIEWED)
        human = plain.decision.human
        role = human.role if human else item.role
        check_officer(officer, role=role, asked_by=question.header.circumstances.official.id)
        step = Step(deed.act, officer, deed.ground, now)
        if deed.act is Act.RETURN and plain.verdict.outcome != "refused":
            return self._return(item, question, plain, step, deed.consultation)
        if deed.act is Act.REFUSE:
            _check_ground(policy, item, deed.ground)
        decided = self._release.decide(policy, question, now, review_of(deed, item.steps, officer))
        check_fault(decided)
        if deed.act is Act.APPROVE and decided.verdict.outcome == "review":
            return self._one_of_several(item, question, decided, step)
        if deed.act is not Act.APPROVE and decided.verdict.outcome != "refused":
            raise Unavailable("policy did not take the refusal: `comity doctor` checks the library")
        return self._reply(item, question, decided, step, FINAL)

    def _return(self, item: Item, question: Question, plain: Decided, step: Step, consultation: str) -> Settled:
        """Send a question back for more facts; it stays open."""
        if plain.verdict.outcome != "review":
            raise Precondition(
                "policy does not leave this question to a person any more: approve or refuse it",
                reason=Reason.AGREEMENT_MISMATCH,
            )
        asks = replace(plain, verdict=replace(plain.verdict, consultation=consultation))
        return self._reply(item, question, asks, step, f"ask-{len(item.steps) + 1}")

    def _one_of_several(self, item: Item, question: Question, decided: Decided, step: Step) -> Settled:
        """Keep an approval that needs another officer's, once for each officer."""
        if len(approvals(item.steps, step.officer)) > len({s.officer.id for s in item.steps if s.act is Act.APPROVE}):
            entry, rows = self._decided(item, question, decided, step)
            self._own.ledger.append(entry, rows)
        return Settled(self._item(item.exchange_id), None)

    def _reply(self, item: Item, question: Question, decided: Decided, step: Step, part: str) -> Settled:
        """Log the act and let the reply out, together."""
        verdict = replace(decided.verdict, review_role=step.officer.role)
        decided = replace(decided, verdict=verdict)
        self._release.answer(
            question,
            decided,
            step.at,
            part=part,
            rows=[reply_row(question, verdict, part, step.at)],
            before=[self._decided(item, question, decided, step)],
        )
        return Settled(self._item(item.exchange_id), verdict)

    def _decided(self, item: Item, question: Question, decided: Decided, step: Step) -> Entered:
        entry = replace(
            self._release.entry(EntryKind.REVIEW_DECIDED, question, decided, step.at),
            official=step.officer.id,
            official_role=step.officer.role,
            outcome=_SAID[step.act],
            disclosure="",
            refusal_codes=(step.ground,) if step.ground else (),
        )
        return entry, [table.step_row(item, step)]

    def _done_before(self, item: Item, officer: Officer, deed: Deed) -> Settled:
        last = item.steps[-1]
        if (last.act, last.officer.id, last.ground) != (deed.act, officer.id, deed.ground):
            raise Conflict(
                f"the question is answered already ({item.outcome}): `comity inbox list --all` shows by whom"
            )
        reply = self._release.stored(self._question(item), FINAL)
        answer = self._exchanges[item.action].codec.decode_reply(reply.message.payload)
        return Settled(item, answer.verdict)

    def _judge(self, policy: PolicyInForce, question: Question, now: datetime, review: Review) -> Decided:
        decided = self._release.judge(policy, question, now, review)
        check_fault(decided)
        return decided

    def _item(self, exchange_id: str) -> Item:
        with self._own.store.read() as tx:
            found = table.items(tx, exchange_id=exchange_id, answered=True)
        if not found:
            raise NotFound(f"no question {exchange_id} waits here: `comity inbox list --all` shows them")
        if len(found) > 1:  # ids are random: somebody took another country's
            raise Conflict(f"{exchange_id} is an id that several countries used: ask them to send a new question")
        return found[0]

    def _question(self, item: Item) -> Question:
        self._peers.refresh()
        return self._release.reopen(self._peers.get(item.peer), self._exchanges[item.action], item.exchange_id)

    def _viewed(self, officer: Officer, item: Item, now: datetime) -> LedgerEntry:
        return LedgerEntry(
            kind=EntryKind.RECORDS_VIEWED,
            time_ms=int(now.timestamp() * 1000),
            requester=self._own.node_id,
            official=officer.id,
            official_role=officer.role,
            category=item.category,
            purpose=item.purpose,
            note=f"inbox question {item.exchange_id}",
        )


def _check_ground(policy: PolicyInForce, item: Item, ground: str) -> None:
    """Refuse a ground that the agreement does not keep; one that is gone is left to policy."""
    held = policy.agreements.get(item.basis.agreement)
    if held is not None and ground not in held.data["refusals"]:
        kept = ", ".join(sorted(held.data["refusals"]))
        problem = f"is not a ground that {held.id} keeps: {kept}"
        raise Malformed(f"ground {problem}", violations=(Violation("ground", problem),))
