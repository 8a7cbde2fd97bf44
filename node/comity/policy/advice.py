"""What an officer should look at again in an agreement that is valid: never an error, always a line and a reason. Pure.

Each rule looks at one term or at the whole text in effect, and names the key that it is about; the key's line, or
that of the term where the text leaves the key out, is found in the tree.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from comity.errors import Violation
from comity.policy import library
from comity.policy.agreement import load_agreement
from comity.policy.effective import Effective, Term, effective, hours
from comity.policy.rendering import asks_for_offence
from comity.policy.yamltree import Node, parse

_YEAR = hours("P1Y")
_LONG = 10  # years in force after which an officer should ask whether the text is still right
_SEARCHES = {"missing-person-search", "remains-identification", "humanitarian", "immediate-threat"}


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing to look at: the key it is about, and what is to be considered."""

    key: str
    problem: str


def advice(text: bytes, name: str) -> list[Violation]:
    """Return the warnings for a file in the order of its lines; raises `Malformed` for a text that is not valid."""
    said = effective(load_agreement(text, name))
    tree = parse(text, name)
    found = [(_line(tree, each.key), each.key, each.problem) for rule in _WHOLE for each in rule(said)]
    for index, term in enumerate(said.terms):
        node = tree.value["terms"].node.value[index]
        for rule in _TERM:
            where = f"terms[{index}]"
            found += [(_line(node, each.key), f"{where}.{each.key}", each.problem) for each in rule(term, said)]
    return [Violation(key, f"{name}:{line}: {problem}") for line, key, problem in sorted(found)]


def _line(node: Node, key: str) -> int:
    """Return the line of the deepest part of a dotted key that the text has."""
    line = node.line
    for part in key.split("."):
        if not isinstance(node.value, dict) or part not in node.value:
            break
        line, node = node.value[part].line, node.value[part].node
    return line


def _unproved(term: Term, said: Effective) -> Iterator[Advice]:
    for outcomes, what in ((("permitted", "review"), "is answered"), (("refused",), "is refused")):
        if not any(_about(case, term, said) and case["expect"]["outcome"] in outcomes for case in said.scenarios):
            yield Advice("id", f"no scenario of which the question {what} under term `{term.id}`: add one")


def _about(case: Any, term: Term, said: Effective) -> bool:
    """Whether an agreed case names the term, or asks for what only this term gives."""
    if "term" in case["expect"]:
        return bool(case["expect"]["term"] == term.id)
    category = case["input"].get("category")
    givers = [each.id for each in said.terms if category in each.says["terms.categories"]]
    return givers == [term.id] or (term.id in givers and case["expect"]["outcome"] == "refused")


def _unseen(term: Term, _said: Effective) -> Iterator[Advice]:
    for action, level in term.says["terms.disclosure"].items():
        if level == "none":
            yield Advice(f"disclosure.{action}", f"{action} gives nothing: a permission without effect")
        elif level in library.vocabulary()["levels_with_fields"] and action not in term.says["terms.human"]:
            problem = f"data of level {level} leave at {action} without a person's confirmation: name one in `human`"
            yield Advice(f"disclosure.{action}", problem)


def _kept_long(term: Term, _said: Effective) -> Iterator[Advice]:
    if hours(term.says["terms.retention"]) > _YEAR:
        yield Advice("retention", "the answer may be kept longer than a year: is that necessary (LED art. 5)?")


def _any_offence(term: Term, _said: Effective) -> Iterator[Advice]:
    if not asks_for_offence(term) and set(term.says["terms.purposes"]) - _SEARCHES:
        problem = "no least penalty and no dual criminality: every offence suffices, and none need be stated"
        yield Advice("offences", problem)


