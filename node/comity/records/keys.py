"""Search keys: the equality look-ups by which candidates are found. Pure; the same for records and questions."""

from comity.records.entity import Entity
from comity.records.identifiers import KINDS, identifier_key
from comity.records.normalise import LEGAL_FORMS, PARTICLES, identifier, name_tokens, skeletons
from comity.records.query import Query

NAME_PROPERTIES = ("name", "alias", "previousName", "weakAlias")
_SCHEMATA = {
    "Person": ("Person", "LegalEntity"),
    "Company": ("Company", "Organization", "LegalEntity", "PublicBody"),
    "Vehicle": ("Vehicle", "Vessel", "Airplane"),
    "BankAccount": ("BankAccount", "CryptoWallet"),
    "Document": ("Passport", "Identification"),
}
MAX_KEYS = 400
_KEY_LENGTH = 128


def schemata_of(asked: str) -> tuple[str, ...]:
    """Return the FtM schemata that a question about `asked` may find."""
    return _SCHEMATA[asked]


def names_of(entity: Entity) -> tuple[str, ...]:
    """Return every name an entity goes by."""
    first, last = entity.values("firstName"), entity.values("lastName")
    joined = (f"{first[0]} {last[0]}",) if len(first) == 1 and len(last) == 1 else ()
    return (*entity.values(*NAME_PROPERTIES), *joined)


def identifier_keys(entity: Entity) -> list[str]:
    """Return one key for each identifier of a record, by kind."""
    found: dict[str, None] = {}
    for kind, properties in KINDS.items():
        for value in entity.values(*properties):
            normal = identifier(kind, value)
            if normal:
                found[identifier_key(kind, normal)] = None
    return list(found)


def entity_keys(entity: Entity) -> list[str]:
    """Return the keys under which a record is found, identifiers first."""
    found = dict.fromkeys(identifier_keys(entity))
    for name in names_of(entity):
        found.update(dict.fromkeys(_name_keys(comparable(name, entity.schema))))
    return list(found)[:MAX_KEYS]


def query_keys(query: Query) -> tuple[list[str], list[str]]:
    """Return (identifier keys, name keys) of a question."""
    exact = [identifier_key(i.kind, identifier(i.kind, i.value)) for i in query.identifiers]
    names = dict.fromkeys(key for name in query.names for key in _name_keys(comparable(name, query.schema)))
    return exact, list(names)


def comparable(name: str, schema: str) -> tuple[str, ...]:
    """Return a name's tokens as they are compared: of what is not a person, without the legal form."""
    tokens = name_tokens(name)
    if schema == "Person":
        return tokens
    return tuple(token for token in tokens if token not in LEGAL_FORMS) or tokens


def _name_keys(tokens: tuple[str, ...]) -> list[str]:
    weighty = [token for token in tokens if token not in PARTICLES and len(token) > 1] or tokens
    return [f"n:{bones}"[:_KEY_LENGTH] for token in weighty for bones in skeletons(token)]
