"""The life of an agreement as a state machine. Pure: events in, where the agreement stands out, or a refusal.

    draft → checked → approved by a second officer → proposed → signed by every party → agreed → in force on its day
    a text that came from a peer starts at `proposed`; `adopted` is a text that was signed on paper
    beside it, for the agreement as a whole: suspended by a party / resumed by that party / ended by a party

Every step is an `Event`; what is stored is nothing but events and texts, so that any moment can be looked up as it
was known at any other. Times are milliseconds since the Unix epoch.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import reduce

from comity.errors import Conflict, Forbidden, NotFound, Precondition, Reason


class Step(StrEnum):
    """What can happen to an agreement."""

    ADOPTED = "adopted"  # a text signed on paper came in as a file
    DRAFTED = "drafted"
    CHECKED = "checked"  # the schema holds and every scenario gives what the text says
    SIMULATED = "simulated"
    DISCARDED = "discarded"
    APPROVED = "approved"
    PROPOSED = "proposed"
    COUNTERSIGNED = "countersigned"
    AGREED = "agreed"  # the last party has signed
    IN_FORCE = "in-force"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    ENDED = "ended"


class State(StrEnum):
    """Where one text stands."""

    DRAFT = "draft"
    CHECKED = "checked"
    APPROVED = "approved"
    PROPOSED = "proposed"
    AGREED = "agreed"
    IN_FORCE = "in-force"
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True)
class Text:
    """What the life cycle needs to know of one text; `starts` and `ends` are the instrument's, Unix seconds."""

    agreement: str
    revision: int
    digest: str
    parties: tuple[str, ...]
    starts: int
    ends: int


@dataclass(frozen=True, slots=True)
class Event:
    """One step: about which text, by which country and official (a pseudonym), recorded and effective when.

    `envelope` is the country's signature where the step has one; `seq` counts all events of a node from 1.
    """

    seq: int
    agreement: str
    revision: int
    digest: str
    step: Step
    country: str
    official: str
    role: str
    recorded_at: int
    effective_at: int
    envelope: bytes = b""
    note: str = ""


@dataclass(frozen=True, slots=True)
class TextStanding:
    """Where one text stands; `authors` and `approver` are pseudonyms of officers at home."""

    text: Text
    state: State
    checked: bool = False
    authors: frozenset[str] = frozenset()
    approver: str = ""
    proposer: str = ""
    signed_by: frozenset[str] = frozenset()
    agreed_at: int = 0

    @property
    def open_draft(self) -> bool:
        """Whether it is still at home and may be edited."""
        return self.state in _AT_HOME

    @property
    def agreed(self) -> bool:
        """Whether every party has signed it."""
        return self.state in _BINDING

    @property
    def begins(self) -> int:
        """The moment from which it counts: its own day, or the last signature where that came later."""
        return max(self.text.starts * 1000, self.agreed_at)