def _special(term: Term, _said: Effective) -> Iterator[Advice]:
    special = [each for each in term.says["terms.categories"] if each in library.vocabulary()["special_categories"]]
    if special and term.says["terms.special"] == "never":
        yield Advice("categories", f"{', '.join(special)}: special categories never leave; say `special: strict`")
    judged = {"judicial-authorisation", "authorisation"} & set(term.says["terms.requires"])
    if special and term.says["terms.special"] == "strict" and not judged and not term.says["terms.human"]:
        yield Advice("special", "special categories leave without an order and without a person (LED art. 10)")


def _exposed(term: Term, _said: Effective) -> Iterator[Advice]:
    said = term.says
    for key, word, problem in (
        ("subjects.minors", "allow", "minors are treated like adults: consider `review`"),
        ("vulnerable", "allow", "vulnerable persons are treated like others: consider `review`"),
        ("automated", "allow", "a machine may ask without a person (LED art. 11): consider `review`"),
    ):
        if said[f"terms.{key}"] == word:
            yield Advice(key, problem)
    if "bulk" in said["terms.scopes"]:
        yield Advice("scopes", "many persons at once may be asked about: is that no fishing?")
    if "nexus" not in said["terms.requires"]:
        yield Advice("requires", "the question need not state its link to a case: consider `nexus`")


def _unbound(term: Term, _said: Effective) -> Iterator[Advice]:
    if "specialty" not in term.says["terms.obligations"]:
        yield Advice("obligations", "the answer may be used for other purposes: consider `specialty`")
    if term.says["terms.limits.per_day"] == 0:
        yield Advice("limits.per_day", "no answer a day: nothing is given")


def _idle(term: Term, said: Effective) -> Iterator[Advice]:
    """What the text says without effect."""
    says = term.says
    levels = set(says["terms.disclosure"].values())
    if says["terms.fields"] and not levels & set(library.vocabulary()["levels_with_fields"]):
        yield Advice("fields", "no action gives core or full data, so no field leaves")
    political = "political" in says["terms.offences.excluded"] or "political" in said.refusals
    if says["terms.offences.carve_outs"] and not political:
        yield Advice("offences.carve_outs", "political offences are not excluded, so nothing is carved out")
    never = {"minor": "subjects.minors", "vulnerable": "vulnerable", "automated": "automated"}
    for trigger in says["terms.review"]:
        if trigger in never and says[f"terms.{never[trigger]}"] == "never":
            yield Advice("review", f"`{trigger}` never comes to a person: `{never[trigger]}` is never")
    if says["terms.officers"] == "2" and not says["terms.human"] and not says["terms.review"]:
        yield Advice("officers", "two officers decide, but hardly any question comes to a person")


def _whole(said: Effective) -> Iterator[Advice]:
    if said.says["onward_transfer.rule"] == "permitted":
        yield Advice("onward_transfer.rule", "answers may be passed on to anyone (LED art. 35): consider prior-consent")
    if int(said.says["instrument.until"][:4]) - int(said.start[:4]) > _LONG:
        yield Advice("instrument.until", f"in force for more than {_LONG} years without renewal")
    if not any(kind == "no-death-penalty" for kind, _ in said.assurances):
        problem = "no assurance against the death penalty: keep `death_penalty_no_assurance` or ask for it"
        yield Advice("refusals", problem)
    for code, article in said.refusals.items():
        if not article:
            yield Advice("refusals", f"ground `{code}` names no article")
    providers = {country for term in said.terms for country in term.says["terms.providers"]}
    for party in said.authorities:
        if party not in providers:
            yield Advice("parties", f"{party} answers under no term")
    if not any(case["expect"]["outcome"] == "refused" for case in said.scenarios):
        yield Advice("scenarios", "no scenario must be refused: a text that permits everything would pass")


_TERM: tuple[Callable[[Term, Effective], Iterator[Advice]], ...] = (
    _unproved,
    _unseen,
    _kept_long,
    _any_offence,
    _special,
    _exposed,
    _unbound,
    _idle,
)
_WHOLE: tuple[Callable[[Effective], Iterator[Advice]], ...] = (_whole,)
