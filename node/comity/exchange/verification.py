"""What the asking side checks of a reply before anyone sees it. Each check raises; none returns a yes.

1. The reply is signed by a key that the peer's own CA vouches for.
2. It answers this very request: digest, exchange id, from, to.
3. The decision stands under the agreement we named, and nothing is there that it does not release.
4. The receipt proves, by the peer's ledger key, an entry about this request, this reply and this outcome.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256

from comity.errors import Reason, Tampered, Unauthenticated
from comity.exchange.entries import exchange_entry
from comity.exchange.model import Answer, Header, SignedReply
from comity.exchange.ports import Courier, SearchCodec, Undelivered
from comity.identity.access import RPCS
from comity.identity.signature import SignedMessage, payload_type, verify
from comity.identity.store import Peer, PeerBook
from comity.ledger.entry import EntryKind
from comity.ledger.receipt import verify_receipt

_DESCRIBE_TIMEOUT = timedelta(seconds=3)
_LEVELS_WITH_FIELDS = ("core", "full")


def verify_whole(  # noqa: PLR0913  what a reply is held against
    peers: PeerBook,
    courier: Courier,
    codec: SearchCodec,
    peer: Peer,
    reply: SignedReply,
    *,
    header: Header,
    request: bytes,
    category: str,
    at: datetime,
) -> Answer:
    """Return the answer in a reply after every check of this file; raises what they raise, and `Malformed`."""
    try:
        verify_reply_signature(peers, courier, peer, reply.message, codec.reply_type, at)
    except Undelivered as unknown:  # the signer's key is new and the peer's descriptor cannot be had
        raise Unauthenticated(f"the reply's signer is not known: {unknown}") from unknown
    answer = codec.decode_reply(reply.message.payload)
    verify_answer(answer, header, request)
    verify_receipt_of(
        reply,
        answer,
        header,
        request,
        action=RPCS[codec.method].action or "",
        category=category,
        vkey=peer.descriptor.ledger_vkey,
    )
    return answer


def verify_reply_signature(
    peers: PeerBook, courier: Courier, peer: Peer, message: SignedMessage, expected_type: str, at: datetime
) -> None:
    """Check the signature; a key not seen before is looked up in the peer's fresh descriptor, once."""
    party = peers.signer(peer.country, message.key_id, at)
    if party is None:
        peers.learn(peer.country, courier.describe(peer, _DESCRIBE_TIMEOUT), at)
        party = peers.signer(peer.country, message.key_id, at)
    if party is None:
        raise Unauthenticated("the reply is signed by a key that is not the peer's", reason=Reason.SIGNATURE_INVALID)
    verify(party.public_key, payload_type(expected_type), message.payload, message.signature)


def verify_answer(answer: Answer, header: Header, request: bytes) -> None:
    """Check that the answer belongs to the request and releases no more than it says."""
    belongs = (
        answer.request_digest == sha256(request).digest()
        and answer.exchange_id == header.exchange_id
        and answer.sender == header.recipient
        and answer.recipient == header.sender
    )
    if not belongs:
        raise _wrong("reply", "it answers another request")
    if answer.verdict.outcome == "refused":
        _verify_refusal(answer)
    else:
        _verify_release(answer, header)


def verify_receipt_of(
    reply: SignedReply, answer: Answer, header: Header, request: bytes, *, action: str, category: str, vkey: str
) -> None:
    """Check that the peer's ledger says of this exchange what its reply says; raises `Tampered`.

    Everything but the time and the digest of the peer's own policy must be what we would have logged ourselves: a
    ledger that tells another purpose, other released fields or another agreement is no proof of this answer.
    """
    if reply.receipt is None:
        raise _wrong("receipt", "the reply came without one")
    entry = verify_receipt(reply.receipt, vkey)
    expected = exchange_entry(
        EntryKind.QUESTION_ANSWERED,
        header,
        action=action,
        category=category,
        verdict=answer.verdict,
        at=answer.issued_at,
        policy_digest=entry.policy_digest,
        released=answer.findings.released_fields if answer.findings else (),
        request=request,
        answer=reply.message.payload,
    )
    if replace(entry, time_ms=expected.time_ms) != expected:
        raise _wrong("receipt", "its entry is about another exchange, or says of this one what the reply does not")


def _verify_refusal(answer: Answer) -> None:
    verdict = answer.verdict
    if answer.findings is not None or verdict.disclosure != "none":
        raise _wrong("reply", "a refusal that releases something")
    complete = all(reason.code and reason.article and reason.remedy for reason in verdict.reasons)
    if not verdict.reasons or not complete:
        raise _wrong("reply", "a refusal without a reason, article or remedy")


def _verify_release(answer: Answer, header: Header) -> None:
    verdict, basis = answer.verdict, answer.verdict.basis
    named = (header.basis.agreement, header.basis.digest)
    if basis is None or (basis.agreement, basis.digest) != named or not basis.term or not basis.article:
        raise _wrong("reply", "it does not stand under the agreement that was named")
    permitted = verdict.outcome == "permitted"
    if permitted != (answer.findings is not None) or permitted != (answer.terms is not None):
        raise _wrong("reply", "findings and terms come with a permission, and only with it")
    if answer.findings is None or answer.terms is None:
        return
    allowed = set(answer.terms.fields) if verdict.disclosure in _LEVELS_WITH_FIELDS else set()
    if not set(answer.findings.released_fields) <= allowed:
        raise _wrong("reply", "it holds fields that its own decision does not release")
    asked = set(header.circumstances.ask.fields)
    if asked and not set(answer.findings.released_fields) <= asked:
        raise _wrong("reply", "it holds fields that were not asked for")
    if answer.terms.purpose != header.circumstances.purpose:
        raise _wrong("reply", "its terms name another purpose")


def _wrong(where: str, problem: str) -> Tampered:
    return Tampered(f"{where}: {problem}", detail={"where": where})
