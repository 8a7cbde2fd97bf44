"""Every fact that policy reads travels unchanged; what is not said is the strictest; every field has its rule."""

from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.questions import NOW, circumstances, header, queries
from support.world import CODEC

from comity.errors import Malformed
from comity.exchange.facts import ABSENT, policy_input, sought
from comity.exchange.model import Offence
from comity.policy import library
from comity.v1 import common_pb2, desk_service_pb2, query_service_pb2
from comity.wire import convert, rules, words

MANY = settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
OF = {".".join(row["path"]): row for row in library.vocabulary()["input"]}
SCHEMA = jsonschema.Draft202012Validator(library.schema("input"))


@MANY
@given(circumstances, queries, st.lists(st.binary(min_size=1, max_size=50), max_size=10).map(tuple))
def test_a_question_comes_back_as_it_was(facts, query, envelopes) -> None:
    sent = header(facts, envelopes=envelopes)
    assert CODEC.decode_request(CODEC.encode_request(sent, query)) == (sent, query)


@MANY
@given(circumstances, queries)
def test_what_came_makes_a_whole_policy_input(facts, query) -> None:
    """The responder's document is the one of the facts that were sent, and policy knows every part of it."""
    came, asked = CODEC.decode_request(CODEC.encode_request(header(facts), query))
    documents = [
        policy_input(
            said,
            came.basis,
            sought(what, said.subject.nationality, provider="FI", requester="EE"),
            direction="inbound",
            action="query.search",
            countries=("FI", "EE"),
            at=NOW,
        )
        for said, what in ((facts, query), (came.circumstances, asked))
    ]
    assert documents[0] == documents[1]
    assert {".".join(path) for path in leaves_of(documents[0])} == set(OF)
    SCHEMA.validate(documents[0])


