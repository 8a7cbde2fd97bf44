"""Cut what was found down to what the decision releases. Pure; the only way from a record to an answer."""

from collections.abc import Callable
from dataclasses import dataclass

from comity.exchange.model import Feature, Findings, Hit
from comity.policy.decision import Decision
from comity.records.entity import Entity
from comity.records.redact import redact

_WITH_FIELDS = ("core", "full")


@dataclass(frozen=True, slots=True)
class Found:
    """A matching record as the records room returns it, before anything is cut."""

    record_id: str
    entity: Entity
    score: float
    explanation: tuple[Feature, ...]


def shape(found: list[Found], decision: Decision, reference: Callable[[str], str]) -> Findings:
    """Return the findings at the decision's disclosure level; `reference` makes a record's pseudonym.

    hit: yes or no, with one reference to follow up. count: also how many. reference: one reference for each match.
    core, full: also the fields the decision names. A level that is not one of these releases nothing.
    """
    level = decision.disclosure
    if level in ("hit", "count"):
        shown = found[:1]
    elif level == "reference" or level in _WITH_FIELDS:
        shown = found[: decision.max_candidates] if decision.max_candidates else found
    else:
        return Findings(hit=False)
    hits = tuple(_hit(match, decision, reference) for match in shown)
    return Findings(hit=bool(found), count=0 if level == "hit" else len(found), hits=hits)


def _hit(match: Found, decision: Decision, reference: Callable[[str], str]) -> Hit:
    pseudonym = reference(match.record_id)
    if decision.disclosure not in _WITH_FIELDS:
        return Hit(pseudonym, match.score, match.explanation)
    released = redact(match.entity, decision.fields)
    return Hit(pseudonym, match.score, match.explanation, released.schema, dict(released.properties))
