"""What pre-flight foresees is what the country asked decides: 10 000 questions, fixed seed, the wire between."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from support.questions import NOW, OF
from support.world import CODEC

from comity.exchange.assurance import ASSURANCE, Assurance, Envelope, kinds, payload_of, read_assurance, read_envelope
from comity.exchange.assurances import Chosen
from comity.exchange.facts import AssuranceFact, Sought, as_it_came, as_the_peer_sees, nationality, sought
from comity.exchange.ids import new_exchange_id
from comity.exchange.model import (
    Ask,
    Authorisation,
    Case,
    Circumstances,
    Header,
    Offence,
    Official,
    Privilege,
    Subject,
)
from comity.exchange.outbound import OwnOfficer
from comity.exchange.policy import PolicyInForce
from comity.identity.store import Peer, PeerState
from comity.policy.agreement import Agreement, load_agreement
from comity.policy.bundle import build
from comity.policy.cache import CachedEngine
from comity.policy.embedded import EmbeddedEngine
from comity.policy.library import vocabulary
from comity.records.query import Identifier, Query

COUNT, SEED = 10_000, 20261124
FOLDER = Path(__file__).resolve().parents[2] / "policy" / "agreements"
AGREEMENTS = [load_agreement(path.read_bytes(), path.name) for path in sorted(FOLDER.glob("*.yaml"))]
COUNTRIES = sorted({party for each in AGREEMENTS for party in each.parties})
UNDERTAKINGS = tuple(vocabulary()["undertakings"])


class Country:
    """One country's policy in force, on the agreements that it signed."""

    def __init__(self, code: str) -> None:
        self.code = code
        held = [each for each in AGREEMENTS if code in each.parties]
        self.engine = EmbeddedEngine(build(held), machines=1)
        policy_set = build(held)
        cached = CachedEngine(self.engine, policy_set.digest)
        self.policy = PolicyInForce(cached, {each.id: each for each in held}, policy_set.digest)

    def as_peer(self) -> Any:
        return _Peer(self.code)


class _Peer(Peer):
    """A peer whose descriptor nobody reads here."""

    def __init__(self, country: str) -> None:
        for name, value in {"country": country, "state": PeerState.ACTIVE}.items():
            object.__setattr__(self, name, value)
        from comity.identity.store import Reciprocity

        object.__setattr__(self, "reciprocity", Reciprocity.GIVEN)


@pytest.fixture(scope="module")
def world() -> Iterator[dict[str, Country]]:
    made = {code: Country(code) for code in COUNTRIES}
    yield made
    for country in made.values():
        country.engine.close()


def offence(chance: random.Random, term: dict[str, Any]) -> Offence:
    needed = term["offences"].get("min_penalty_months", 0)
    return Offence(
        code="EE:209" if chance.random() < 0.1 else "",
        list_category=chance.choice(["fraud", "murder", "terrorism", "laundering", "corruption"]),
        iccs=chance.choice(["0701", "0101", ""]),
        max_penalty_months=max(needed, chance.choice([12, 60, 120])),
        transnational=chance.random() < 0.7,
        organised=chance.random() < 0.7,
        convention=chance.random() < 0.7,
        gravity=chance.choice(["ordinary", "serious", "serious"]),
    )


def usual(chance: random.Random, agreement: Agreement, term: dict[str, Any], asks: str) -> Circumstances:
    """Circumstances that the term was made for."""
    return Circumstances(
        official=Official(
            f"{asks.lower()}-1", chance.choice(term["roles"]), chance.choice(agreement.document["authorities"][asks])
        ),
        purpose=chance.choice(term["purposes"]),
        intended_use=chance.choice(OF["intended_use"]),
        aim=chance.choice(term.get("aims", OF["aim"])),
        subject=Subject(chance.choice(term["subjects"]["categories"]), "adult"),
        case=Case("K-1", chance.choice(term.get("proceedings", ["investigation"]))),
        offence=offence(chance, term),
        authorisation=Authorisation("judge", "1-2"),
        urgency_reason="to be sure",
        nexus="the link",
        summary="the facts",
        channel=chance.choice(term.get("channels", OF["channel"])),
        assistance=chance.choice(term.get("assistance", ["police-information"])),
        necessity=chance.choice(["ordinary", "strict"]),
        undertakings=UNDERTAKINGS,
    )