@dataclass(frozen=True, slots=True)
class Pause:
    """A suspension by one country; `until` is None while it lasts."""

    country: str
    since: int
    until: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an agreement stands at one node, `home`. `ended` gives for each leaving country since when."""

    agreement: str
    home: str
    texts: Mapping[str, TextStanding] = field(default_factory=dict)
    pauses: tuple[Pause, ...] = ()
    ended: Mapping[str, int] = field(default_factory=dict)
    seq: int = 0

    def text(self, digest: str) -> TextStanding:
        """Return one text; raises `NotFound`."""
        found = self.texts.get(digest)
        if found is None:
            raise NotFound(
                f"{self.agreement}: no text with digest {digest[:16]} here: `comity agreement show {self.agreement}` "
                "lists what is known"
            )
        return found

    @property
    def draft(self) -> TextStanding | None:
        """The one text that is being written at home, if there is one."""
        return next((held for held in self.texts.values() if held.open_draft), None)

    @property
    def newest(self) -> TextStanding | None:
        """The newest text that every party signed, in force already or not."""
        bound = [held for held in self.texts.values() if held.agreed]
        return max(bound, key=lambda held: held.text.revision, default=None)

    @property
    def agreed_revision(self) -> int:
        """The highest revision that every party signed; 0 for none."""
        return self.newest.text.revision if self.newest else 0

    @property
    def open_proposals(self) -> list[TextStanding]:
        """The proposals that may still become binding."""
        proposed = [held for held in self.texts.values() if held.state is State.PROPOSED]
        return [held for held in proposed if held.text.revision > self.agreed_revision]

    def unsigned(self, country: str) -> list[TextStanding]:
        """Return the proposals that may still become binding and that a country has not signed."""
        return [held for held in self.open_proposals if country not in held.signed_by]

    def in_force(self, at: int) -> TextStanding | None:
        """Return the text that counts at a moment, suspended or not; an older one never comes back."""
        found = self.foremost(at)
        return found if found and found.begins <= at < found.text.ends * 1000 else None

    def foremost(self, at: int) -> TextStanding | None:
        """Return the text that counts at a moment; where none does, the one that did last, or that will first.

        What counts no more, or not yet, permits nothing by its own dates, but it says why and by which article.
        """
        agreed = [held for held in self.texts.values() if held.agreed]
        begun = [held for held in agreed if held.begins <= at]
        last = max(begun, key=lambda held: held.text.revision, default=None)
        return last or min(agreed, key=lambda held: held.begins, default=None)

    def suspended_by(self, at: int) -> frozenset[str]:
        """Return the countries that hold it suspended at a moment."""
        return frozenset(p.country for p in self.pauses if p.since <= at and (p.until is None or at < p.until))

    def left_by(self, at: int) -> frozenset[str]:
        """Return the countries for which it has ended at a moment."""
        return frozenset(country for country, since in self.ended.items() if since <= at)

    def boundaries(self) -> set[int]:
        """Return every moment at which by itself something begins or ends to count."""
        moments = set(self.ended.values())
        for held in self.texts.values():
            if held.agreed:
                moments |= {held.begins, held.text.ends * 1000}
        return moments


_AT_HOME = frozenset({State.DRAFT, State.CHECKED, State.APPROVED})
_BINDING = frozenset({State.AGREED, State.IN_FORCE})
_Effect = Callable[[Standing, Event, Text], Standing]


@dataclass(frozen=True, slots=True)
class Rule:
    """When a step may happen to a text (`None`: to one that is new here), by whom, and what it makes of it."""

    when: frozenset[State | None]
    effect: _Effect
    home_only: bool = False
    remedy: str = ""


def fold(agreement: str, home: str, events: Iterable[Event], texts: Mapping[str, Text]) -> Standing:
    """Return where an agreement stands after its events, oldest first; raises what `advance` raises."""
    return reduce(
        lambda standing, event: advance(standing, event, texts[event.digest]), events, Standing(agreement, home)
    )


def advance(standing: Standing, event: Event, text: Text) -> Standing:
    """Return the standing after one more event; raises `Conflict`, `Forbidden` or `Precondition` with the remedy."""
    if event.seq <= standing.seq:
        raise Conflict(f"{event.agreement}: it changed meanwhile: look at it again, then repeat")
    if (event.agreement, event.revision, event.digest) != (text.agreement, text.revision, text.digest):
        raise Conflict(f"{event.agreement}: the event and its text do not belong together")
    rule, held = RULES[event.step], standing.texts.get(event.digest)
    state = held.state if held else None
    if event.country not in text.parties:
        raise Forbidden(f"{event.agreement}: {event.country} is no party to this text")
    if rule.home_only and event.country != standing.home:
        raise Forbidden(f"{event.agreement}: only {standing.home}'s own officers do this at home")
    if state not in rule.when:
        at_present = state.value if state else "unknown here"
        raise Precondition(
            f"{event.agreement} revision {event.revision} cannot be {event.step.value}: it is {at_present}; "
            f"{rule.remedy}",
            reason=Reason.AGREEMENT_STATE,
        )
    if standing.left_by(event.recorded_at) & {standing.home, event.country} and event.step is not Step.DISCARDED:
        raise _ended(event.agreement)
    return replace(rule.effect(standing, event, text), seq=event.seq)


def check_follows(standing: Standing, text: Text, amends: str) -> None:
    """Refuse a text that does not follow the newest agreed one, named by its digest (empty: there is none).

    Raises `NotFound` where the text that it amends may still be agreed here, `Precondition` otherwise.
    """
    newest = standing.newest
    amended = standing.texts.get(amends)
    if amends and (amended is None or amended.state is State.PROPOSED) and text.revision > standing.agreed_revision:
        raise NotFound(
            f"{text.agreement} revision {text.revision} does not follow what is agreed here: the text that it amends, "
            f"{amends[:16]}, is not; once it is, send this again"
        )
    base, revision = (newest.text.digest, newest.text.revision) if newest else ("", 0)
    if text.revision <= revision or amends != base:
        held = f"revision {revision}, digest {base[:16]}" if newest else "no agreed text"
        raise Precondition(
            f"{text.agreement} revision {text.revision} does not follow what both sides agreed last ({held}): make a "
            "higher revision of that text",
            reason=Reason.AGREEMENT_MISMATCH,
            detail={"newest_revision": str(revision), "newest_digest": base},
        )


def check_replaces(standing: Standing, replaces: str) -> None:
    """Refuse to save over a draft that the officer has not seen: `replaces` is the digest of the one seen, or empty."""
    held = standing.draft.text.digest if standing.draft else ""
    if held != replaces:
        now = f"the draft here has digest {held}" if held else "there is no draft here any more"
        raise Conflict(
            f"{standing.agreement}: the draft was changed by somebody else: {now}; look at it, then save with "
            "--replaces and its digest",
            reason=Reason.AGREEMENT_STATE,
            detail={"draft_digest": held},
        )


def _put(standing: Standing, held: TextStanding) -> Standing:
    return replace(standing, texts={**standing.texts, held.text.digest: held})


def _new(standing: Standing, event: Event, text: Text) -> TextStanding:
    return standing.texts.get(event.digest) or TextStanding(text, State.DRAFT)


def _adopted(standing: Standing, event: Event, text: Text) -> Standing:
    _check_rises(standing, text)
    held = replace(_new(standing, event, text), state=State.AGREED, agreed_at=event.effective_at)
    return _put(standing, replace(held, signed_by=frozenset(text.parties)))


def _drafted(standing: Standing, event: Event, text: Text) -> Standing:
    _check_rises(standing, text)
    authors = frozenset({event.official})
    before = standing.draft
    if before:
        authors |= before.authors
        standing = _put(standing, replace(before, state=State.DISCARDED))
    return _put(standing, TextStanding(text, State.DRAFT, authors=authors))


def _checked(standing: Standing, event: Event, text: Text) -> Standing:
    held = _new(standing, event, text)
    state = State.CHECKED if held.state is State.DRAFT else held.state
    return _put(standing, replace(held, checked=True, state=state))


def _unchanged(standing: Standing, _event: Event, _text: Text) -> Standing:
    return standing


def _discarded(standing: Standing, event: Event, text: Text) -> Standing:
    return _put(standing, replace(_new(standing, event, text), state=State.DISCARDED))


def _approved(standing: Standing, event: Event, text: Text) -> Standing:
    held = _new(standing, event, text)
    if event.official in held.authors:
        raise Forbidden(
            f"{event.agreement}: who wrote a draft cannot approve it: a second officer must (four eyes)",
            reason=Reason.FOUR_EYES,
        )
    received = held.state is State.PROPOSED
    if not held.checked:
        raise Precondition(
            f"{event.agreement}: its scenarios have not passed at this node yet", reason=Reason.AGREEMENT_STATE
        )
    if received and standing.home in held.signed_by:
        raise Precondition(f"{event.agreement}: {standing.home} has signed it", reason=Reason.AGREEMENT_STATE)
    return _put(standing, replace(held, approver=event.official, state=held.state if received else State.APPROVED))


def _proposed(standing: Standing, event: Event, text: Text) -> Standing:
    held = _new(standing, event, text)
    if event.country == standing.home and held.state is not State.APPROVED:
        raise Precondition(
            f"{event.agreement} revision {event.revision} is {held.state.value}: it can be proposed once a second "
            "officer has approved it: `comity agreement approve`",
            reason=Reason.AGREEMENT_STATE,
        )
    _check_signature(standing, event, text)
    return _put(standing, replace(held, state=State.PROPOSED, proposer=event.country, signed_by=_and(held, event)))


def _countersigned(standing: Standing, event: Event, text: Text) -> Standing:
    held = _new(standing, event, text)
    if event.country in held.signed_by:
        raise Conflict(f"{event.agreement}: {event.country} has signed this text already")
    if event.country == standing.home:
        if not held.approver:
            raise Forbidden(
                f"{event.agreement}: a first officer must approve the proposal before a second one countersigns it",
                reason=Reason.FOUR_EYES,
            )
        if held.approver == event.official:
            raise Forbidden(
                f"{event.agreement}: who approved a proposal cannot countersign it: a second officer must (four eyes)",
                reason=Reason.FOUR_EYES,
            )
    _check_signature(standing, event, text)
    return _put(standing, replace(held, signed_by=_and(held, event)))


def _agreed(standing: Standing, event: Event, text: Text) -> Standing:
    held = _new(standing, event, text)
    missing = sorted(set(text.parties) - held.signed_by)
    if missing:
        raise Precondition(f"{event.agreement}: {', '.join(missing)} have not signed", reason=Reason.AGREEMENT_STATE)
    _check_rises(standing, text)
    return _put(standing, replace(held, state=State.AGREED, agreed_at=event.effective_at))


def _in_force(standing: Standing, event: Event, text: Text) -> Standing:
    held = _new(standing, event, text)
    if held.begins > event.effective_at:
        raise Precondition(
            f"{event.agreement} revision {event.revision} comes into force on its own day only",
            reason=Reason.AGREEMENT_STATE,
        )
    return _put(standing, replace(held, state=State.IN_FORCE))


def _suspended(standing: Standing, event: Event, _text: Text) -> Standing:
    if event.country in standing.suspended_by(event.effective_at):
        raise Conflict(f"{event.agreement}: {event.country} has suspended it already", reason=Reason.AGREEMENT_STATE)
    return replace(standing, pauses=(*standing.pauses, Pause(event.country, event.effective_at, note=event.note)))


def _resumed(standing: Standing, event: Event, _text: Text) -> Standing:
    if event.country not in standing.suspended_by(event.effective_at):
        others = ", ".join(sorted(standing.suspended_by(event.effective_at)))
        said = f"only {others} can resume it" if others else "it is not suspended"
        raise Conflict(
            f"{event.agreement}: {event.country} has not suspended it; {said}", reason=Reason.AGREEMENT_STATE
        )
    pauses = tuple(
        replace(pause, until=event.effective_at) if pause.country == event.country and pause.until is None else pause
        for pause in standing.pauses
    )
    return replace(standing, pauses=pauses)


def _ended_by(standing: Standing, event: Event, _text: Text) -> Standing:
    if event.country in standing.ended:
        raise Conflict(f"{event.agreement}: {event.country} has ended it already", reason=Reason.AGREEMENT_STATE)
    return replace(standing, ended={**standing.ended, event.country: event.effective_at})


def _and(held: TextStanding, event: Event) -> frozenset[str]:
    return held.signed_by | {event.country}


def _check_rises(standing: Standing, text: Text) -> None:
    newest = standing.newest
    if newest and text.revision <= newest.text.revision:
        raise Precondition(
            f"{text.agreement} revision {text.revision} does not follow revision {newest.text.revision}, which every "
            "party signed: make a higher revision",
            reason=Reason.AGREEMENT_MISMATCH,
        )


def _check_signature(standing: Standing, event: Event, text: Text) -> None:
    """No country may be bound to two texts of one number.

    At home only rising revisions are signed. What others signed may arrive in any order, so of theirs only a second
    text of one number is refused.
    """
    _check_rises(standing, text)
    signed = {held.text.revision for held in standing.texts.values() if event.country in held.signed_by}
    last = max(signed, default=0)
    if text.revision in signed or (event.country == standing.home and text.revision < last):
        raise Conflict(
            f"{text.agreement}: {event.country} has signed revision {last} already: another text needs a higher one",
            reason=Reason.AGREEMENT_STATE,
        )


def _ended(agreement: str) -> Precondition:
    return Precondition(f"{agreement} has ended: a new agreement takes a new id", reason=Reason.AGREEMENT_STATE)


RULES: Mapping[Step, Rule] = {
    Step.ADOPTED: Rule(frozenset({None, *_AT_HOME, State.PROPOSED}), _adopted, home_only=True, remedy="nothing to do"),
    Step.DRAFTED: Rule(
        frozenset({None, *_AT_HOME, State.DISCARDED}), _drafted, home_only=True, remedy="make a higher revision"
    ),
    Step.CHECKED: Rule(
        frozenset({State.DRAFT, State.CHECKED, State.PROPOSED}), _checked, home_only=True, remedy="draft it first"
    ),
    Step.SIMULATED: Rule(
        frozenset({State.CHECKED, State.PROPOSED}), _unchanged, home_only=True, remedy="its scenarios must pass first"
    ),
    Step.DISCARDED: Rule(_AT_HOME, _discarded, home_only=True, remedy="only a draft at home can be"),
    Step.APPROVED: Rule(
        frozenset({State.CHECKED, State.PROPOSED}),
        _approved,
        home_only=True,
        remedy="its scenarios must pass first: `comity agreement draft` runs them",
    ),
    Step.PROPOSED: Rule(frozenset({None, *_AT_HOME}), _proposed, remedy="a text is proposed once"),
    Step.COUNTERSIGNED: Rule(frozenset({State.PROPOSED}), _countersigned, remedy="a proposal can be countersigned"),
    Step.AGREED: Rule(frozenset({State.PROPOSED}), _agreed, home_only=True, remedy="every party must sign first"),
    Step.IN_FORCE: Rule(frozenset({State.AGREED}), _in_force, home_only=True, remedy="every party must sign it first"),
    Step.SUSPENDED: Rule(_BINDING, _suspended, remedy="only what every party signed can be"),
    Step.RESUMED: Rule(_BINDING, _resumed, remedy="only what every party signed can be"),
    Step.ENDED: Rule(_BINDING, _ended_by, remedy="only what every party signed can be: discard a draft"),
}
"""The whole machine; a test walks it."""
