"""The messages of `AgreementService`: the codec that the agreements of `casework` use."""

from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any, NamedTuple

from google.protobuf.message import Message

from comity.casework.agreement_messages import (
    AgreementReply,
    AgreementRequest,
    Comparison,
    MessageHeader,
    Notice,
    Proposal,
    Reading,
    Signatures,
    StatusQuery,
    TextStatus,
)
from comity.casework.agreements import MAX_TEXT_BYTES
from comity.casework.mirror import MAX_QUESTIONS
from comity.casework.statements import MAX_BYTES
from comity.errors import Violation
from comity.v1 import agreement_service_pb2 as pb
from comity.wire import convert, rules
from comity.wire.search import parse

PROPOSE = "/comity.v1.AgreementService/Propose"
COUNTERSIGN = "/comity.v1.AgreementService/Countersign"
NOTIFY = "/comity.v1.AgreementService/Notify"
STATUS = "/comity.v1.AgreementService/GetStatus"
COMPARE = "/comity.v1.AgreementService/CompareDecisions"
_MAX_PARTIES = 64
_MAX_TEXTS = 1_000


def _bytes(limit: int) -> rules.Rule:
    """Bytes of at most `limit`, and at least one."""
    return lambda value: "" if 0 < len(value) <= limit else f"is required, of at most {limit} bytes"


def _country(value: str) -> str:
    return "" if len(value) == 2 and value.isascii() and value.isalpha() and value.isupper() else "is no country code"


def _optional_digest(value: str) -> str:
    return rules.digest(value) if value else ""


_HEADER: dict[str, rules.Rule] = {
    "header.message_id": rules.uuid7,
    "header.from": rules.text(512, required=True),
    "header.to": rules.text(512, required=True),
    "header.issued_at": rules.moment,
    "header.expires_at": rules.moment,
}
_SIGNATURES = rules.each(_bytes(MAX_BYTES), _MAX_PARTIES)
_REPLY_HEADER: dict[str, rules.Rule] = {
    "request_digest": rules.exactly(32),
    "message_id": rules.uuid7,
    "from": rules.text(512, required=True),
    "to": rules.text(512, required=True),
    "issued_at": rules.moment,
}
_TEXT_STATUS: dict[str, rules.Rule] = {
    "agreement": rules.code,
    "digest": rules.digest,
    "state": rules.code,
    "signed_by": rules.each(_country, _MAX_PARTIES),
    "suspended_by": rules.each(_country, _MAX_PARTIES),
    "ended_by": rules.each(_country, _MAX_PARTIES),
    "signatures": _SIGNATURES,
}


_WORDS = rules.each(rules.text(200, required=True), 200)
_READING: dict[str, rules.Rule] = {
    "outcome": rules.code,
    "disclosure": rules.code,
    "term": rules.text(64),
    **dict.fromkeys(("reasons", "articles", "fields", "withheld", "obligations"), _WORDS),
    "human": rules.text(64),
    "deadline": rules.text(32),
    "retention": rules.text(32),
}


class _Kind(NamedTuple):
    """One RPC: its messages, the rules of its request's own fields, and how those become the model."""

    request: type[Message]
    reply: type[Message]
    rules: dict[str, rules.Rule]
    read: Callable[[Any], AgreementRequest]


_KINDS = {
    PROPOSE: _Kind(
        pb.ProposeRequest,
        pb.ProposeResponse,
        {
            "text": _bytes(MAX_TEXT_BYTES),
            "digest": rules.digest,
            "amends": _optional_digest,
            "signatures": _SIGNATURES,
        },
        lambda m: Proposal(m.text, m.digest, m.amends, tuple(m.signatures)),
    ),
    COUNTERSIGN: _Kind(
        pb.CountersignRequest,
        pb.CountersignResponse,
        {"agreement": rules.code, "digest": rules.digest, "signatures": _SIGNATURES},
        lambda m: Signatures(m.agreement, m.digest, tuple(m.signatures)),
    ),
    NOTIFY: _Kind(pb.NotifyRequest, pb.NotifyResponse, {"statement": _bytes(MAX_BYTES)}, lambda m: Notice(m.statement)),
    STATUS: _Kind(
        pb.AgreementServiceGetStatusRequest,
        pb.AgreementServiceGetStatusResponse,
        {"agreement": rules.code},
        lambda m: StatusQuery(m.agreement),
    ),
    COMPARE: _Kind(
        pb.CompareDecisionsRequest,
        pb.CompareDecisionsResponse,
        {"agreement": rules.code, "digest": rules.digest, "questions": rules.each(_bytes(MAX_BYTES), MAX_QUESTIONS)},
        lambda m: Comparison(m.agreement, m.digest, tuple(m.questions)),
    ),
}
METHODS = tuple(_KINDS)


