"""The messages of `GetAnswer` and `AwaitAnswer`: a signed claim, and the signed reply inside the response."""

from typing import Any, ClassVar

from google.protobuf.message import DecodeError

from comity.errors import Malformed, Reason, Unauthenticated
from comity.exchange.model import Claim, SignedReply
from comity.identity.signature import SignedMessage, payload_type
from comity.v1 import common_pb2, query_service_pb2
from comity.wire import convert, metadata, rules
from comity.wire.search import parse


class ClaimMessages:
    """Implements `exchange.ports.ClaimCodec` for one of the two RPCs, and carries replies in its responses."""

    reply_type: ClassVar[str] = "SearchResponse"
    _request: ClassVar[Any]
    _response: ClassVar[Any]
    method: str
    request_type: str

    def encode(self, claim: Claim) -> bytes:
        """Return a request's bytes."""
        message = query_service_pb2.Claim(
            exchange_id=claim.exchange_id,
            request_digest=claim.request_digest,
            to=claim.recipient,
            issued_at=convert.timestamp(claim.issued_at),
            expires_at=convert.timestamp(claim.expires_at),
        )
        setattr(message, "from", claim.sender)
        return bytes(self._request(claim=message).SerializeToString(deterministic=True))

    def decode(self, payload: bytes) -> Claim:
        """Parse and check a request; raises `Malformed` with every violation."""
        request = self._request()
        parse(request, payload)
        message = request.claim
        rules.refuse(rules.violations(message, rules.CLAIM, "claim."))
        return Claim(
            exchange_id=message.exchange_id,
            request_digest=message.request_digest,
            sender=getattr(message, "from"),
            recipient=message.to,
            issued_at=convert.moment(message.issued_at),
            expires_at=convert.moment(message.expires_at),
        )

    def wrap(self, reply: SignedReply) -> bytes:
        """Return the bytes of a response that carries a signed reply."""
        held = common_pb2.SignedReply(
            payload_type=payload_type(reply.message.type_name),
            payload=reply.message.payload,
            signature=reply.message.signature,
            key_id=reply.message.key_id,
            receipt=metadata.receipt_to_proto(reply.receipt) if reply.receipt else None,
        )
        return bytes(self._response(reply=held).SerializeToString())

    def unwrap(self, payload: bytes) -> SignedReply:
        """Return the signed reply of a response, unverified; raises `Malformed`, `Unauthenticated`."""
        try:
            held = self._response.FromString(payload).reply
        except DecodeError as cause:
            raise Malformed(f"the message is not a {self._response.DESCRIPTOR.name}") from cause
        if held.payload_type != payload_type(self.reply_type):
            raise Unauthenticated(f"the reply is not a signed {self.reply_type}", reason=Reason.SIGNATURE_INVALID)
        message = SignedMessage(self.reply_type, held.payload, held.signature, held.key_id)
        return SignedReply(message, metadata.receipt_from_proto(held.receipt) if held.HasField("receipt") else None)


class GetAnswerMessages(ClaimMessages):
    """One answer, now."""

    method = "/comity.v1.QueryService/GetAnswer"
    request_type = "GetAnswerRequest"
    _request = query_service_pb2.GetAnswerRequest
    _response = query_service_pb2.GetAnswerResponse


class AwaitAnswerMessages(ClaimMessages):
    """Every answer, as it comes."""

    method = "/comity.v1.QueryService/AwaitAnswer"
    request_type = "AwaitAnswerRequest"
    _request = query_service_pb2.AwaitAnswerRequest
    _response = query_service_pb2.AwaitAnswerResponse
