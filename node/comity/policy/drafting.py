"""A new agreement from a template and answers: what to ask, what an answer may be, and the document it makes. Pure.

Questions have the dotted keys of the schema, with the party or the term's name in them: `authorities.EE`,
`terms.wanted-persons.subjects.minors`. Each but those about the parties and their instrument has a default, the
strict one of the template; so a script need only answer what it wants otherwise.
"""

import copy
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Any

from comity.errors import Malformed
from comity.policy.agreement import defaults
from comity.policy.effective import effective_term
from comity.policy.parts import TERM, Part
from comity.policy.rendering import term_sentences
from comity.policy.speech import SOURCE, source, speech

_COUNTRY = re.compile(r"[A-Z]{2}")
_DURATION = re.compile(r"P(([1-9][0-9]{0,3}[YMWD])|(T[1-9][0-9]{0,3}H))")
_YES, _NO = ("yes", "y", "true"), ("no", "n", "false")
Answers = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to be settled; `default` None: it must be answered.

    `shape`: text, day, flag, set, choice, number, time, or table (`action=level, …`); `choices`: code words and
    their names, empty where any word goes; `help`: what it means.
    """

    key: str
    prompt: str
    shape: str
    default: Any = None
    choices: Mapping[str, str] | None = None
    help: str = ""


def questions(template: Mapping[str, Any], answers: Answers, given: Collection[str]) -> Iterator[Question]:
    """Yield what to ask, in order. The answers are read while it runs: later questions depend on earlier ones.

    `given` are the keys answered beforehand: a permission that they speak of is gone through part by part.
    """
    yield from _about_the_text(template)
    for party in answers["parties"]:
        yield Question(f"authorities.{party}", f"Competent authorities of {party}", "set", help="short code words")
        yield Question(f"languages.{party}", f"Languages {party} accepts, preferred first", "set", help="e.g. et, en")
    for term in template["terms"]:
        name = f"terms.{term['id']}"
        yield Question(f"{name}.keep", f"Include {term['about']}", "flag", True)
        if answers[f"{name}.keep"]:
            told = any(key.startswith(f"{name}.") and key != f"{name}.keep" for key in given)
            says = [each.text for each in term_sentences(effective_term(_of(term, answers)), speech(SOURCE))]
            yield Question(f"{name}.adjust", "Change what this says", "flag", told, help="\n".join(says))
            if answers[f"{name}.adjust"]:
                yield from _about_a_term(name, term, answers)
    yield from _about_the_rest(template)


def document(template: Mapping[str, Any], answers: Answers) -> dict[str, Any]:
    """Return the agreement document of a template and a whole set of answers, without scenarios."""
    parties = answers["parties"]
    made: dict[str, Any] = {
        "agreement": answers["agreement"],
        "title": answers["title"],
        "parties": parties,
        "instrument": {key: answers[f"instrument.{key}"] for key in _INSTRUMENT},
        "revision": 1,
        "authorities": {party: answers[f"authorities.{party}"] for party in parties},
        "terms": [_term(term, answers) for term in template["terms"] if answers[f"terms.{term['id']}.keep"]],
        "refusals": _grounds(template, answers["refusals"]),
        "onward_transfer": {**template["onward_transfer"], "rule": answers["onward_transfer.rule"]},
        "languages": {party: answers[f"languages.{party}"] for party in parties},
    }
    if not made["terms"]:
        raise Malformed("terms: every permission was left out: keep one")
    if answers["reciprocity"] != defaults()["agreement"]["reciprocity"]:
        made["reciprocity"] = answers["reciprocity"]
    if answers["undertakings"]:
        made["undertakings"] = answers["undertakings"]
    return made | {key: template[key] for key in ("assurances", "survival") if key in template}


def read(question: Question, given: Any) -> Any:
    """Return an answer as the document holds it; raises `Malformed` with key, problem and what there is."""
    try:
        return _READ[question.shape](question, given)
    except (TypeError, ValueError):
        known = f": known are {', '.join(question.choices)}" if question.choices else f" ({question.help})"
        shown = given if isinstance(given, (str, int)) else "what was given"
        raise Malformed(f"{question.key}: `{shown}` is no answer here{known.replace(' ()', '')}") from None


def check_known(template: Mapping[str, Any], answers: Mapping[str, Any], asked: set[str]) -> None:
    """Raise `Malformed` for an answer to a question that there is not, with the nearest there is."""
    left_out = {f"terms.{term['id']}" for term in template["terms"] if f"terms.{term['id']}.adjust" not in asked}
    for key in answers:
        if key in asked or any(key.startswith(f"{name}.") for name in left_out):
            continue
        near = get_close_matches(key, sorted(asked), n=1, cutoff=0.5)
        raise Malformed(f"{key}: there is no such question{f': did you mean `{near[0]}`?' if near else ''}")


def flattened(answers: Mapping[str, Any], path: str = "") -> Answers:
    """Return nested answers under dotted keys; tables of actions or triggers stay whole."""
    found: Answers = {}
    for key, value in answers.items():
        name = f"{path}.{key}" if path else str(key)
        whole = name.rsplit(".", maxsplit=1)[-1] in ("disclosure", "human", "review")
        found |= flattened(value, name) if isinstance(value, Mapping) and not whole else {name: value}
    return found


_INSTRUMENT = ("name", "signed", "in_force", "until", "provisional")


def _about_the_text(template: Mapping[str, Any]) -> Iterator[Question]:
    yield Question("parties", "Parties, ISO codes", "set", help="two or more, e.g. EE, FI")
    yield Question("agreement", "Name of the agreement", "text", help="a code word, the same on both sides")
    yield Question("title", "Title", "text", template["title"], help="{parties} stands for the parties")
    yield Question("instrument.name", "Name of the instrument that binds the parties", "text", help="as it is cited")
    yield Question("instrument.signed", "Day of signature", "day", help="YYYY-MM-DD")
    yield Question("instrument.in_force", "First day in force", "day", help="YYYY-MM-DD")
    yield Question("instrument.until", "First day no longer in force", "day", help="YYYY-MM-DD")
    yield Question("instrument.provisional", "Does it apply from the day of signature on", "flag", False)


def _about_a_term(name: str, term: Mapping[str, Any], answers: Answers) -> Iterator[Question]:
    """Yield every part of a term; the template's value is the default, else what silence means."""
    yield Question(f"{name}.article", "Article of this permission", "text", term["article"])
    usual = {**defaults()["term"], **term, "offences": {**defaults()["offences"], **term["offences"]}}
    for part in TERM.values():
        key = part.key.removeprefix("terms.")
        if key in ("article", "offences.listed_min_penalty_months"):
            continue
        if key == "providers":
            parties = {party: party for party in answers["parties"]}
            yield Question(f"{name}.providers", "Who answers", "set", list(parties), parties)
            continue
        yield _of_part(f"{name}.{key}", part, _at(usual, key))
        if key == "offences.dual_criminality" and answers[f"{name}.{key}"] == "unless-listed":
            listed = TERM["terms.offences.listed_min_penalty_months"]
            yield _of_part(f"{name}.offences.listed_min_penalty_months", listed, 36)


