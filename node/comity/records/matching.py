"""How alike a question and a record are: one score, explained feature by feature. Pure.

The score says how sure one may be that it is the same subject, not how alike two texts look: a name alone never
reaches 1, a birth date that contradicts pulls a perfect name below the threshold, an identifier of the right kind
settles it. Explanations name the feature and how it agrees; they never hold a value of the record.
"""

from dataclasses import dataclass, replace
from typing import Self

from comity.records.entity import Entity
from comity.records.keys import identifier_key
from comity.records.names import NOTHING, align
from comity.records.normalise import identifier, name_tokens
from comity.records.profile import Profile, Tokens, profile_of
from comity.records.query import Query

HIT = 0.7
"""From this score on, a record is reported as a hit; see `comity bench` and tests/records for how it was chosen."""

_NAME_ALONE = 0.86  # the most a name can say by itself
_WEAK_ALIAS = 0.85
_DATE_WHOLE = 10


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature: its own similarity, its weight in the whole, and in words how it agrees."""

    name: str
    score: float
    weight: float
    text: str


@dataclass(frozen=True, slots=True)
class Match:
    """The score of a record, 0 to 1, and why."""

    score: float
    explanation: tuple[Feature, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """A query in comparable form; `identifiers` are (key, kind, country or "")."""

    names: tuple[Tokens, ...]
    birth_date: str
    countries: frozenset[str]
    identifiers: tuple[tuple[str, str, str], ...]

    @classmethod
    def of(cls, query: Query) -> Self:
        """Return the comparable form of a query."""
        return cls(
            names=tuple(dict.fromkeys(name_tokens(name) for name in query.names)),
            birth_date=query.birth_date or "",
            countries=frozenset(country.lower() for country in query.nationalities),
            identifiers=tuple(
                (identifier_key(i.kind, identifier(i.kind, i.value)), i.kind, (i.country or "").lower())
                for i in query.identifiers
            ),
        )


def match(query: Query, entity: Entity) -> Match:
    """Return how sure it is that the record is about the subject asked for."""
    return compare(Question.of(query), profile_of(entity))


def compare(question: Question, profile: Profile) -> Match:
    """Return how sure it is that the record of this profile is about the subject of the question."""
    settled = _identifiers(question, profile)
    if not question.names:
        return Match(settled.score, (settled,)) if settled else Match(0.0, ())
    names = _names(question, profile)
    features = [names]
    score = names.score * _NAME_ALONE
    date = _birth_date(question.birth_date, profile.births)
    if date is not None:
        features.append(date)
        score = score + (1 - score) * date.weight if date.weight > 0 else score * (1 + date.weight)
    nation = _nationality(question, profile)
    if nation is not None:
        features.append(nation)
        score = score + (1 - score) * nation.weight if nation.weight > 0 else score * (1 + nation.weight)
    if settled is not None:
        features.append(settled)
        score = max(score, settled.score * (0.9 + 0.1 * names.score))
    return Match(round(min(score, 1.0), 4), tuple(features))


def _identifiers(question: Question, profile: Profile) -> Feature | None:
    for key, kind, _country in question.identifiers:
        if key in profile.identifiers:
            return Feature("identifier", 1.0, 1.0, f"{kind} number is the same")
    return None


def _names(question: Question, profile: Profile) -> Feature:
    best, exact, weakly = NOTHING, False, False
    for weak, names in ((False, profile.names), (True, profile.weak)):
        for held in names:
            for asked in question.names:
                found = align(asked, held)
                if weak:
                    found = replace(found, score=found.score * _WEAK_ALIAS)
                if found.score > best.score:
                    best, exact, weakly = found, asked == held, weak
    if not best.score:
        return Feature("name", 0.0, _NAME_ALONE, "no name agrees")
    how = " exactly after transliteration" if exact else " in spelling or sound"
    of_alias = " with a weak alias" if weakly else ""
    return Feature(
        "name", round(best.score, 4), _NAME_ALONE, f"{best.agreeing} of {best.asked} name parts agree{how}{of_alias}"
    )


def _birth_date(asked: str, held: tuple[str, ...]) -> Feature | None:
    """Return how birth dates agree; `weight` > 0 raises the score, < 0 lowers it. None when a side has none."""
    if not asked or not held:
        return None
    return max((_compare_dates(asked, value) for value in held), key=lambda feature: feature.weight)


def _compare_dates(asked: str, held: str) -> Feature:
    if asked == held:
        whole = len(asked) == _DATE_WHOLE
        return Feature(
            "birthDate", 1.0, 0.7 if whole else 0.3, "same birth date" if whole else "same birth year or month"
        )
    shorter = min(len(asked), len(held))
    if asked[:shorter] == held[:shorter]:
        return Feature("birthDate", 0.8, 0.3, "birth dates agree as far as both are known")
    if len(asked) == len(held) == _DATE_WHOLE:
        if asked[:4] == held[:4] and asked[5:7] == held[8:] and asked[8:] == held[5:7]:
            return Feature("birthDate", 0.7, 0.3, "day and month are swapped")
        if sum(a != b for a, b in zip(asked, held, strict=True)) == 1:
            return Feature("birthDate", 0.5, 0.1, "birth dates differ in one digit")
        if asked[:4] == held[:4]:
            return Feature("birthDate", 0.3, -0.1, "same birth year, other day")
    years = abs(int(asked[:4]) - int(held[:4]))
    if years <= 1:
        return Feature("birthDate", 0.3, -0.1, "birth years differ by one")
    return Feature("birthDate", 0.0, -0.35 if years <= 5 else -0.5, "birth dates contradict")


def _nationality(question: Question, profile: Profile) -> Feature | None:
    if not question.countries or not profile.countries:
        return None
    if question.countries.intersection(profile.countries):
        return Feature("nationality", 1.0, 0.1, "same nationality")
    return Feature("nationality", 0.0, -0.05, "other nationality")
