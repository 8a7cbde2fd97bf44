"""How alike a question and a record are: one score, explained feature by feature. Pure.

The score says how sure one may be that it is the same subject, not how alike two texts look: a name alone never
reaches 1, a birth date that contradicts pulls a perfect name below the threshold, an identifier of the right kind
settles it. Explanations name the feature and how it agrees; they never hold a value of the record.
"""

from dataclasses import dataclass
from typing import Self

from comity.records.entity import Entity
from comity.records.features import Feature, birth_date, nationality
from comity.records.identifiers import identifier_key
from comity.records.keys import comparable
from comity.records.names import NOTHING, align
from comity.records.normalise import identifier
from comity.records.profile import Profile, Tokens, profile_of
from comity.records.query import Query

HIT = 0.7
"""From this score on, a record is reported as a hit; see `comity bench` and tests/records for how it was chosen."""

_NAME_ALONE = 0.86  # the most a name can say by itself
_NAME_AT_LEAST = 0.3  # below it, nothing but an identifier makes a match
_NAME_CARRIES = 0.5
_WEAK_ALIAS = 0.85


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
            names=tuple(dict.fromkeys(comparable(name, query.schema) for name in query.names)),
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
    if settled is None and names.score < _NAME_AT_LEAST:
        return Match(round(names.score * _NAME_ALONE, 4), (names,))
    features = [names]
    score = names.score * _NAME_ALONE
    for other in (birth_date(question.birth_date, profile.births), nationality(question.countries, profile.countries)):
        if other is not None:
            features.append(other)
            score = _weigh(score, other.weight, names.score)
    if settled is not None:
        features.append(settled)
        score = max(score, settled.score * (0.9 + 0.1 * names.score))
    return Match(round(min(score, 1.0), 4), tuple(features))


def _weigh(score: float, weight: float, name: float) -> float:
    """Return a score after one more feature: agreeing lifts it as far as the name carries, contradicting lowers it.

    Many people share a birth date: one that agrees says little where the names hardly do.
    """
    if weight < 0:
        return score * (1 + weight)
    carries = min(max((name - _NAME_AT_LEAST) / (_NAME_CARRIES - _NAME_AT_LEAST), 0.0), 1.0)
    return score + (1 - score) * weight * carries


def _identifiers(question: Question, profile: Profile) -> Feature | None:
    found = None
    for key, kind, country in question.identifiers:
        if key in profile.identifiers:
            if profile.issued and country and profile.countries and country not in profile.countries:
                found = Feature("identifier", 0.5, 1.0, f"{kind} number is the same, but of another country")
            else:
                return Feature("identifier", 1.0, 1.0, f"{kind} number is the same")
    return found


def _names(question: Question, profile: Profile) -> Feature:
    best, exact, weakly = NOTHING, False, False
    for weak, names in ((False, profile.names), (True, profile.weak)):
        for held in names:
            for asked in question.names:
                found = align(asked, held)
                if weak:
                    found = found._replace(score=found.score * _WEAK_ALIAS)
                if found.score > best.score:
                    best, exact, weakly = found, asked == held, weak
    if not best.score:
        return Feature("name", 0.0, _NAME_ALONE, "no name agrees")
    how = " exactly after transliteration" if exact else " in spelling or sound"
    of_alias = " with a weak alias" if weakly else ""
    return Feature(
        "name", round(best.score, 4), _NAME_ALONE, f"{best.agreeing} of {best.asked} name parts agree{how}{of_alias}"
    )
