"""The peer's side of a question that was left to a person: its newest answer, once or as each comes.

An open question, or an answer that was not fetched yet, is decided again whenever the peer looks: where policy refuses
it by then (the agreement was suspended, say), the peer gets that refusal, signed and logged, and the question stays.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from comity.casework import store as table
from comity.casework.review import review_so_far
from comity.errors import Conflict, NotFound, Precondition, Reason, Unavailable
from comity.exchange.model import UNREVIEWED, Claim, SignedReply, Verdict
from comity.exchange.own import OwnNode
from comity.exchange.release import Decided, Exchange, Question, Release
from comity.exchange.store import Later, later_replies, later_row
from comity.identity.store import Peer
from comity.ledger.vault import Part
from comity.store import Row


@dataclass(frozen=True, slots=True)
class Current:
    """The newest answer to a question; `last` where no later one is to be waited for."""

    reply: SignedReply
    last: bool


class Delivery:
    """Hands out the answers to questions that were left to a person. Thread-safe."""

    def __init__(self, own: OwnNode, release: Release, exchanges: Mapping[str, Exchange]) -> None:
        """Take the kinds of exchange by their policy action."""
        self._own = own
        self._release = release
        self._exchanges = exchanges

    def current(self, peer: Peer, claim: Claim) -> Current:
        """Return the newest answer to a peer's question, as policy lets it out now.

        Raises `NotFound` for what is not the peer's own question or was not left to a person.
        """
        own, now, policy = self._own, self._own.clock(), self._own.policy()
        with own.store.read() as tx:
            item = table.find_item(tx, peer.country, claim.exchange_id)
            replies = later_replies(tx, claim.exchange_id, peer.country)
        if item is None:
            raise _no_question()
        question = self._release.reopen(peer, self._exchanges[item.action], item.exchange_id)
        if question.digest != claim.request_digest:
            raise _no_question()
        part = _newest(replies)
        if item.outcome == "refused":
            return Current(self._release.stored(question, part), last=True)
        answered = item.answered_at is not None
        review = review_so_far(item.steps) if answered else UNREVIEWED
        decided = self._release.judge(policy, question, now, review)
        check_fault(decided)
        if decided.verdict.outcome == "refused":
            return Current(self._withheld(question, decided, replies, now), last=True)
        if answered and decided.verdict.outcome != "permitted":
            raise Precondition(
                "the rules changed since this answer was approved: ask the question anew",
                reason=Reason.AGREEMENT_MISMATCH,
            )
        return Current(self._release.stored(question, part), last=answered)

    def follow(self, claim: Claim, admitted: Callable[[], Peer], wait: Callable[[], bool]) -> Iterator[SignedReply]:
        """Yield the newest answer, then each later one, until the final answer or a refusal.

        Before each look `admitted` says whose question it is, and raises where that peer may not call any more; `wait`
        pauses and says whether to look again. Policy that changed is asked again before anything else is yielded.
        """
        seen: tuple[object, ...] = ()
        shown = b""
        while True:
            peer = admitted()
            mark = self._mark(peer, claim)
            if mark != seen:
                seen = mark
                current = self.current(peer, claim)
                if current.reply.message.payload != shown:
                    shown = current.reply.message.payload
                    yield current.reply
                if current.last:
                    return
            if not wait():
                return

    def _mark(self, peer: Peer, claim: Claim) -> tuple[object, ...]:
        """Return what differs whenever the answer may: replies, policy, and the hour that policy sees."""
        hour = int(self._own.clock().timestamp()) // 3600
        with self._own.store.read() as tx:
            replies = table.count_replies(tx, peer.country, claim.exchange_id)
        policy = self._own.policy()
        return replies, policy.digest, policy.barred, hour

    def _withheld(self, question: Question, decided: Decided, replies: list[Later], now: datetime) -> SignedReply:
        """Return the refusal under this policy, made and logged once for each policy."""
        part = f"held-{decided.policy_digest.hex()[:11]}"
        if not any(reply.part == part for reply in replies):
            try:
                row = reply_row(question, decided.verdict, part, now)
                return self._release.answer(question, decided, now, part=part, rows=[row])
            except Conflict:  # another stream was first
                pass
        return self._release.stored(question, part)


def reply_row(question: Question, verdict: Verdict, part: str, at: datetime) -> Row:
    """Return the row of a reply after the first."""
    return later_row(
        question.header.exchange_id,
        question.peer.country,
        part,
        at=at,
        outcome=verdict.outcome,
        disclosure=verdict.disclosure,
    )


def check_fault(decided: Decided) -> None:
    """Refuse to act on a decision of a broken policy; raises `Unavailable`."""
    if decided.decision.fault is not None:
        raise Unavailable("the policy cannot decide now, so nothing was decided: `comity doctor` names the fault")


def _newest(replies: list[Later]) -> str:
    """Return the part of the newest reply that a person caused, the first one where there is none."""
    return next((reply.part for reply in reversed(replies) if not reply.part.startswith("held-")), str(Part.REPLY))


def _no_question() -> NotFound:
    return NotFound("no such question of yours was left to a person: check exchange id and request digest")
