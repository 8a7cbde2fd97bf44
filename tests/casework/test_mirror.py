"""Readings compared over mutual TLS: alike where nobody changed anything, and what a peer may not ask."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from threading import Event, Semaphore

import pytest
from support.parties import Party, running_parties

from comity.casework.agreement_log import AgreementLog
from comity.casework.agreement_messages import Comparison
from comity.casework.agreement_reception import AgreementReception
from comity.casework.mirror import MAX_QUESTIONS, Question, differences, encoded, read, shared_questions
from comity.errors import Exhausted, Reason
from comity.exchange.model import SignedReply
from comity.exchange.responder import Call
from comity.policy.agreement import Agreement
from comity.policy.document import encode
from comity.policy.engine import Engine
from comity.wire.agreement import AgreementMessages

ID = "ee-fi-police-2026"


@pytest.fixture(scope="module")
def parties(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Party]]:
    with running_parties(tmp_path_factory.mktemp("mirror"), ["EE", "FI", "LV"]) as made:
        yield made


def held(party: Party, name: str = ID) -> Agreement:
    return next(each for each in party.held() if each.id == name)


def compare(party: Party, to: str, questions: list[Question], agreement: Agreement) -> tuple:
    return party.say(to, Comparison(agreement.id, agreement.digest, encoded(questions))).readings


def test_both_sides_give_the_same_readings(parties: dict[str, Party]) -> None:
    agreement = held(parties["EE"])
    questions = shared_questions(agreement, ("EE", "FI"))
    assert {each.provider for each in questions} == {"EE", "FI"}
    some = questions[:: len(questions) // 150][:MAX_QUESTIONS]
    theirs = compare(parties["EE"], "FI", some, agreement)
    with parties["EE"].node.office.readers(agreement) as engines:
        ours = read("EE", engines, [each.document for each in some])
    assert list(theirs) == ours
    assert {reading.outcome for reading in ours} == {"permitted", "review", "refused"}
    assert list(differences(some, ours, theirs)) == []
    changed = [replace(ours[0], outcome="refused"), *ours[1:]]
    (found,) = differences(some, changed, theirs)
    assert (found.question, found.ours, found.theirs) == (some[0], {"outcome": "refused"}, {"outcome": ours[0].outcome})


def test_a_convention_is_compared_between_two_of_its_parties(parties: dict[str, Party]) -> None:
    agreement = held(parties["EE"], "baltic-nordic-2026")
    questions = shared_questions(agreement, ("EE", "LV"))
    assert questions
    assert {each.provider for each in questions} == {"EE", "LV"}
    assert len(compare(parties["EE"], "LV", questions[:20], agreement)) == 20


def test_what_a_peer_may_not_ask(parties: dict[str, Party]) -> None:
    agreement = held(parties["EE"])
    question = shared_questions(agreement, ("EE", "FI"))[0]
    foreign = Question("x", {**question.document, "self": {"country": "LV"}})
    unnamed = Question("x", {**question.document, "basis": {"agreement": "another", "digest": ""}})

    def refused(party: str, to: str, *asked: bytes, digest: str = agreement.digest, name: str = ID) -> str:
        problem = parties[party].refused(to, Comparison(name, digest, asked))
        return str(problem.reason)

    good = encode(question.document)
    assert refused("EE", "FI", *encoded([foreign])) == Reason.MALFORMED
    assert refused("EE", "FI", *encoded([unnamed])) == Reason.MALFORMED
    assert refused("EE", "FI", b"[]") == Reason.MALFORMED
    assert refused("EE", "FI", b'{"self": 1, "self": 2}') == Reason.MALFORMED
    assert refused("EE", "FI", *([good] * (MAX_QUESTIONS + 1))) == Reason.MALFORMED
    assert refused("EE", "FI", good, digest="ab" * 32) == Reason.AGREEMENT_MISMATCH
    assert refused("EE", "FI", good, name="no-such") == Reason.NOT_FOUND
    assert refused("LV", "FI", good) == Reason.METHOD_NOT_ALLOWED


def test_comparisons_beyond_two_at_once_are_told_to_come_again(parties: dict[str, Party]) -> None:
    ee, fi = parties["EE"], parties["FI"]
    office, agreement = fi.node.office, held(ee)
    begun, may_end = Semaphore(0), Event()

    @contextmanager
    def slow(text: Agreement) -> Iterator[tuple[Engine, Engine]]:
        with office.readers(text) as engines:
            begun.release()
            assert may_end.wait(60)
            yield engines

    log = AgreementLog(fi.node.own, office.book)
    reception = AgreementReception(
        fi.node.own, office.book, log, fi.node.node.peers, office.turns, AgreementMessages(), slow
    )
    question = encoded(shared_questions(agreement, ("EE", "FI"))[:1])
    certificate = ee.node.own.identity.certificate_pem

    def ask() -> SignedReply:
        method, message = ee.message("FI", Comparison(agreement.id, agreement.digest, question))
        return reception.answer(Call(*fi.node.node.peers.identify(certificate, datetime.now(UTC)), message), method)

    with ThreadPoolExecutor(2) as pool:
        two = [pool.submit(ask) for _ in range(2)]
        for _ in two:
            assert begun.acquire(timeout=60)
        with pytest.raises(Exhausted, match="under way") as told:
            ask()
        may_end.set()
        assert told.value.reason == Reason.TOO_MANY_CONCURRENT
        assert all(each.result() for each in two)
    assert ask()  # the place is given back
