"""What `query.search` performs: look into our own records, under the decision's conditions."""

from datetime import datetime
from typing import Any

from comity.exchange.model import Feature
from comity.exchange.redact import Found
from comity.exchange.release import Perform
from comity.policy.decision import Decision
from comity.records.query import Query
from comity.records.store import Records

_DEFAULT_CANDIDATES = 10


def search_records(records: Records) -> Perform:
    """Return the search over these records; conditions go into the SQL, so a barred row is not even a candidate."""

    def perform(query: Query, decision: Decision, at: datetime) -> list[Found]:
        conditions: list[dict[str, Any]] = [
            {"attribute": "category", "operator": "eq", "value": query.category},
            *({"attribute": c.attribute, "operator": c.operator, "value": c.value} for c in decision.conditions),
        ]
        limit = decision.max_candidates or _DEFAULT_CANDIDATES
        return [
            Found(
                candidate.record_id,
                candidate.entity,
                candidate.match.score,
                tuple(Feature(f.name, f.score, f.weight, f.text) for f in candidate.match.explanation),
            )
            for candidate in records.search(query, conditions, limit, at.date())
        ]

    return perform
