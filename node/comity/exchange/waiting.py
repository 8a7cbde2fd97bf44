"""The asking side of questions that a peer left to a person: fetch the answer, or wait for it on an open stream.

Each reply is verified like a first one and logged before it is shown; one that was logged already is shown again and
logged no second time.
"""

import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from queue import Empty, SimpleQueue
from threading import Event

from comity.errors import ComityError, Conflict, Forbidden, NotFound
from comity.exchange import store as table
from comity.exchange.entries import exchange_entry
from comity.exchange.model import Claim, Failure, Header, PeerResult, SignedReply
from comity.exchange.own import OwnNode
from comity.exchange.ports import ClaimCodec, Courier, Following, SearchCodec, Undelivered
from comity.exchange.requester import LIFETIME, broken, result_of, unverified
from comity.exchange.sealing import open_message, seal_part
from comity.exchange.verification import verify_whole
from comity.identity.access import RPCS
from comity.identity.signature import SignedMessage
from comity.identity.store import Peer, PeerBook
from comity.ledger.entry import EntryKind
from comity.ledger.vault import Part

_WORKERS = 16
_PAUSE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question of ours to one peer, as it was sent."""

    peer: Peer
    header: Header
    category: str
    message: SignedMessage

    @property
    def exchange_id(self) -> str:
        return self.header.exchange_id


class Waiting:
    """Fetches later answers. Thread-safe; one for a node process."""

    def __init__(
        self,
        own: OwnNode,
        peers: PeerBook,
        courier: Courier,
        codec: SearchCodec,
        *,
        fetches: ClaimCodec,
        follows: ClaimCodec,
    ) -> None:
        self._own = own
        self._peers = peers
        self._courier = courier
        self._codec = codec
        self._fetches = fetches
        self._follows = follows

    def refresh(self, official: str, exchange_id: str | None, deadline: timedelta) -> Iterator[tuple[str, PeerResult]]:
        """Ask for the newest answers to an official's own questions; yields (exchange id, result) as they come.

        Without an exchange id: for all that wait. Raises `NotFound`, and `Forbidden` for somebody else's question.
        """
        asked = self._asked(official, exchange_id)
        if not asked:
            return
        with ThreadPoolExecutor(min(_WORKERS, len(asked)), "refresh") as pool:
            results = pool.map(lambda each: self._guarded(each, lambda: self._fetch(each, deadline)), asked)
            for each, result in zip(asked, results, strict=True):
                yield each.exchange_id, result

    def watch(self, official: str, exchange_id: str, wait: Callable[[], bool]) -> Generator[PeerResult]:
        """Wait for the answers to one exchange; yields each change, and ends with the last country's final answer.

        `wait` pauses and says whether to go on. Raises `NotFound`, `Forbidden`. Closing the iterator ends the streams.
        """
        asked = self._asked(official, exchange_id)
        arrived: SimpleQueue[PeerResult | None] = SimpleQueue()
        watches = [_Watch(each) for each in asked]
        with ThreadPoolExecutor(max(1, len(asked)), "watch") as pool:
            try:
                for watch in watches:
                    pool.submit(self._follow, watch, arrived)
                left = len(watches)
                while left:
                    try:
                        result = arrived.get_nowait()
                    except Empty:
                        if not wait():
                            return
                        continue
                    if result is None:
                        left -= 1
                    else:
                        yield result
            finally:
                for watch in watches:
                    watch.end()

    def _asked(self, official: str, exchange_id: str | None) -> list[_Asked]:
        own = self._own
        self._peers.refresh()
        with own.store.read() as tx:
            if exchange_id is not None:
                _check_whose(table.official_of(tx, exchange_id), official, exchange_id)
            keys = table.left_to_a_person(tx, official, exchange_id)
            if exchange_id is not None and not keys:
                raise NotFound(f"no peer left exchange {exchange_id} to a person: `comity exchange show` says more")
            known = {peer.country: peer for peer in self._peers.all()}
            messages = [
                (known[country], open_message(own.vault, tx, each, country, Part.REQUEST))
                for each, country in keys
                if country in known
            ]
        found = []
        for peer, message in messages:
            header, query = self._codec.decode_request(message.payload)
            found.append(_Asked(peer, header, query.category, message))
        return found

    def _claim(self, asked: _Asked, codec: ClaimCodec) -> SignedMessage:
        now = self._own.clock()
        claim = Claim(
            exchange_id=asked.exchange_id,
            request_digest=sha256(asked.message.payload).digest(),
            sender=self._own.node_id,
            recipient=asked.peer.node,
            issued_at=now,
            expires_at=now + LIFETIME,
        )
        return self._own.identity.sign(codec.request_type, codec.encode(claim))

    def _fetch(self, asked: _Asked, deadline: timedelta) -> PeerResult:
        return self._take(asked, self._courier.claim(asked.peer, self._claim(asked, self._fetches), deadline))

    def _follow(self, watch: "_Watch", arrived: "SimpleQueue[PeerResult | None]") -> None:
        """Follow one peer until its final answer, its failure or the end of the watch; then put None."""
        try:
            going = True
            while going and not watch.ended.is_set():
                started = time.monotonic()
                result = self._guarded(watch.asked, lambda: self._follow_once(watch, arrived))
                going = result.outcome == "review"
                if not going:
                    arrived.put(result)
                elif time.monotonic() - started < _PAUSE_SECONDS:  # a peer that ends every stream at once
                    watch.ended.wait(_PAUSE_SECONDS)
        finally:
            arrived.put(None)

    def _follow_once(self, watch: "_Watch", arrived: "SimpleQueue[PeerResult | None]") -> PeerResult:
        """Put what changes; return the last answer of the stream, which is not put unless it is still a review."""
        line = watch.opened(self._courier.follow(watch.asked.peer, self._claim(watch.asked, self._follows)))
        result = PeerResult(watch.asked.peer.country, "review")
        for reply in line:
            result = self._take(watch.asked, reply)
            if result.outcome != "review":
                break
            if reply.message.payload != watch.shown:
                watch.shown = reply.message.payload
                arrived.put(result)
        line.cancel()
        return result

    def _guarded(self, asked: _Asked, call: Callable[[], PeerResult]) -> PeerResult:
        """Return a result whatever happens: a peer's fault is that peer's outcome."""
        started, country = time.monotonic(), asked.peer.country
        try:
            result = call()
        except Undelivered as none:
            result = PeerResult(country, none.outcome, failure=Failure(none.reason, str(none)))
        except ComityError as error:
            result = unverified(country, error)
        except Exception as bug:  # noqa: BLE001  whoever waits, waits for one result of each country
            result = unverified(country, broken(bug))
        return replace(result, took_ms=round((time.monotonic() - started) * 1000, 3))

    def _take(self, asked: _Asked, reply: SignedReply) -> PeerResult:
        """Verify a reply and log it; one that was taken in before is only shown."""
        own, country = self._own, asked.peer.country
        try:
            answer = verify_whole(
                self._peers,
                self._courier,
                self._codec,
                asked.peer,
                reply,
                header=asked.header,
                request=asked.message.payload,
                category=asked.category,
                at=own.clock(),
            )
            result = result_of(country, answer)
        except ComityError as error:
            result = unverified(country, error)
        part = f"got-{sha256(reply.message.payload).hexdigest()[:12]}"
        if not self._taken(asked, reply, part):
            with suppress(Conflict):  # another process took it in meanwhile
                self._record(asked, reply, result, part)
        return result

    def _taken(self, asked: _Asked, reply: SignedReply, part: str) -> bool:
        """Whether this reply was logged before, as the first one or later."""
        own = self._own
        with own.store.read() as tx:
            if any(each.part == part for each in table.later_replies(tx, asked.exchange_id, asked.peer.country)):
                return True
            with suppress(NotFound):
                first = open_message(own.vault, tx, asked.exchange_id, asked.peer.country, Part.REPLY)
                return first.payload == reply.message.payload
        return False

    def _record(self, asked: _Asked, reply: SignedReply, result: PeerResult, part: str) -> None:
        own, country, now = self._own, asked.peer.country, self._own.clock()
        entry = exchange_entry(
            EntryKind.ANSWER_RECEIVED if result.receipt == "verified" else EntryKind.ANSWER_MISSING,
            asked.header,
            action=RPCS[self._codec.method].action or "",
            category=asked.category,
            verdict=result.verdict,
            outcome=result.outcome,
            at=now,
            policy_digest=bytes.fromhex(own.policy().digest),
            released=result.findings.released_fields if result.findings else (),
            request=asked.message.payload,
            answer=reply.message.payload,
        )
        row = table.later_row(
            asked.exchange_id,
            country,
            part,
            at=now,
            outcome=result.outcome,
            disclosure=result.verdict.disclosure if result.verdict else "none",
            receipt_state=result.receipt,
            receipt=reply.receipt.encode() if reply.receipt else b"",
        )
        own.ledger.append(entry, [row, seal_part(own.vault, asked.header, country, reply.message, part, now)])


class _Watch:
    """One stream to one peer, ended from either side."""

    def __init__(self, asked: _Asked) -> None:
        self.asked = asked
        self.ended = Event()
        self.shown = b""
        self._line: Following | None = None

    def opened(self, line: Following) -> Following:
        """Keep the stream, so that it can be ended; one that comes too late is ended at once."""
        self._line = line
        if self.ended.is_set():
            line.cancel()
        return line

    def end(self) -> None:
        """End the stream, now or when it opens."""
        self.ended.set()
        if self._line is not None:
            self._line.cancel()


def _check_whose(asked_by: str | None, official: str, exchange_id: str) -> None:
    if asked_by is None:
        raise NotFound(f"no exchange {exchange_id} began here: `comity exchange list` shows them")
    if asked_by != official:
        raise Forbidden("somebody else asked this question: its answer is theirs to fetch")
