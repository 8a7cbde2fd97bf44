"""What the exchange path needs of the wire: encoding, and a way to a peer. `wire` implements both."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Protocol

from comity.exchange.model import Answer, Claim, Header, SignedReply
from comity.identity.signature import SignedMessage
from comity.identity.store import Peer
from comity.records.query import Query


class SearchCodec(Protocol):
    """The messages of `QueryService.Search`. Decoding raises `Malformed` with every violation."""

    method: str
    """Full method name, `/comity.v1.QueryService/Search`."""
    request_type: str
    """Name of the request message, part of what is signed."""
    reply_type: str
    """Name of the reply message, part of what is signed."""

    def encode_request(self, header: Header, query: Query) -> bytes:
        """Return a request's bytes."""

    def decode_request(self, payload: bytes) -> tuple[Header, Query]:
        """Parse and check a request."""

    def encode_reply(self, answer: Answer) -> bytes:
        """Return a reply's bytes."""

    def decode_reply(self, payload: bytes) -> Answer:
        """Parse and check a reply."""


class ClaimCodec(Protocol):
    """The messages of `QueryService.GetAnswer` or `AwaitAnswer`. Decoding raises `Malformed` with every violation."""

    method: str
    """Full method name."""
    request_type: str
    """Name of the request message, part of what is signed."""

    def encode(self, claim: Claim) -> bytes:
        """Return a request's bytes."""

    def decode(self, payload: bytes) -> Claim:
        """Parse and check a request."""


class Undelivered(Exception):
    """No reply from a peer: `outcome` is `late` or `unreachable`, `reason` the peer's or the transport's."""

    def __init__(self, outcome: str, reason: str, message: str) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.reason = reason


class Following(Protocol):
    """An open stream of signed replies."""

    def __iter__(self) -> Iterator[SignedReply]:
        """Yield each reply, unverified, until the peer ends the stream; raises `Undelivered`, `Malformed`."""

    def cancel(self) -> None:
        """End the stream from our side, from any thread."""


class Courier(Protocol):
    """The way to a peer's node; every call raises `Undelivered`."""

    def send(self, peer: Peer, method: str, message: SignedMessage, timeout: timedelta) -> SignedReply:
        """Deliver a signed request and return the signed reply, unverified."""

    def claim(self, peer: Peer, message: SignedMessage, timeout: timedelta) -> SignedReply:
        """Deliver a signed `GetAnswerRequest` and return the signed reply inside the response, unverified."""

    def follow(self, peer: Peer, message: SignedMessage) -> Following:
        """Deliver a signed `AwaitAnswerRequest` and return the replies as they come, unverified."""

    def describe(self, peer: Peer, timeout: timedelta) -> bytes:
        """Return the peer's fresh descriptor envelope, unverified."""
