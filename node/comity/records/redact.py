"""Field-level redaction: only what the decision names survives. Pure."""

from comity.errors import Malformed, Violation
from comity.records.entity import Entity
from comity.records.schema import property_names


def redact(entity: Entity, fields: tuple[str, ...]) -> Entity:
    """Return the entity with the named properties only, and without its source id.

    Raises `Malformed` for a name that is not in the vocabulary.
    """
    unknown = sorted(set(fields) - property_names())
    if unknown:
        found = tuple(Violation(f"fields.{name}"[:80], "is not a FollowTheMoney property") for name in unknown)
        raise Malformed(f"fields: {len(unknown)} name(s) are no FollowTheMoney properties", violations=found)
    kept = {name: entity.properties[name] for name in sorted(fields) if name in entity.properties}
    return Entity("", entity.schema, kept)