class AgreementMessages:
    """Implements `casework.agreement_messages.AgreementCodec`."""

    def method(self, request: AgreementRequest) -> str:
        """Return the full method name that carries a request."""
        match request:
            case Proposal():
                return PROPOSE
            case Signatures():
                return COUNTERSIGN
            case Notice():
                return NOTIFY
            case StatusQuery():
                return STATUS
            case Comparison():
                return COMPARE

    def request_type(self, method: str) -> str:
        """Return the name of a method's request message."""
        return str(_KINDS[method].request.DESCRIPTOR.name)

    def reply_type(self, method: str) -> str:
        """Return the name of a method's reply message."""
        return str(_KINDS[method].reply.DESCRIPTOR.name)

    def encode_request(self, header: MessageHeader, request: AgreementRequest) -> bytes:
        """Return a request's bytes."""
        head = pb.AgreementHeader(
            message_id=header.message_id,
            to=header.recipient,
            issued_at=convert.timestamp(header.issued_at),
            expires_at=convert.timestamp(header.expires_at),
        )
        setattr(head, "from", header.sender)
        message: Message
        match request:
            case Proposal():
                message = pb.ProposeRequest(
                    header=head,
                    text=request.text,
                    digest=request.digest,
                    amends=request.amends,
                    signatures=request.signatures,
                )
            case Signatures():
                message = pb.CountersignRequest(
                    header=head, agreement=request.agreement, digest=request.digest, signatures=request.signatures
                )
            case Notice():
                message = pb.NotifyRequest(header=head, statement=request.statement)
            case StatusQuery():
                message = pb.AgreementServiceGetStatusRequest(header=head, agreement=request.agreement)
            case Comparison():
                message = pb.CompareDecisionsRequest(
                    header=head, agreement=request.agreement, digest=request.digest, questions=request.questions
                )
        return message.SerializeToString(deterministic=True)

    def decode_request(self, method: str, payload: bytes) -> tuple[MessageHeader, AgreementRequest]:
        """Parse and check a request; raises `Malformed` with every violation."""
        kind = _KINDS[method]
        message: Any = kind.request()
        parse(message, payload)
        rules.refuse(rules.violations(message, {**_HEADER, **kind.rules}, ""))
        header = message.header
        head = MessageHeader(
            header.message_id,
            getattr(header, "from"),
            header.to,
            convert.moment(header.issued_at),
            convert.moment(header.expires_at),
        )
        return head, kind.read(message)

    def encode_reply(self, method: str, reply: AgreementReply) -> bytes:
        """Return a reply's bytes."""
        head = pb.AgreementReplyHeader(
            request_digest=reply.request_digest,
            message_id=reply.message_id,
            to=reply.recipient,
            issued_at=convert.timestamp(reply.issued_at),
        )
        setattr(head, "from", reply.sender)
        message: Any = _KINDS[method].reply(header=head)
        texts = [_status_to_proto(text) for text in reply.texts]
        if method == COMPARE:
            message.readings.extend(pb.DecisionReading(**asdict(reading)) for reading in reply.readings)
        elif method == STATUS:
            message.texts.extend(texts)
        else:
            message.status.CopyFrom(texts[0])
        return bytes(message.SerializeToString(deterministic=True))

    def decode_reply(self, method: str, payload: bytes) -> AgreementReply:
        """Parse and check a reply; raises `Malformed`."""
        message: Any = _KINDS[method].reply()
        parse(message, payload)
        texts = _texts_in(method, message)
        readings = list(message.readings) if method == COMPARE else []
        found = rules.violations(message.header, _REPLY_HEADER, "header.")
        rules.refuse(found + _text_violations(texts) + _reading_violations(readings))
        header = message.header
        return AgreementReply(
            request_digest=header.request_digest,
            message_id=header.message_id,
            sender=getattr(header, "from"),
            recipient=header.to,
            issued_at=convert.moment(header.issued_at),
            texts=tuple(_status_from_proto(text) for text in texts),
            readings=tuple(_reading_from_proto(reading) for reading in readings),
        )


def _texts_in(method: str, message: Any) -> list[Any]:
    if method == COMPARE:
        return []
    return list(message.texts) if method == STATUS else [message.status]


def _reading_violations(readings: list[Any]) -> list[Violation]:
    if len(readings) > MAX_QUESTIONS:
        return [Violation("readings", f"has more than {MAX_QUESTIONS} members")]
    return [
        found
        for index, reading in enumerate(readings)
        for found in rules.violations(reading, _READING, f"readings[{index}].")
    ]


def _reading_from_proto(message: pb.DecisionReading) -> Reading:
    values = {part: getattr(message, part) for part in Reading.__dataclass_fields__}
    parts: dict[str, Any] = {part: _plain(value) for part, value in values.items()}
    return Reading(**parts)


def _plain(value: Any) -> Any:
    """Return a repeated field as a tuple, anything else as it is."""
    return value if isinstance(value, (str, int)) else tuple(value)


def _text_violations(texts: list[Any]) -> list[Violation]:
    if len(texts) > _MAX_TEXTS:
        return [Violation("texts", f"has more than {_MAX_TEXTS} members")]
    return [
        found for index, text in enumerate(texts) for found in rules.violations(text, _TEXT_STATUS, f"texts[{index}].")
    ]


def _status_to_proto(status: TextStatus) -> pb.AgreementStatus:
    return pb.AgreementStatus(
        agreement=status.agreement,
        revision=status.revision,
        digest=status.digest,
        state=status.state,
        signed_by=status.signed_by,
        suspended_by=status.suspended_by,
        ended_by=status.ended_by,
        signatures=status.signatures,
    )


def _status_from_proto(message: pb.AgreementStatus) -> TextStatus:
    return TextStatus(
        agreement=message.agreement,
        revision=message.revision,
        digest=message.digest,
        state=message.state,
        signed_by=_sorted(message.signed_by),
        suspended_by=_sorted(message.suspended_by),
        ended_by=_sorted(message.ended_by),
        signatures=tuple(message.signatures),
    )


def _sorted(countries: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(countries))