def several(chance: random.Random, members: Sequence[str]) -> tuple[str, ...]:
    return tuple(chance.sample(list(members), chance.randint(0, len(members))))


CHANGES = {
    "purpose": lambda c: c.choice(["criminal-investigation", "prosecution", "border-control", "immigration"]),
    "intended_use": lambda c: c.choice(OF["intended_use"]),
    "aim": lambda c: c.choice(OF["aim"]),
    "urgency": lambda c: c.choice(OF["urgency"]),
    "case": lambda c: Case(c.choice(["", "K-1", "K-2"]), c.choice(OF["case.proceeding"])),
    "authorisation": lambda c: Authorisation(c.choice(["", "judge", "prosecutor"]), "1", "", c.choice([None, NOW])),
    "confidentiality": lambda c: c.choice(["", "do-not-disclose"]),
    "language": lambda c: c.choice(["", "en", "et", "xx"]),
    "assurances": lambda c: c.choice([(), ("no-death-penalty",)]),
    "nexus": lambda _: "",
    "summary": lambda _: "",
    "channel": lambda c: c.choice(OF["channel"]),
    "assistance": lambda c: c.choice(OF["assistance"]),
    "scope": lambda c: c.choice(OF["scope"]),
    "privilege": lambda c: Privilege(c.choice(OF["privilege.kind"]), c.random() < 0.5),
    "onward": lambda _: True,
    "automated": lambda _: True,
    "necessity": lambda c: c.choice(OF["necessity"]),
    "ask": lambda c: Ask(several(c, ["name", "birthDate", "iban"]), c.choice([0, 1, 900]), c.choice([0, 7, 9000])),
    "procedure": lambda c: c.choice(OF["procedure"]),
    "undertakings": lambda c: several(c, UNDERTAKINGS),
}
SUBJECT = {
    "category": lambda c: c.choice(OF["subject.category"]),
    "age_band": lambda c: c.choice(OF["subject.age_band"]),
    "nationality": lambda c: c.choice(OF["subject.nationality"]),
    "vulnerable": lambda _: True,
}
OFFENCE = {
    "max_penalty_months": lambda c: c.choice([0, 3, 11, 24, 1200]),
    "list_category": lambda c: c.choice(["", "fraud", "jaywalking"]),
    "kinds": lambda c: several(c, OF["offence.kinds"])[:2],
    "gravity": lambda c: c.choice(OF["offence.gravity"]),
    "bar": lambda c: c.choice(OF["offence.bar"]),
    "attempt": lambda _: True,
    "transnational": lambda _: False,
}


def changed(chance: random.Random, facts: Circumstances) -> Circumstances:
    for _ in range(chance.choice([0, 0, 1, 1, 2, 3])):
        kind = chance.random()
        if kind < 0.2:
            name = chance.choice(sorted(SUBJECT))
            facts = replace(facts, subject=replace(facts.subject, **{name: SUBJECT[name](chance)}))
        elif kind < 0.45:
            name = chance.choice(sorted(OFFENCE))
            facts = replace(facts, offence=replace(facts.offence, **{name: OFFENCE[name](chance)}))
        elif kind < 0.5:
            facts = replace(facts, offence=Offence())
        else:
            name = chance.choice(sorted(CHANGES))
            facts = replace(facts, **{name: CHANGES[name](chance)})
    return facts


def query(chance: random.Random, category: str) -> Query:
    return Query(
        category,
        "Person",
        ("Ann Lee",),
        chance.choice([None, "1975", "1975-03-09", "1975-03-09"]),
        tuple(chance.sample(["ee", "fi", "lv", "us"], chance.choice([0, 0, 1, 2]))),
        chance.choice([(), (Identifier("passport", "X1234567"),)]),
    )