def _about_the_rest(template: Mapping[str, Any]) -> Iterator[Question]:
    grounds = source()["words"]["ground"]
    kept = [_full(each["ground"]) for each in template["refusals"]]
    yield Question("refusals", "Grounds for refusal kept", "set", kept, grounds)
    rules = _choices("onward_transfer.rule", ("prohibited", "prior-consent", "permitted"))
    yield Question("onward_transfer.rule", "Passing on", "choice", template["onward_transfer"]["rule"], rules)
    words = source()["words"]["undertaking"]
    asked = template.get("undertakings", [])
    yield Question("undertakings", "Duties accepted under every permission", "set", asked, words)
    both = _choices("reciprocity", ("required", "not-required"))
    yield Question("reciprocity", "Reciprocity", "choice", "not-required", both)


def _of_part(key: str, part: Part, default: Any) -> Question:
    prompt = source()["phrases"].get(part.key, part.key).split(":")[0].split(" {")[0]
    if part.shape == "choice":
        values = tuple(part.more)
        return Question(key, key.rsplit(".", 1)[-1], "choice", str(default), _choices(part.key, values))
    if part.shape in ("by-action", "by-trigger"):
        return Question(key, prompt, "table", default, help="KEY=WORD, KEY=WORD")
    shape = {"set": "set", "time": "time"}.get(part.shape, "number")
    note = {"time": "PT8H, P30D, P6M, P1Y", "number": "a whole number"}.get(shape, "code words with commas between")
    return Question(key, prompt, shape, default, source()["words"].get(part.words), note)


def _choices(key: str, values: tuple[str, ...]) -> dict[str, str]:
    return {value: source()["phrases"][f"{key}.{value}"] for value in values}


