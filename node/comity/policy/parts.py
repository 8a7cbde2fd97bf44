"""The parts of an agreement: what shape each has, what its words are called, and which way it points. Pure data.

`more` says what more of a part does to what may be asked and given:

* `WIDENS`: each member is a permission, a larger number gives more;
* `NARROWS`: each member is a condition or a duty, a larger number asks for more;
* `CHANGES`: it changes what is done (how soon, by whom), not what is given;
* `WORDING`: it names or cites; nothing that anyone gets differs;
* a tuple: the values of a choice, the narrowest first.

Keys are those of `agreement.schema.json`, dotted, list members left out: `terms.subjects.minors`. A test walks the
schema and holds this table complete; a property test holds the directions against the engine.
"""

from dataclasses import dataclass

WIDENS, NARROWS, CHANGES, WORDING = "widens", "narrows", "changes", "wording"


@dataclass(frozen=True, slots=True)
class Part:
    """One part.

    `shape`: set, sequence, choice, number, months, time, day, text, by-action, by-trigger; `words`: kind in the
    message catalogue (`country`, `tongue`: names from CLDR; empty: codes that the parties chose).
    """

    key: str
    shape: str
    more: str | tuple[str, ...]
    words: str = ""


def _parts(*rows: Part) -> dict[str, Part]:
    return {row.key: row for row in rows}


_DECIDES = ("never", "review", "allow")

TERM = _parts(
    Part("terms.providers", "set", WIDENS, "country"),
    Part("terms.roles", "set", WIDENS, "role"),
    Part("terms.channels", "set", WIDENS, "channel"),
    Part("terms.actions", "set", WIDENS, "action"),
    Part("terms.categories", "set", WIDENS, "category"),
    Part("terms.assistance", "set", WIDENS, "assistance"),
    Part("terms.subjects.categories", "set", WIDENS, "subject"),
    Part("terms.subjects.minors", "choice", _DECIDES),
    Part("terms.vulnerable", "choice", _DECIDES),
    Part("terms.nationalities", "set", WIDENS, "nationality"),
    Part("terms.scopes", "set", WIDENS, "scope"),
    Part("terms.identification", "choice", ("strong", "moderate", "weak")),
    Part("terms.purposes", "set", WIDENS, "purpose"),
    Part("terms.proceedings", "set", WIDENS, "proceeding"),
    Part("terms.aims", "set", WIDENS, "aim"),
    Part("terms.urgencies", "set", WIDENS, "urgency"),
    Part("terms.offences.min_penalty_months", "months", NARROWS),
    Part("terms.offences.dual_criminality", "choice", ("required", "unless-listed", "not-required")),
    Part("terms.offences.listed_min_penalty_months", "months", NARROWS),
    Part("terms.offences.requires", "set", NARROWS, "quality"),
    Part("terms.offences.min_gravity", "choice", ("serious", "ordinary", "minor")),
    Part("terms.offences.excluded", "set", NARROWS, "kind"),
    Part("terms.offences.carve_outs", "set", WIDENS, "listed"),
    Part("terms.requires", "set", NARROWS, "fact"),
    Part("terms.disclosure", "by-action", WIDENS, "level"),
    Part("terms.fields", "set", WIDENS, "field"),
    Part("terms.partial", "choice", ("refuse", "trim")),
    Part("terms.special", "choice", ("never", "strict")),
    Part("terms.automated", "choice", _DECIDES),
    Part("terms.human", "by-action", NARROWS, "role"),
    Part("terms.review", "by-trigger", NARROWS, "role"),
    Part("terms.officers", "choice", ("2", "1")),
    Part("terms.deadline.urgent", "time", CHANGES),
    Part("terms.deadline.normal", "time", CHANGES),
    Part("terms.procedures", "set", WIDENS, "procedure"),
    Part("terms.confidentiality", "choice", ("refuse", "ask-first", "honour")),
    Part("terms.limits.per_day", "number", WIDENS),
    Part("terms.limits.max_candidates", "number", WIDENS),
    Part("terms.obligations", "set", NARROWS, "obligation"),
    Part("terms.undertakings", "set", NARROWS, "undertaking"),
    Part("terms.retention", "time", WIDENS),
    Part("terms.article", "text", WORDING),
)

AGREEMENT = _parts(
    Part("title", "text", WORDING),
    Part("parties", "set", WIDENS, "country"),
    Part("instrument.name", "text", WORDING),
    Part("instrument.signed", "day", WORDING),
    Part("instrument.in_force", "day", WORDING),
    Part("instrument.until", "day", WIDENS),
    Part("instrument.provisional", "choice", WORDING),
    Part("undertakings", "set", NARROWS, "undertaking"),
    Part("onward_transfer.rule", "choice", ("prohibited", "prior-consent", "permitted")),
    Part("onward_transfer.article", "text", WORDING),
    Part("reciprocity", "choice", ("required", "not-required")),
    Part("transfer.article", "text", WORDING),
    Part("survival.duties", "set", CHANGES, "obligation"),
    Part("survival.article", "text", WORDING),
)

# Parts that there is one of for each party; the key is `authorities.EE` and so on.
PARTY = _parts(
    Part("authorities", "set", WIDENS),
    Part("languages", "sequence", WIDENS, "tongue"),
    Part("declarations.excluded_categories", "set", NARROWS, "category"),
    Part("declarations.excluded_kinds", "set", NARROWS, "kind"),
    Part("declarations.min_penalty_months", "months", NARROWS),
    Part("declarations.own_nationals", "choice", ("never", "allow")),
)

# Parts that are compared and rendered as a whole, each by a function of its own.
WHOLE = ("refusals", "assurances", "transfer.basis", "scenarios", "agreement", "revision", "terms.id")
