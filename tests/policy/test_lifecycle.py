"""The life of an agreement: a machine that plays two countries at random, and each refusal by name."""

from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from comity.errors import ComityError, Conflict, Forbidden, NotFound, Precondition, Reason
from comity.policy.lifecycle import (
    RULES,
    Event,
    Standing,
    State,
    Step,
    Text,
    advance,
    check_follows,
    check_replaces,
    fold,
)

A, B, C = "officer-a", "officer-b", "officer-c"
START, END = 1_000, 9_000


def text(revision: int = 1, digest: str = "", parties: tuple[str, ...] = ("EE", "FI")) -> Text:
    return Text("x", revision, digest or f"d{revision}", parties, START, END)


def event(step: Step, of: Text, *, seq: int, country: str = "EE", official: str = A, at: int = 5_000_000) -> Event:
    return Event(seq, of.agreement, of.revision, of.digest, step, country, official, "policy-officer", at, at)


class Life:
    """Plays steps on one standing; `by` is (country, official)."""

    def __init__(self, home: str = "EE") -> None:
        self.standing = Standing("x", home)

    def play(self, step: Step, of: Text, official: str = A, country: str = "EE", at: int = 5_000_000) -> Standing:
        made = event(step, of, seq=self.standing.seq + 1, country=country, official=official, at=at)
        self.standing = advance(self.standing, made, of)
        return self.standing


def agreed(revision: int = 1) -> Life:
    life, one = Life(), text(revision)
    for step, official in ((Step.DRAFTED, A), (Step.CHECKED, A), (Step.APPROVED, B), (Step.PROPOSED, A)):
        life.play(step, one, official)
    life.play(Step.COUNTERSIGNED, one, C, "FI")
    life.play(Step.AGREED, one)
    return life


def test_the_whole_road() -> None:
    life, one = agreed(), text()
    assert life.standing.in_force(START * 1000 - 1) is None
    assert life.standing.in_force(5_000_000).text == one
    life.play(Step.IN_FORCE, one)
    assert life.standing.texts["d1"].state is State.IN_FORCE
    life.play(Step.SUSPENDED, one, C, "FI", at=6_000_000)
    assert life.standing.suspended_by(6_000_000) == {"FI"}
    assert life.standing.suspended_by(5_999_999) == frozenset()
    life.play(Step.SUSPENDED, one, A, "EE", at=6_100_000)
    life.play(Step.RESUMED, one, C, "FI", at=6_200_000)
    assert life.standing.suspended_by(6_200_000) == {"EE"}
    life.play(Step.RESUMED, one, A, "EE", at=6_300_000)
    assert life.standing.suspended_by(6_300_000) == frozenset()
    assert life.standing.suspended_by(6_250_000) == {"EE"}
    life.play(Step.ENDED, one, C, "FI", at=6_400_000)
    assert life.standing.left_by(6_400_000) == {"FI"}
    with pytest.raises(Precondition, match="has ended"):
        life.play(Step.SUSPENDED, one, C, "FI", at=6_500_000)


def test_four_eyes_at_home_on_both_sides() -> None:
    life, one = Life(), text()
    life.play(Step.DRAFTED, one, A)
    life.play(Step.CHECKED, one, A)
    with pytest.raises(Forbidden, match="second officer") as refused:
        life.play(Step.APPROVED, one, A)
    assert refused.value.reason is Reason.FOUR_EYES
    other = Life("FI")
    other.play(Step.PROPOSED, one, A, "EE")
    with pytest.raises(Precondition, match="scenarios have not passed"):
        other.play(Step.APPROVED, one, B, "FI")
    other.play(Step.CHECKED, one, B, "FI")
    with pytest.raises(Forbidden, match="first officer"):
        other.play(Step.COUNTERSIGNED, one, B, "FI")
    other.play(Step.APPROVED, one, B, "FI")
    with pytest.raises(Forbidden, match="second officer"):
        other.play(Step.COUNTERSIGNED, one, B, "FI")
    other.play(Step.COUNTERSIGNED, one, C, "FI")
    assert other.play(Step.AGREED, one, "", "FI").newest.text == one


def test_who_saved_any_version_of_a_draft_cannot_approve_it() -> None:
    life, first, second = Life(), text(1, "v1"), text(1, "v2")
    life.play(Step.DRAFTED, first, A)
    life.play(Step.DRAFTED, second, B)
    life.play(Step.CHECKED, second, B)
    assert life.standing.texts["v1"].state is State.DISCARDED
    for author in (A, B):
        with pytest.raises(Forbidden):
            life.play(Step.APPROVED, second, author)
    life.play(Step.APPROVED, second, C)