def leaves_of(document: dict[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, value in document.items():
        if isinstance(value, dict):
            yield from leaves_of(value, (*above, key))
        else:
            yield (*above, key)


def bare() -> query_service_pb2.SearchRequest:
    """A request as the first version of the protocol could say it: none of the later fields."""
    request = query_service_pb2.SearchRequest()
    head = request.header
    head.exchange_id = header(None).exchange_id  # type: ignore[arg-type]
    setattr(head, "from", "spiffe://police.ee/node/node-1")
    head.to = "spiffe://poliisi.fi/node/node-1"
    head.issued_at.FromDatetime(NOW)
    head.expires_at.FromDatetime(NOW)
    head.nonce = b"n" * 32
    head.official.CopyFrom(common_pb2.Official(id="x", role="investigator", authority="ppa"))
    head.purpose = "criminal-investigation"
    head.intended_use, head.aim, head.urgency = 1, 1, 1
    head.subject.CopyFrom(common_pb2.Subject(category=1, age_band=1))
    head.offence.list_category = "fraud"
    head.basis.CopyFrom(common_pb2.Basis(agreement="a", revision=1, digest="0" * 64))
    request.query.CopyFrom(query_service_pb2.Query(category="c", schema="Person", names=["Ann Lee"]))
    return request


def test_what_an_older_peer_cannot_say_is_the_strictest() -> None:
    came, _ = CODEC.decode_request(bare().SerializeToString())
    facts = came.circumstances
    found = {
        "assurance_envelopes": came.envelopes,
        **{path: _at(facts, path) for path in ABSENT if path != "assurance_envelopes"},
    }
    assert found == dict(ABSENT)


def _at(value: Any, path: str) -> Any:
    for name in path.split("."):
        value = getattr(value, name)
    return value


def test_without_an_offence_there_is_nothing_that_speaks_for_the_asker() -> None:
    request = bare()
    request.header.ClearField("offence")
    came, query = CODEC.decode_request(request.SerializeToString())
    assert came.circumstances.offence == Offence()
    known = sought(query, "unknown", provider="FI", requester="EE")
    document = policy_input(
        came.circumstances, None, known, direction="inbound", action="a", countries=("FI", "EE"), at=NOW
    )
    offence = document["offence"]
    assert (offence["present"], offence["gravity"], offence["max_penalty_months"]) == (False, "minor", 0)


WORDS = {
    "intended_use": words.INTENDED_USE,
    "aim": words.AIM,
    "subject.category": words.SUBJECT_CATEGORY,
    "subject.age_band": words.AGE_BAND,
    "subject.nationality": words.NATIONALITY,
    "case.proceeding": words.PROCEEDING,
    "urgency": words.URGENCY,
    "channel": words.CHANNEL,
    "assistance": words.ASSISTANCE,
    "scope": words.SCOPE,
    "offence.gravity": words.GRAVITY,
    "offence.bar": words.BAR,
    "privilege.kind": words.PRIVILEGE_KIND,
    "necessity": words.NECESSITY,
    "procedure": words.PROCEDURE,
    "identification": words.IDENTIFICATION,
}
OWN = {"direction", "peer.trust", "peer.reciprocity", "review.state", "review.ground"}  # never on the wire


def test_the_wire_knows_exactly_the_words_of_policy() -> None:
    assert {path: enum.words for path, enum in WORDS.items()} == {
        path: row["of"] for path, row in OF.items() if row["kind"] == "one_of" and path not in OWN
    }


@pytest.mark.parametrize("path", [path for path in WORDS if path != "identification"])
def test_a_word_of_a_newer_version_is_refused(path: str) -> None:
    request = bare()
    *above, name = path.split(".")
    message = request.header
    for part in above:
        message = getattr(message, part)
    setattr(message, name, 99)
    with pytest.raises(Malformed, match=path):
        CODEC.decode_request(request.SerializeToString())


BAD = {
    "summary": "x" * 4001,
    "ask.max_candidates": 1001,
    "ask.keep_days": 36_501,
    "basis.term": "t",
}
BAD_LISTS = {
    "ask.fields": ["birth date"],
    "undertakings": ["Not A Code"],
    "assurance_envelopes": [b""],
}


@pytest.mark.parametrize("path", [*BAD, *BAD_LISTS])
def test_a_fact_out_of_bounds_is_refused_by_name(path: str) -> None:
    request = bare()
    *above, name = path.split(".")
    message = request.header
    for part in above:
        message = getattr(message, part)
    if path in BAD:
        setattr(message, name, BAD[path])
    else:
        getattr(message, name).extend(BAD_LISTS[path])
    with pytest.raises(Malformed, match=path):
        CODEC.decode_request(request.SerializeToString())


@pytest.mark.parametrize("count", [11])
def test_no_more_envelopes_than_are_read(count: int) -> None:
    request = bare()
    request.header.assurance_envelopes.extend([b"x"] * count)
    with pytest.raises(Malformed, match="assurance_envelopes"):
        CODEC.decode_request(request.SerializeToString())


def leaves(descriptor: Descriptor, above: str = "") -> Iterator[str]:
    for field in descriptor.fields:
        inner = field.message_type
        if inner is not None and inner.full_name != "google.protobuf.Timestamp" and not repeated(field):
            yield from leaves(inner, f"{above}{field.name}.")
        else:
            yield above + field.name


def repeated(field: FieldDescriptor) -> bool:
    return bool(field.is_repeated)


@pytest.mark.parametrize(
    ("descriptor", "table", "elsewhere"),
    [
        (common_pb2.Header.DESCRIPTOR, rules.HEADER, set()),
        (
            desk_service_pb2.AskRequest.DESCRIPTOR,
            rules.ASK,
            {*(f"query.{name}" for name in leaves(query_service_pb2.Query.DESCRIPTOR))},
        ),
        (
            desk_service_pb2.PreflightRequest.DESCRIPTOR,
            rules.PREFLIGHT,
            {f"question.{name}" for name in leaves(desk_service_pb2.AskRequest.DESCRIPTOR)},
        ),
        (query_service_pb2.Query.DESCRIPTOR, rules.QUERY, {"identifiers"}),
        (query_service_pb2.Identifier.DESCRIPTOR, rules.IDENTIFIER, set()),
    ],
    ids=["Header", "AskRequest", "PreflightRequest", "Query", "Identifier"],
)  # fmt: skip
def test_every_field_has_a_rule(descriptor: Descriptor, table: dict[str, Any], elsewhere: set[str]) -> None:
    assert set(leaves(descriptor)) - elsewhere == set(table)


def test_a_verdict_keeps_what_is_withheld_and_how_many_decide() -> None:
    from comity.exchange.model import Verdict

    said = Verdict("review", "core", None, (), "judge", "PT8H", ("notes",), 2)
    assert convert.verdict_from_proto(convert.verdict_to_proto(said)) == said
