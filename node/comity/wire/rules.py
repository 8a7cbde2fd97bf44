"""Field rules of messages, as data: every field is classed, every violation is reported, not the first.

Limits are in characters; control characters are refused everywhere, so that nothing a peer sends can break a log
line or a ledger entry. Lists have at most `_MAX_LIST` members unless a rule says less.
"""

import re
import uuid
from collections.abc import Callable, Iterable
from functools import cache
from operator import attrgetter
from typing import Any

from comity.errors import Malformed, Violation
from comity.wire import words

_CODE = re.compile(r"^[a-z0-9][a-z0-9._-]{0,63}\Z")
_DIGEST = re.compile(r"^[0-9a-f]{64}\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_COUNTRY = re.compile(r"^[A-Z]{2}\Z")
_PROPERTY = re.compile(r"^[A-Za-z][A-Za-z0-9]{0,63}\Z")
_LANGUAGE = re.compile(r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}\Z")
_STATUTE = re.compile(r"^[A-Z]{2}:(?=[^0-9]*[0-9])[A-Za-z0-9.()/§-]{1,32}\Z")
_ICCS = re.compile(r"^[0-9]{1,8}\Z")
_MAX_LIST = 20

Rule = Callable[[Any], str]
"""Returns the problem with a value, or an empty text."""


def text(limit: int, *, required: bool = False) -> Rule:
    """A text of at most `limit` characters without control characters."""

    def check(value: str) -> str:
        if required and not value:
            return "is required"
        if len(value) > limit:
            return f"is longer than {limit} characters"
        return "holds a control character" if _CONTROL.search(value) else ""

    return check


def code(value: str) -> str:
    """A code word: lower-case letters, digits, dot, dash, underscore."""
    return "" if _CODE.match(value) else "is required: a code of lower-case letters, digits and dashes"


def optional_code(value: str) -> str:
    """A code word or nothing."""
    return code(value) if value else ""


def country(value: str) -> str:
    """A country code in capitals, ISO 3166-1 alpha-2."""
    return "" if _COUNTRY.match(value) else "is not a country code of two capital letters"


def property_name(value: str) -> str:
    """The name of a FollowTheMoney property: letters and digits."""
    return "" if _PROPERTY.match(value) else "is not the name of a property"


def language(value: str) -> str:
    """A language by BCP 47, or nothing."""
    return "" if not value or _LANGUAGE.match(value) else "is not a language tag of BCP 47, e.g. en"


def statute(value: str) -> str:
    """A statute as `CC:number`, or nothing: it is kept with the decision in the open, so no prose stands here."""
    return "" if not value or _STATUTE.match(value) else "is not a statute as CC:number, e.g. FI:36-1"


def iccs(value: str) -> str:
    """A class of the ICCS, or nothing."""
    return "" if not value or _ICCS.match(value) else "is not a class of the ICCS: digits, e.g. 0701"


def exactly(size: int) -> Rule:
    """Bytes of one size."""
    return lambda value: "" if len(value) == size else f"must be {size} bytes"


def digest(value: str) -> str:
    """A SHA-256 in lower-case hex."""
    return "" if _DIGEST.match(value) else "must be a SHA-256 in lower-case hex"


def uuid7(value: str) -> str:
    """A UUIDv7 in canonical form (RFC 9562 section 5.7)."""
    try:
        parsed = uuid.UUID(value)
    except ValueError:
        return "must be a UUIDv7"
    return "" if str(parsed) == value and parsed.version == 7 else "must be a UUIDv7 in canonical form"


def one_of(enum: words.Words) -> Rule:
    """A specified, known enum value."""
    return lambda number: "" if enum.known(number) else f"is required: one of {', '.join(enum.words)}"


def maybe_one_of(enum: words.Words) -> Rule:
    """A known enum value, or none."""
    return lambda number: one_of(enum)(number) if number else ""


def each(rule: Rule, limit: int = _MAX_LIST) -> Rule:
    """A list of at most `limit` members that each pass a rule."""

    def check(values: Iterable[Any]) -> str:
        members = list(values)
        if len(members) > limit:
            return f"has more than {limit} members"
        return next((problem for member in members if (problem := rule(member))), "")

    return check


def moment(value: Any) -> str:
    """A timestamp that is set and representable."""
    return "" if 0 < value.seconds < 253402300800 and 0 <= value.nanos < 10**9 else "is required"


def at_most(limit: int) -> Rule:
    """A number of at most `limit`."""
    return lambda value: "" if value <= limit else f"is more than {limit}"


def flag(value: bool) -> str:  # noqa: ARG001
    """Yes or no: nothing to check."""
    return ""


def optional_moment(value: Any) -> str:
    """A timestamp that is not set, or representable."""
    return moment(value) if value.seconds or value.nanos else ""


def blob(limit: int) -> Rule:
    """Bytes, some, at most `limit`."""
    return lambda value: "" if 0 < len(value) <= limit else f"is empty or longer than {limit} bytes"


def empty(value: Any) -> str:
    """Nothing: the field belongs to replies."""
    return "is set in replies only" if value else ""


MAX_ENVELOPES = 10
MAX_ENVELOPE_BYTES = 16 * 1024

CIRCUMSTANCES: dict[str, Rule] = {
    "purpose": code,
    "intended_use": one_of(words.INTENDED_USE),
    "aim": one_of(words.AIM),
    "subject.category": one_of(words.SUBJECT_CATEGORY),
    "subject.age_band": one_of(words.AGE_BAND),
    "subject.nationality": maybe_one_of(words.NATIONALITY),
    "subject.vulnerable": flag,
    "urgency": one_of(words.URGENCY),
    "urgency_reason": text(500),
    "case.reference": text(128),
    "case.proceeding": maybe_one_of(words.PROCEEDING),
    "offence.code": statute,
    "offence.text": text(500),
    "offence.iccs": iccs,
    "offence.list_category": optional_code,
    "offence.max_penalty_months": at_most(1200),
    "offence.attempt": flag,
    "offence.kinds": each(code),
    "offence.place": text(200),
    "offence.date": text(32),
    "offence.transnational": flag,
    "offence.organised": flag,
    "offence.convention": flag,
    "offence.gravity": maybe_one_of(words.GRAVITY),
    "offence.bar": maybe_one_of(words.BAR),
    "authorisation.type": optional_code,
    "authorisation.reference": text(128),
    "authorisation.issued_by": text(200),
    "authorisation.expires_at": optional_moment,
    "confidentiality": optional_code,
    "language": language,
    "assurances": each(code),
    "nexus": text(1000),
    "channel": maybe_one_of(words.CHANNEL),
    "assistance": maybe_one_of(words.ASSISTANCE),
    "scope": maybe_one_of(words.SCOPE),
    "summary": text(4000),
    "privilege.kind": maybe_one_of(words.PRIVILEGE_KIND),
    "privilege.waived": flag,
    "onward": flag,
    "automated": flag,
    "necessity": maybe_one_of(words.NECESSITY),
    "ask.fields": each(property_name, 100),
    "ask.max_candidates": at_most(1000),
    "ask.keep_days": at_most(36_500),
    "procedure": maybe_one_of(words.PROCEDURE),
}
"""The fields that `Header` and `AskRequest` share. A test holds every table here against the messages."""

HEADER: dict[str, Rule] = {
    "exchange_id": uuid7,
    "from": text(512, required=True),
    "to": text(512, required=True),
    "issued_at": moment,
    "expires_at": moment,
    "nonce": exactly(32),
    "official.id": code,
    "official.role": code,
    "official.authority": code,
    "official.on_behalf_of": text(128),
    "basis.agreement": code,
    "basis.revision": at_most(1_000_000),
    "basis.digest": digest,
    "basis.term": empty,
    "basis.article": empty,
    "undertakings": each(code, 64),
    "assurance_envelopes": each(blob(MAX_ENVELOPE_BYTES), MAX_ENVELOPES),
    **CIRCUMSTANCES,
}

ASK: dict[str, Rule] = {
    "on_behalf_of": text(128),
    "to": each(country, 300),
    "deadline_ms": at_most(120_000),
    **CIRCUMSTANCES,
}

CLAIM: dict[str, Rule] = {
    "exchange_id": uuid7,
    "request_digest": exactly(32),
    "from": text(512, required=True),
    "to": text(512, required=True),
    "issued_at": moment,
    "expires_at": moment,
}

PREFLIGHT: dict[str, Rule] = {
    "category": code,
    "identification": one_of(words.IDENTIFICATION),
    "nationalities": each(text(2, required=True), 5),
}

QUERY: dict[str, Rule] = {
    "category": code,
    "schema": text(64, required=True),
    "names": each(text(200, required=True), 10),
    "birth_date": text(32),
    "nationalities": each(text(2, required=True), 5),
}

IDENTIFIER: dict[str, Rule] = {"kind": code, "value": text(128, required=True), "country": text(2)}

DECISION: dict[str, Rule] = {
    "basis.agreement": optional_code,
    "basis.term": optional_code,
    "review_role": optional_code,
    "review_deadline": text(32),
    "review_officers": at_most(9),
    "consultation": text(500),
}
"""What a reply's decision may say where we log or compare it; its prose is cleaned where it is shown."""


def violations(message: Any, rules: dict[str, Rule], prefix: str) -> list[Violation]:
    """Return every broken rule of a message; nested fields are named by dots."""
    return [
        Violation(f"{prefix}{path}", problem)
        for path, rule in rules.items()
        if rule is not flag and (problem := rule(_getter(path)(message)))
    ]


_getter = cache(attrgetter)


def refuse(found: list[Violation]) -> None:
    """Raise `Malformed` with all violations, if there are any."""
    if found:
        named = "; ".join(f"{violation.field} {violation.problem}" for violation in found)
        raise Malformed(f"the message breaks {len(found)} rule(s): {named}", violations=tuple(found))
