"""T39: a hundred planted names and numbers, sent down every road, stand nowhere but in sealed messages."""

import logging
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import inspect, select
from support.world import CODEC, Refused, World, make_world

from comity.casework.review import Act, Deed, Officer
from comity.cli.main import main
from comity.exchange.decisions import decision
from comity.identity.signature import SignedMessage
from comity.records.query import Identifier, Query
from comity.store import metadata
from comity.v1 import query_service_pb2 as pb

SURNAMES = [
    "Vaarikas",
    "Õunapuu",
    "Kukkonen",
    "Zelenkova",
    "O'Brannagh",
    "Müürsepp",
    "Ščerbakov",
    "Løvgren",
    "Ítalo",
    "Żak",
]
GIVEN = ["Planted", "Pflanzer", "Istutatud", "Posadka", "Kylvo"]
PLANTED = [f"{given} {surname}" for surname in SURNAMES for given in GIVEN]
NUMBERS = [f"PLANTED-{n:04}-NO" for n in range(50)]
SUBJECTS = list(zip(PLANTED, NUMBERS, strict=True))
FRAGMENTS = [word.encode() for word in (*SURNAMES, *GIVEN, "PLANTED-")]


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with make_world(tmp_path_factory.mktemp("planted")) as made:
        yield made


def query(world: World, name: str, number: str, **changes: Any) -> Query:
    made = world.query(names=(name,), birth_date="1961-07-29", identifiers=(Identifier("passport", number, "ee"),))
    return replace(made, **changes)


def spoilt(world: World, name: str, number: str, which: int) -> SignedMessage:
    """What a careless officer types into the wrong field of the query."""
    message = pb.SearchRequest.FromString(CODEC.encode_request(world.header(), query(world, name, number)))
    asked, identifier = message.query, message.query.identifiers[0]
    changes: list[tuple[Any, str, Any]] = [
        (asked, "schema", name),
        (asked, "birth_date", name[:30]),
        (asked, "category", name),
        (identifier, "kind", name),
        (identifier, "value", number * 20),
        (identifier, "country", name),
    ]
    for each in changes[which : which + 1]:
        setattr(*each)
    if which == len(changes):
        asked.names[:] = [name * 30]
    if which == len(changes) + 1:
        asked.names[:] = [name + "\x00"]
    if which == len(changes) + 2:
        asked.nationalities[:] = [name]
    return world.ee.identity.sign(CODEC.request_type, message.SerializeToString())


def bad_facts(world: World, name: str) -> list[Any]:
    facts = world.circumstances()
    return [
        replace(facts, offence=replace(facts.offence, code=name)),
        replace(facts, offence=replace(facts.offence, iccs=name[:16])),
        replace(facts, offence=replace(facts.offence, text=name)),
        replace(facts, language=name),
        replace(facts, purpose=name),
        replace(facts, nexus=name, summary=name),
        replace(facts, case=replace(facts.case, reference=name)),
        replace(facts, urgency="urgent", urgency_reason=name),
        replace(facts, official=replace(facts.official, on_behalf_of=name)),
        replace(facts, ask=replace(facts.ask, fields=(name,))),
        replace(facts, authorisation=replace(facts.authorisation, type="judge", reference=name, issued_by=name)),
    ]


def everything(world: World) -> Iterator[tuple[str, bytes]]:
    """Every byte that the answering node keeps in the open: tables but the sealed one, logs, files."""
    store = world.fi.node.store
    with store.read() as tx:
        for name in inspect(store.engine).get_table_names():
            if name != "alembic_version":
                for row in tx.execute(select(metadata.tables[name])):
                    yield name, repr(row).encode() + b"".join(c for c in row if isinstance(c, bytes))
        for row in tx.execute(select(decision.c.document)):
            yield "exchange_decision.document", zlib.decompress(row.document)
    home = world.fi.node.home
    for file in home.path.rglob("*"):
        if file.is_file():
            yield str(file), file.read_bytes()


def found_in(where: str, content: bytes) -> list[str]:
    return [f"{fragment.decode()} in {where}" for fragment in FRAGMENTS if fragment in content]


def test_nothing_of_a_subject_stays_in_the_open(
    planted: World, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    world, leaks, outcomes = planted, [], set()
    caplog.set_level(logging.DEBUG)
    waiting = replace(world.circumstances(), subject=replace(world.circumstances().subject, age_band="minor"))
    low = replace(world.circumstances(), offence=replace(world.circumstances().offence, max_penalty_months=1))
    ids = []
    for index, (name, number) in enumerate(SUBJECTS):
        facts = (world.circumstances(), waiting, low)[index % 3]
        header = world.header(facts)
        outcomes.add(world.answered(world.request(header, query(world, name, number))).verdict.outcome)
        ids.append(header.exchange_id)
        messages = [
            spoilt(world, name, number, index % 9),
            world.request(world.header(bad_facts(world, name)[index % 11]), query(world, name, number)),
            replace(world.request(world.header(), query(world, name, number)), signature=b"forged"),
            world.request(replace(header, nonce=b"x" * 32), query(world, name, number)),
        ]
        for message in messages:
            sent = world.send(message)
            if isinstance(sent, Refused):
                leaks += found_in(f"error {sent.reason}", sent.text.encode())
            else:
                answer = CODEC.decode_reply(sent[0])
                leaks += found_in("answer", repr(answer).encode())
    assert outcomes == {"permitted", "review", "refused"}

    officer = Officer("fi-desk", "desk-officer")
    for exchange_id, deed in ((ids[1], Deed(Act.APPROVE)), (ids[4], Deed(Act.REFUSE, "bis_in_idem"))):
        world.fi.inbox.show(officer, exchange_id)
        world.fi.inbox.decide(officer, exchange_id, deed)
    world.fi.inbox.decide(officer, ids[7], Deed(Act.RETURN, "", "which year"))

    draft = tmp_path / "draft.yaml"
    held = world.fi.node.home.path / "agreements" / "ee-fi-police-2026.yaml"
    draft.write_text(held.read_text().replace("min_penalty_months: 12", "min_penalty_months: 72", 1))
    for command in (
        ("policy", "explain", ids[0]),
        ("policy", "explain", ids[2], "--json"),
        ("policy", "impact", str(draft), "--since", "1d", "--json"),
        ("exchange", "list", "--json"),
        ("exchange", "show", ids[0], "--json"),
        ("ledger", "show", "1", "--json"),
        ("doctor", "--json"),
        ("query", "person", "--name", PLANTED[0], "--category", PLANTED[1]),
        ("query", "person", "--name", PLANTED[0], "--birth-date", PLANTED[1], "--json"),
    ):
        ran = CliRunner().invoke(main, ["--home", str(world.fi.node.home.path), *command])
        assert "Traceback" not in ran.output
        if command[0] != "query":  # what an officer typed is the officer's own
            leaks += found_in(" ".join(command[:2]), (ran.output + ran.stderr).encode())

    for where, content in everything(world):
        leaks += found_in(where, content)
    leaks += found_in("the log", caplog.text.encode())
    assert leaks == []