def promises(chance: random.Random, asks: str, answers: str) -> list[Chosen]:
    """What the asker's node could attach: of any agreement, about this case."""
    if chance.random() < 0.5:
        return []
    now = int(NOW.timestamp())
    found = []
    for agreement in chance.sample([each.id for each in AGREEMENTS], 2):
        given = Assurance(
            new_exchange_id(NOW), chance.choice(kinds()), asks, "court", "x", answers, agreement, "", "not", now - 5,
            now + chance.choice([1, 3600, 10**6]), "0" * 64,
        )  # fmt: skip
        found.append(Chosen(given, Envelope(ASSURANCE, payload_of(given), b"s", "k", b"c").encode()))
    return found


def test_what_is_foreseen_is_what_is_decided(world: dict[str, Country]) -> None:
    chance, seen, action = random.Random(SEED), Counter(), "query.search"
    while sum(seen.values()) < COUNT:
        agreement = chance.choice(AGREEMENTS)
        term = chance.choice(agreement.document["terms"])
        asks, answers = chance.sample(agreement.parties if chance.random() < 0.95 else COUNTRIES, 2)
        if asks not in agreement.document["authorities"]:
            continue
        facts = changed(chance, usual(chance, agreement, term, asks))
        wanted = query(chance, chance.choice(term["categories"]))
        home, peer = world[asks], world[answers]

        # at home, from what the officer plans: no header, no query
        relation = nationality(wanted.nationalities, facts.subject.nationality, answers, asks)
        planned = Sought(wanted.category, sought(wanted, "", provider="", requester="").identification, relation)
        going = OwnOfficer(asks, action, NOW).may_ask(
            home.policy, peer.as_peer(), facts, planned, promises(chance, asks, answers)
        )
        basis = going.basis or _basis(agreement)  # also what our own policy would not let out: it must refuse, too
        foreseen = as_the_peer_sees(
            facts, basis, planned, action=action, countries=(asks, answers), at=NOW, assurances=going.facts
        )

        # at the peer, from the bytes that came
        sent = Header(
            exchange_id=new_exchange_id(NOW),
            sender=f"spiffe://{asks}/node/n",
            recipient=f"spiffe://{answers}/node/n",
            issued_at=NOW,
            expires_at=NOW,
            nonce=b"n" * 32,
            circumstances=facts,
            basis=basis,
            envelopes=tuple(each.envelope for each in going.chosen),
        )
        came, asked = CODEC.decode_request(CODEC.encode_request(sent, wanted))
        given = [read_assurance(read_envelope(each)) for each in came.envelopes]
        case = came.circumstances.case.reference
        held = tuple(
            AssuranceFact(each.kind, "given", each.expires_at)
            for each in given
            if each.covers(came.basis.agreement, case, NOW)
        )
        document = as_it_came(came, asked, action=action, countries=(answers, asks), at=NOW, assurances=held)
        assert document == foreseen
        peer.policy.check_basis(came.basis)
        decision = peer.policy.decide(document)
        assert decision == home.policy.decide(foreseen)
        seen[decision.outcome] += 1
    assert sum(seen.values()) == COUNT
    assert seen["permitted"] > COUNT // 10, seen
    assert seen["review"] > COUNT // 100, seen
    assert seen["refused"] > COUNT // 10, seen


def test_a_document_of_the_peer_knows_nothing_of_ours() -> None:
    """The other side's statements about us are presumed, never taken from our own table about it."""
    facts = Circumstances(Official("x", "r", "a"), "p", "intelligence", "identify", Subject("suspect", "adult"))
    document = as_the_peer_sees(
        facts,
        _basis(AGREEMENTS[0]),
        Sought("c", "weak", "unknown"),
        action="query.search",
        countries=("EE", "FI"),
        at=datetime(2026, 11, 24, tzinfo=UTC),
    )
    assert document["self"] == {"country": "FI"}
    assert document["peer"] == {"country": "EE", "trust": "active", "reciprocity": "given"}
    assert document["requester"]["country"] == "EE"
    assert document["review"]["state"] == "none"


def _basis(agreement: Agreement) -> Any:
    from comity.exchange.model import Basis

    return Basis(agreement.id, agreement.revision, agreement.digest)