def test_an_edit_after_approval_needs_a_new_one() -> None:
    life, first, second = Life(), text(1, "v1"), text(1, "v2")
    for step, official in ((Step.DRAFTED, A), (Step.CHECKED, A), (Step.APPROVED, B)):
        life.play(step, first, official)
    life.play(Step.DRAFTED, second, A)
    with pytest.raises(Precondition, match="once a second officer"):
        life.play(Step.PROPOSED, second, A)
    with pytest.raises(Precondition):
        life.play(Step.PROPOSED, first, A)


def test_a_draft_saved_over_another_officers_is_refused() -> None:
    life, first = Life(), text(1, "v1")
    check_replaces(life.standing, "")
    life.play(Step.DRAFTED, first, A)
    check_replaces(life.standing, "v1")
    with pytest.raises(Conflict, match="changed by somebody else") as refused:
        check_replaces(life.standing, "")
    assert refused.value.detail == {"draft_digest": "v1"}
    life.play(Step.DISCARDED, first, A)
    with pytest.raises(Conflict):
        check_replaces(life.standing, "v1")


def test_a_revision_must_follow_what_was_agreed_last() -> None:
    standing = agreed(3).standing
    check_follows(standing, text(4), "d3")
    check_follows(standing, text(7), "d3")
    with pytest.raises(NotFound, match="does not follow"):
        check_follows(standing, text(4), "other")
    for revision, amends in ((3, "d3"), (2, "d3"), (4, ""), (3, "other")):
        with pytest.raises(Precondition) as refused:
            check_follows(standing, text(revision, "new"), amends)
        assert refused.value.reason is Reason.AGREEMENT_MISMATCH
        assert refused.value.detail["newest_digest"] == "d3"
    check_follows(Standing("x", "EE"), text(1), "")
    with pytest.raises(NotFound):
        check_follows(Standing("x", "EE"), text(1), "d0")


def test_no_country_signs_two_texts_of_one_number() -> None:
    life, ours, theirs = Life(), text(1, "ours"), text(1, "theirs")
    for step, official in ((Step.DRAFTED, A), (Step.CHECKED, A), (Step.APPROVED, B), (Step.PROPOSED, A)):
        life.play(step, ours, official)
    life.play(Step.PROPOSED, theirs, C, "FI")
    life.play(Step.CHECKED, theirs, A)
    life.play(Step.APPROVED, theirs, A)
    with pytest.raises(Conflict, match="signed revision 1 already"):
        life.play(Step.COUNTERSIGNED, theirs, B)
    with pytest.raises(Conflict, match="signed revision 1 already"):
        life.play(Step.COUNTERSIGNED, ours, C, "FI")


def test_many_parties_must_all_sign() -> None:
    life, one = Life(), text(1, "", ("EE", "FI", "LV"))
    life.play(Step.PROPOSED, one, C, "FI")
    life.play(Step.COUNTERSIGNED, one, C, "LV")
    with pytest.raises(Precondition, match="EE have not signed"):
        life.play(Step.AGREED, one)
    with pytest.raises(Conflict, match="LV has signed"):
        life.play(Step.COUNTERSIGNED, one, C, "LV")
    with pytest.raises(Forbidden, match="SE is no party"):
        life.play(Step.COUNTERSIGNED, one, C, "SE")


def test_only_who_suspended_resumes() -> None:
    life, one = agreed(), text()
    life.play(Step.SUSPENDED, one, C, "FI")
    with pytest.raises(Conflict, match="only FI can resume"):
        life.play(Step.RESUMED, one, A, "EE")
    with pytest.raises(Conflict, match="suspended it already"):
        life.play(Step.SUSPENDED, one, C, "FI")
    with pytest.raises(Conflict, match="not suspended"):
        agreed().play(Step.RESUMED, one, A)


def test_the_older_text_never_comes_back() -> None:
    life, short = agreed(), replace(text(2), ends=6_000)
    life.play(Step.PROPOSED, short, C, "FI", at=5_100_000)
    life.play(Step.CHECKED, short)
    life.play(Step.APPROVED, short, A)
    life.play(Step.COUNTERSIGNED, short, B)
    life.play(Step.AGREED, short, at=5_200_000)
    assert life.standing.in_force(5_199_999).text.revision == 1
    assert life.standing.in_force(5_200_000).text.revision == 2
    assert life.standing.in_force(6_000_000) is None


def test_stale_knowledge_and_strange_texts() -> None:
    life, one = agreed(), text()
    with pytest.raises(Conflict, match="changed meanwhile"):
        advance(life.standing, event(Step.SUSPENDED, one, seq=life.standing.seq), one)
    with pytest.raises(Conflict, match="do not belong together"):
        advance(life.standing, event(Step.SUSPENDED, text(2), seq=99), one)
    with pytest.raises(NotFound):
        life.standing.text("nowhere")
    with pytest.raises(Forbidden, match="own officers"):
        life.play(Step.DRAFTED, text(2), C, "FI")


def test_every_step_has_a_rule_and_every_rule_a_remedy() -> None:
    assert set(RULES) == set(Step)
    assert all(each.remedy and each.when for each in RULES.values())


