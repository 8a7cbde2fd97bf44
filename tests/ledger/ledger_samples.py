"""Fixed samples: the golden bytes hang on them, so they never change."""

from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import strategies as st

from comity.ledger.entry import EntryKind, LedgerEntry
from comity.ledger.note import NoteSigner

ORIGIN = "police.ee/ledger"
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SIGNER = NoteSigner(ORIGIN, PRIVATE)
VKEY = SIGNER.key.vkey
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))

EXAMPLE = LedgerEntry(
    kind=EntryKind.QUESTION_ANSWERED,
    time_ms=1_772_000_000_123,
    exchange_id=UUID("0195400a-7b1c-7d10-8f31-0123456789ab"),
    requester="spiffe://police.fi/node/a",
    responder="spiffe://police.ee/node/a",
    official="p-7f3c",
    official_role="investigator",
    purpose="criminal-investigation",
    category="wanted-persons",
    subject_category="suspect",
    action="query.search",
    outcome="permitted",
    disclosure="core",
    released_fields=("birth_date", "name"),
    refusal_codes=("threshold",),
    agreement_id="ee-fi-police-2026",
    agreement_revision=3,
    agreement_digest=bytes([1]) * 32,
    policy_digest=bytes([2]) * 32,
    request_commitment=bytes([3]) * 32,
    answer_commitment=bytes([4]) * 32,
    object_digest=bytes([5]) * 32,
    note="Réserve",
)


def numbered(number: int) -> LedgerEntry:
    """A small entry that differs from every other."""
    return LedgerEntry(
        kind=EntryKind(1 + number % 5),
        time_ms=1_772_000_000_000 + number * 7 % 50,
        exchange_id=UUID(int=number + 1),
        requester="spiffe://police.fi/node/a",
        request_commitment=number.to_bytes(32, "big"),
    )


_PLAIN = st.text(
    st.characters(codec="utf-8", categories=["L", "N", "P", "S"], exclude_characters="\u061c"), max_size=40
)
_DIGEST = st.one_of(st.just(b""), st.binary(min_size=32, max_size=32))
_LIST = st.lists(_PLAIN.filter(bool), max_size=5).map(tuple)

entries = st.builds(
    LedgerEntry,
    kind=st.sampled_from(EntryKind),
    time_ms=st.integers(1, 253_402_300_799_999),
    exchange_id=st.uuids(allow_nil=True),
    requester=_PLAIN,
    responder=_PLAIN,
    official=_PLAIN,
    official_role=_PLAIN,
    purpose=_PLAIN,
    category=_PLAIN,
    subject_category=_PLAIN,
    action=_PLAIN,
    outcome=_PLAIN,
    disclosure=_PLAIN,
    released_fields=_LIST,
    refusal_codes=_LIST,
    agreement_id=_PLAIN,
    agreement_revision=st.integers(0, 2**32 - 1),
    agreement_digest=_DIGEST,
    policy_digest=_DIGEST,
    request_commitment=_DIGEST,
    answer_commitment=_DIGEST,
    object_digest=_DIGEST,
    note=_PLAIN,
)