def _term(term: Mapping[str, Any], answers: Answers) -> dict[str, Any]:
    """Return a term with its answers; what is as silence means it is left out, but for what the template says."""
    made = _of(term, answers)
    name = f"terms.{term['id']}"
    given = {key.removeprefix(f"{name}."): value for key, value in answers.items() if key.startswith(f"{name}.")}
    silent = {**defaults()["term"], **{f"offences.{key}": value for key, value in defaults()["offences"].items()}}
    for key, value in given.items():
        plain = int(value) if key == "officers" else value
        if key not in ("keep", "adjust") and not (key in silent and silent[key] == plain and not _has(made, key)):
            _put(made, key, plain)
    for key in ("disclosure", "human"):  # an action that was left out takes what is said of it along
        if key in made:
            made[key] = {action: word for action, word in made[key].items() if action in made["actions"]}
    return _in_order(made)


def _of(term: Mapping[str, Any], answers: Answers) -> dict[str, Any]:
    """Return a template's term as it is, for these parties."""
    made = copy.deepcopy({key: value for key, value in term.items() if key != "about"})
    return {**made, "providers": list(answers["parties"])}


def _in_order(term: Mapping[str, Any]) -> dict[str, Any]:
    """Return a term with its keys in the order of `parts`, the name first."""
    order = ["id", "article", *dict.fromkeys(key.split(".")[1] for key in TERM)]
    return {key: term[key] for key in dict.fromkeys(order) if key in term}


def _grounds(template: Mapping[str, Any], codes: list[str]) -> list[Any]:
    """Return the grounds kept, with the template's article where it has one."""
    articles = {_full(each["ground"]): each["article"] for each in template["refusals"]}
    return [{"ground": code, "article": articles[code]} if code in articles else code for code in codes]


def _full(ground: str) -> str:
    return "sovereignty_security_ordre_public" if ground == "sovereignty" else ground


def _at(node: Any, key: str) -> Any:
    for name in key.split("."):
        node = node[name]
    return node


def _has(node: Any, key: str) -> bool:
    for name in key.split("."):
        if name not in node:
            return False
        node = node[name]
    return True


def _put(node: Any, key: str, value: Any) -> None:
    *parents, last = key.split(".")
    for name in parents:
        node = node.setdefault(name, {})
    node[last] = value


def _text(_question: Question, given: Any) -> str:
    text = str(given).strip()
    if not text:
        raise ValueError
    return text


def _day(_question: Question, given: Any) -> str:
    return date.fromisoformat(str(given)).isoformat()


def _flag(_question: Question, given: Any) -> bool:
    word = str(given).lower()
    if word not in (*_YES, *_NO):
        raise ValueError
    return word in _YES


def _set(question: Question, given: Any) -> list[str]:
    words = [str(each).strip() for each in (given.split(",") if isinstance(given, str) else given)]
    words = [word for word in dict.fromkeys(words) if word]
    if question.key == "parties" and (len(words) < 2 or not all(_COUNTRY.fullmatch(word) for word in words)):
        raise ValueError
    if question.choices:
        _known(question, words)
    elif not words:
        raise ValueError
    return words


def _choice(question: Question, given: Any) -> str:
    _known(question, [str(given)])
    return str(given)


def _known(question: Question, words: list[str]) -> None:
    choices = question.choices or {}
    for word in words:
        if word not in choices:
            near = get_close_matches(word, list(choices), n=1, cutoff=0.5)
            hint = f"did you mean `{near[0]}`?" if near else f"known are {', '.join(choices)}"
            raise Malformed(f"{question.key}: `{word}` is unknown: {hint}")


def _number(_question: Question, given: Any) -> int:
    return int(str(given))


def _time(_question: Question, given: Any) -> str:
    if not _DURATION.fullmatch(str(given)):
        raise ValueError
    return str(given)


def _table(question: Question, given: Any) -> Any:
    """Return a table of actions, or of triggers as the rows that the schema asks for."""
    if isinstance(given, str):
        given = dict(pair.strip().split("=") for pair in given.split(",") if pair.strip())
    if isinstance(given, list):
        given = {row["when"]: row["role"] for row in given}
    table = {str(key): str(value) for key, value in given.items()}
    return [{"when": key, "role": role} for key, role in table.items()] if question.key.endswith(".review") else table


_READ: dict[str, Callable[[Question, Any], Any]] = {
    "text": _text,
    "day": _day,
    "flag": _flag,
    "set": _set,
    "choice": _choice,
    "number": _number,
    "time": _time,
    "table": _table,
}