OFFICIALS, COUNTRIES = st.sampled_from([A, B, C]), st.sampled_from(["EE", "FI"])
VERSIONS = st.sampled_from([text(revision, f"{revision}{letter}") for revision in (1, 2, 3) for letter in "ab"])


class AnyOrder(RuleBasedStateMachine):
    """Everyone tries everything; whatever was not refused must keep the promises below."""

    def __init__(self) -> None:
        super().__init__()
        self.standing = Standing("x", "EE")
        self.events: list[Event] = []
        self.at = 2_000_000

    @rule(step=st.sampled_from(list(Step)), of=VERSIONS, official=OFFICIALS, country=COUNTRIES)
    def attempt(self, step: Step, of: Text, official: str, country: str) -> None:
        self.at += 1000
        made = event(step, of, seq=self.standing.seq + 1, country=country, official=official, at=self.at)
        try:
            self.standing = advance(self.standing, made, of)
        except (Conflict, Forbidden, Precondition):
            pass
        else:
            self.events.append(made)

    @precondition(lambda self: self.standing.texts)
    @rule(data=st.data(), official=OFFICIALS, country=COUNTRIES)
    def go_on(self, data: st.DataObject, official: str, country: str) -> None:
        """A step that the state of a known text allows: without it, chance alone seldom gets far."""
        known = self.standing.texts[data.draw(st.sampled_from(sorted(self.standing.texts)))]
        allowed = [step for step in Step if known.state in RULES[step].when and step is not Step.DISCARDED]
        self.attempt(data.draw(st.sampled_from(allowed or list(Step))), known.text, official, country)

    @rule(of=VERSIONS, officials=st.tuples(OFFICIALS, OFFICIALS, OFFICIALS))
    def at_home(self, of: Text, officials: tuple[str, str, str]) -> None:
        steps = (Step.DRAFTED, Step.CHECKED, Step.APPROVED, Step.PROPOSED)
        for step, official in zip(steps, (officials[0], *officials), strict=True):
            self.attempt(step, of, official, "EE")

    @rule(of=VERSIONS, officials=st.tuples(OFFICIALS, OFFICIALS))
    def from_abroad(self, of: Text, officials: tuple[str, str]) -> None:
        self.attempt(Step.PROPOSED, of, C, "FI")
        steps = (Step.CHECKED, Step.APPROVED, Step.COUNTERSIGNED, Step.AGREED)
        for step, official in zip(steps, (officials[0], *officials, officials[0]), strict=True):
            self.attempt(step, of, official, "EE")

    @invariant()
    def nobody_is_bound_alone(self) -> None:
        for held in self.standing.texts.values():
            if held.agreed:
                assert held.signed_by == set(held.text.parties)
        adopted = {each.digest for each in self.events if each.step is Step.ADOPTED}
        for held in self.standing.texts.values():
            ours = [e for e in self.events if e.digest == held.text.digest and e.country == "EE"]
            signed = [e for e in ours if e.step in (Step.PROPOSED, Step.COUNTERSIGNED)]
            if signed and held.text.digest not in adopted:
                approved = [e for e in ours if e.step is Step.APPROVED and e.seq < signed[0].seq]
                wrote = {e.official for e in ours if e.step is Step.DRAFTED}
                assert approved
                assert approved[-1].official not in wrote
                if signed[0].step is Step.COUNTERSIGNED:
                    assert approved[-1].official != signed[0].official

    @invariant()
    def agreed_revisions_rise_and_at_most_one_draft_is_open(self) -> None:
        order = [e.revision for e in self.events if e.step in (Step.AGREED, Step.ADOPTED)]
        assert order == sorted(set(order))
        assert sum(held.open_draft for held in self.standing.texts.values()) <= 1

    @invariant()
    def a_country_signs_one_text_of_each_number(self) -> None:
        signed = [(e.country, e.revision) for e in self.events if e.step in (Step.PROPOSED, Step.COUNTERSIGNED)]
        assert len(signed) == len(set(signed))

    @invariant()
    def what_is_in_force_was_agreed_and_is_the_newest_that_began(self) -> None:
        found = self.standing.in_force(self.at)
        if found:
            assert found.agreed
            assert found.begins <= self.at < found.text.ends * 1000
            assert found == self.standing.newest

    @invariant()
    def the_past_is_the_same_whenever_it_is_folded(self) -> None:
        texts = {held.text.digest: held.text for held in self.standing.texts.values()}
        assert fold("x", "EE", self.events, texts) == (self.standing if self.events else Standing("x", "EE"))


AnyOrder.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None, derandomize=True)
TestAnyOrder = AnyOrder.TestCase


def test_a_refusal_is_an_error_of_the_tree() -> None:
    with pytest.raises(ComityError):
        advance(Standing("x", "EE"), event(Step.AGREED, text(), seq=1), text())
