"""The ledger entries of an exchange. Pure: who, why, when, under which article; never about whom."""

from datetime import datetime
from hashlib import sha256
from uuid import UUID

from comity.exchange.model import Header, Verdict
from comity.ledger.entry import EntryKind, LedgerEntry, commitment


def exchange_entry(  # noqa: PLR0913  the fields of art. 25 LED, each named
    kind: EntryKind,
    header: Header,
    *,
    action: str,
    category: str,
    verdict: Verdict | None,
    at: datetime,
    policy_digest: bytes,
    outcome: str = "",
    released: tuple[str, ...] = (),
    request: bytes = b"",
    answer: bytes = b"",
) -> LedgerEntry:
    """Return the entry of one step of an exchange.

    `request` and `answer` are the exact signed bytes: both sides compute the same commitments from them and the
    header's nonce, so that two ledgers can be reconciled. `outcome` overrides the verdict's, for a missing answer.
    """
    facts = header.circumstances
    basis = verdict.basis if verdict and verdict.basis else header.basis
    return LedgerEntry(
        kind=kind,
        time_ms=int(at.timestamp() * 1000),
        exchange_id=UUID(header.exchange_id),
        requester=header.sender,
        responder=header.recipient,
        official=facts.official.id,
        official_role=facts.official.role,
        purpose=facts.purpose,
        category=category,
        subject_category=facts.subject.category,
        action=action,
        outcome=outcome or (verdict.outcome if verdict else ""),
        disclosure=verdict.disclosure if verdict else "",
        released_fields=released,
        refusal_codes=tuple(reason.code for reason in verdict.reasons) if verdict else (),
        agreement_id=basis.agreement,
        agreement_revision=basis.revision,
        agreement_digest=bytes.fromhex(basis.digest),
        policy_digest=policy_digest,
        request_commitment=_commit(header, request),
        answer_commitment=_commit(header, answer),
    )


def _commit(header: Header, signed_bytes: bytes) -> bytes:
    return commitment(header.nonce, sha256(signed_bytes).digest()) if signed_bytes else b""
