"""What nodes say to each other about agreements, as frozen facts, and what carries it. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class MessageHeader:
    """The first field of every request about agreements; `message_id` is a UUIDv7."""

    message_id: str
    sender: str
    recipient: str
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Proposal:
    """A text to sign; `signatures` are envelopes of statements, `amends` the digest of the text it amends."""

    text: bytes
    digest: str
    amends: str
    signatures: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Signatures:
    """Further signatures of a proposed text."""

    agreement: str
    digest: str
    signatures: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """A suspension, resumption or end."""

    statement: bytes


@dataclass(frozen=True, slots=True)
class StatusQuery:
    """Where an agreement stands at the node asked."""

    agreement: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Questions under one text, policy inputs in canonical JSON, for the peer to decide as well."""

    agreement: str
    digest: str
    questions: tuple[bytes, ...]


AgreementRequest = Proposal | Signatures | Notice | StatusQuery | Comparison


@dataclass(frozen=True, slots=True)
class Reading:
    """What one side makes of one question, by the parts of `policy.scenarios.shown`."""

    outcome: str
    disclosure: str
    term: str
    reasons: tuple[str, ...]
    articles: tuple[str, ...]
    fields: tuple[str, ...]
    withheld: tuple[str, ...]
    obligations: tuple[str, ...]
    human: str
    officers: int
    deadline: str
    retention: str
    max_candidates: int


@dataclass(frozen=True, slots=True)
class TextStatus:
    """Where one text stands at the answering node; countries sorted."""

    agreement: str
    revision: int
    digest: str
    state: str
    signed_by: tuple[str, ...]
    suspended_by: tuple[str, ...] = ()
    ended_by: tuple[str, ...] = ()
    signatures: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class AgreementReply:
    """A reply: which request it belongs to, where the texts in question stand, how the questions were read."""

    request_digest: bytes
    message_id: str
    sender: str
    recipient: str
    issued_at: datetime
    texts: tuple[TextStatus, ...]
    readings: tuple[Reading, ...] = ()


class AgreementCodec(Protocol):
    """The messages of `AgreementService`. Decoding raises `Malformed` with every violation."""

    def method(self, request: AgreementRequest) -> str:
        """Return the full method name that carries a request."""

    def request_type(self, method: str) -> str:
        """Return the name of a method's request message, part of what is signed."""

    def reply_type(self, method: str) -> str:
        """Return the name of a method's reply message, part of what is signed."""

    def encode_request(self, header: MessageHeader, request: AgreementRequest) -> bytes:
        """Return a request's bytes."""

    def decode_request(self, method: str, payload: bytes) -> tuple[MessageHeader, AgreementRequest]:
        """Parse and check a request."""

    def encode_reply(self, method: str, reply: AgreementReply) -> bytes:
        """Return a reply's bytes."""

    def decode_reply(self, method: str, payload: bytes) -> AgreementReply:
        """Parse and check a reply."""
