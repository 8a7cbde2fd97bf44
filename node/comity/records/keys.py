"""Search keys: the equality look-ups by which candidates are found. Pure; the same for records and questions."""

from collections.abc import Iterable

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
MAX_KEYS = 4000
_PAIR = "p:"  # two parts of a name
_WHOLE = "w:"  # a name of one part
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
        if entity.properties.keys().isdisjoint(properties):
            continue
        for value in entity.values(*properties):
            normal = identifier(kind, value)
            if normal:
                found[identifier_key(kind, normal)] = None
    return list(found)


def record_keys(identifiers: Iterable[str], names: Iterable[tuple[str, ...]]) -> list[str]:
    """Return the keys under which a record is found: its identifier keys, then those of its comparable names."""
    found = dict.fromkeys(identifiers)
    for tokens in names:
        found.update(dict.fromkeys(_name_keys(tokens)))
    return list(found)[:MAX_KEYS]


def query_keys(query: Query) -> tuple[list[str], list[str]]:
    """Return (identifier keys, name keys) of a question."""
    exact = [identifier_key(i.kind, identifier(i.kind, i.value)) for i in query.identifiers]
    names: dict[str, None] = {}
    for name in query.names:
        bones = _bones(comparable(name, query.schema))
        names.update(dict.fromkeys([*_pairs(bones), *_wholes(bones)]))
    return exact, list(names)


def comparable(name: str, schema: str) -> tuple[str, ...]:
    """Return a name's tokens as they are compared: of what is not a person, without the legal form."""
    tokens = name_tokens(name)
    if schema == "Person":
        return tokens
    return tuple(token for token in tokens if token not in LEGAL_FORMS) or tokens


def _name_keys(tokens: tuple[str, ...]) -> list[str]:
    """Return a record's keys for one name. A part of a longer name is none: alone it is never a match."""
    bones = _bones(tokens)
    return _pairs(bones) if len(bones) > 1 else _wholes(bones)


def _bones(tokens: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return the skeletons of each token that says something."""
    weighty = [token for token in tokens if token not in PARTICLES and len(token) > 1] or tokens
    return [skeletons(token) for token in weighty]


def _wholes(bones: list[tuple[str, ...]]) -> list[str]:
    return [f"{_WHOLE}{one}"[:_KEY_LENGTH] for variants in bones for one in variants]


def _pairs(bones: list[tuple[str, ...]]) -> list[str]:
    """Return a key for every two parts of a name: one in full, and how the other begins.

    So one part may be misspelled, while people who share a common given name only are no candidates.
    """
    heads = [{one.lstrip("-")[:1] for one in variants} for variants in bones]
    return [
        f"{_PAIR}{one}/{head}"[:_KEY_LENGTH]
        for at, variants in enumerate(bones)
        for one in variants
        for other, begins in enumerate(heads)
        if other != at
        for head in begins
    ]
