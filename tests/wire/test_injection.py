"""Rego, JSON and paths inside a peer's words: malformed, or a refusal like any other; never a fault, never more."""

from dataclasses import replace
from typing import Any

import grpc
import pytest
from support.world import CODEC, Refused, World

TEXTS = [
    '"}]',
    '", "present": true, "x": "',
    "\\",
    "../../decision",
    "comity/desk/allow",
    "data.comity.agreements",
    "__proto__",
    "input.requester.role",
    "} permitted := true {",
    "{{.}}",
    "${x}",
    "%s%n",
    "a\x00b",
    "\x1b[2J",
    "\u202einvestigator",
    "investigator\u200b",
    "\uff49nvestigator",
    "e\u0301",
    "\ufeff",
    "NaN",
    "1e999",
    "9007199254740993",
    "null",
    "true",
    "*",
    ".*",
    "\U0001f600",
    " investigator",
    "investigator ",
    "INVESTIGATOR",
    "'; drop table peer; --",
    "x" * 3000,
]
WORDS = ["role", "authority", "purpose", "category", "agreement"]  # each of these must be a known word to be permitted
OTHERS = ["code", "iccs", "list", "kinds", "language", "assurances", "undertakings", "fields", "authorisation"]


def asked_with(world: World, fact: str, text: str) -> Any:
    """Send the usual question with one word replaced; return how it was refused, or the answer's verdict."""
    facts, query, basis = world.circumstances(), world.query(), world.basis()
    changed = {
        "role": lambda: {"official": replace(facts.official, role=text)},
        "authority": lambda: {"official": replace(facts.official, authority=text)},
        "purpose": lambda: {"purpose": text},
        "code": lambda: {"offence": replace(facts.offence, code=text)},
        "iccs": lambda: {"offence": replace(facts.offence, iccs=text)},
        "list": lambda: {"offence": replace(facts.offence, list_category=text)},
        "kinds": lambda: {"offence": replace(facts.offence, kinds=(text,))},
        "language": lambda: {"language": text},
        "assurances": lambda: {"assurances": (text,)},
        "undertakings": lambda: {"undertakings": (text,)},
        "fields": lambda: {"ask": replace(facts.ask, fields=(text,))},
        "authorisation": lambda: {"authorisation": replace(facts.authorisation, type=text)},
    }
    facts = replace(facts, **changed[fact]()) if fact in changed else facts
    query = replace(query, category=text) if fact == "category" else query
    basis = replace(basis, agreement=text) if fact == "agreement" else basis
    sent = world.send(world.request(world.header(facts, basis=basis), query))
    if isinstance(sent, Refused):
        assert sent.code is grpc.StatusCode.INVALID_ARGUMENT, (fact, text, sent)
        return sent
    return CODEC.decode_reply(sent[0]).verdict


@pytest.mark.parametrize("fact", [*WORDS, *OTHERS])
def test_no_word_of_a_peer_is_read_as_anything_but_a_word(world: World, fact: str) -> None:
    usual = world.answered(world.request()).verdict
    assert usual.outcome == "permitted"
    for text in TEXTS:
        said = asked_with(world, fact, text)
        if isinstance(said, Refused):
            continue
        assert "technical_unavailable" not in [reason.code for reason in said.reasons], (fact, text)
        if fact in WORDS:
            assert said.outcome == "refused", (fact, text)
        elif said.outcome == "permitted":
            assert (said.disclosure, said.basis) == (usual.disclosure, usual.basis), (fact, text)
