"""Whole questions drawn at random: every fact that travels, in every value."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from comity.exchange.ids import new_exchange_id
from comity.exchange.model import (
    Ask,
    Authorisation,
    Basis,
    Case,
    Circumstances,
    Header,
    Offence,
    Official,
    Privilege,
    Subject,
)
from comity.policy.library import vocabulary
from comity.records.query import Identifier, Query

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
OF = {".".join(row["path"]): row["of"] for row in vocabulary()["input"] if "of" in row}
codes = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,20}", fullmatch=True)
letters = st.characters(max_codepoint=0x2000, categories=("L", "N", "P", "Zs"))
prose = st.text(letters, max_size=40)
flags = st.booleans()
fields = st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,12}", fullmatch=True)
moments = st.integers(1, 10_000).map(lambda hours: NOW + timedelta(hours=hours))


def several(members: st.SearchStrategy[str], most: int = 3) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(members, max_size=most, unique=True).map(tuple)


def one(path: str) -> st.SearchStrategy[str]:
    return st.sampled_from(OF[path])


offences = st.builds(
    Offence,
    code=st.sampled_from(["", "FI:36-1", "DE:BtMG-29a", "EE:209"]),
    text=prose,
    iccs=st.sampled_from(["", "0701", "0502"]),
    list_category=st.sampled_from(["", "fraud", "murder"]),
    max_penalty_months=st.integers(0, 1200),
    attempt=flags,
    kinds=several(one("offence.kinds")),
    place=prose,
    date=st.sampled_from(["", "2026", "2026-02-01"]),
    transnational=flags,
    organised=flags,
    convention=flags,
    gravity=one("offence.gravity"),
    bar=one("offence.bar"),
)
circumstances = st.builds(
    Circumstances,
    official=st.builds(Official, id=codes, role=codes, authority=codes, on_behalf_of=prose),
    purpose=codes,
    intended_use=one("intended_use"),
    aim=one("aim"),
    subject=st.builds(
        Subject,
        category=one("subject.category"),
        age_band=one("subject.age_band"),
        nationality=one("subject.nationality"),
        vulnerable=flags,
    ),
    urgency=one("urgency"),
    urgency_reason=prose.filter(bool),
    case=st.builds(Case, reference=prose, proceeding=one("case.proceeding")),
    offence=st.one_of(st.just(Offence()), offences),
    authorisation=st.one_of(
        st.just(Authorisation()),
        st.builds(
            Authorisation, type=codes, reference=prose, issued_by=prose, expires_at=st.one_of(st.none(), moments)
        ),
    ),
    confidentiality=st.one_of(st.just(""), codes),
    language=st.sampled_from(["", "en", "et"]),
    assurances=several(codes),
    nexus=prose,
    channel=one("channel"),
    assistance=one("assistance"),
    scope=one("scope"),
    summary=prose,
    privilege=st.builds(Privilege, kind=one("privilege.kind"), waived=flags),
    onward=flags,
    automated=flags,
    necessity=one("necessity"),
    ask=st.builds(Ask, fields=several(fields), max_candidates=st.integers(0, 1000), keep_days=st.integers(0, 36_500)),
    procedure=one("procedure"),
    undertakings=several(st.sampled_from(vocabulary()["undertakings"]), 30),
)
queries = st.builds(
    Query,
    category=st.just("wanted-persons"),
    schema=st.just("Person"),
    names=st.just(("Ann Lee",)),
    birth_date=st.sampled_from([None, "1975", "1975-03", "1975-03-09"]),
    nationalities=several(st.sampled_from(["ee", "fi", "lv", "us"])),
    identifiers=st.sampled_from([(), (Identifier("passport", "X1234567", "ee"),)]),
)


def header(facts: Circumstances, basis: Basis | None = None, envelopes: tuple[bytes, ...] = ()) -> Header:
    return Header(
        exchange_id=new_exchange_id(NOW),
        sender="spiffe://police.ee/node/node-1",
        recipient="spiffe://poliisi.fi/node/node-1",
        issued_at=NOW,
        expires_at=NOW + timedelta(seconds=60),
        nonce=b"n" * 32,
        circumstances=facts,
        basis=basis or Basis("ee-fi-police-2026", 1, "0" * 64),
        envelopes=envelopes,
    )
