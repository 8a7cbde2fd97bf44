"""An agreement in plain language, laid out like the annex of a treaty. Pure.

Every sentence is made from one part of the effective text and one phrase of the message catalogue, so what officers
read is what runs: tests hold that every part and value has a phrase in every language, and that two agreements
which differ in effect differ in their text.
"""

import json
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from comity.policy.effective import Declaration, Effective, Term
from comity.policy.parts import AGREEMENT, PARTY, TERM, Part
from comity.policy.speech import Speech, joined, speech

_WIDTH = 100
_DASH = "\u2013"
_EXPECTED = {
    "disclosure": ("level",),
    "reasons": ("ground",),
    "fields": ("field",),
    "obligations": ("obligation", "undertaking"),
    "human": ("role",),
}
_CLOSING = ("named", "privilege", "assistance", "protected", "national", "text")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence and the part of the schema it speaks about."""

    part: str
    text: str


@dataclass(frozen=True, slots=True)
class Article:
    """One heading and its sentences; `term` is empty for what concerns the whole agreement."""

    heading: str
    term: str
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Rendering:
    """A whole text.

    As JSON: `{agreement, revision, digest, language, title, articles: [{heading, term, sentences: [{part, text}]}]}`.
    """

    agreement: str
    revision: int
    digest: str
    language: str
    title: str
    articles: tuple[Article, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the document for programs."""
        return asdict(self)

    def as_text(self) -> str:
        """Return the text for people, wrapped."""
        lines = [*textwrap.wrap(self.title, _WIDTH), ""]
        for article in self.articles:
            lines += [article.heading, ""]
            for number, sentence in enumerate(article.sentences, 1):
                lines += textwrap.wrap(f"({number}) {sentence.text}", _WIDTH, subsequent_indent="    ")
            lines.append("")
        return "\n".join([*lines, f"SHA-256 {self.digest}", ""])


def render(text: Effective, language: str) -> Rendering:
    """Return an agreement in a language; raises `Malformed` where there is no catalogue for it."""
    say = speech(language)
    articles = (
        _article(say, "preamble", _preamble(text, say)),
        _article(say, "authorities", _authorities(text, say)),
        *(Article(heading(term.article, term.id), term.id, tuple(term_sentences(term, say))) for term in text.terms),
        _article(say, "grounds", refusals(text.refusals, say)),
        _article(say, "onward", _said(text, ("onward_transfer.rule", "onward_transfer.article"), say)),
        _article(say, "undertakings", _said(text, ("undertakings",), say)),
        _article(say, "assurances", assurances(text.assurances, say)),
        _article(say, "declarations", _declarations(text.declarations, say)),
        _article(say, "conditions", _conditions(text, say)),
        _article(say, "languages", [sentence(PARTY["languages"], text.languages[c], say, c) for c in text.languages]),
        _article(say, "survival", _said(text, ("survival.duties", "survival.article"), say)),
        _article(say, "scenarios", _scenarios(text.scenarios, say)),
        _article(say, "closing", [Sentence("closing", say.phrase(f"closing.{key}")) for key in _CLOSING]),
    )
    return Rendering(text.id, text.revision, text.digest, language, text.says["title"], articles)


def heading(article: str, term: str) -> str:
    """Return what a term is called: its article and its name."""
    return f"{article} {_DASH} {term}"


def term_sentences(term: Term, say: Speech) -> Iterator[Sentence]:
    """Yield the sentences of a term, in the order of `parts.TERM`; its name and article stand in the heading."""
    for key, part in TERM.items():
        value = term.says[key]
        if key == "terms.article":
            continue
        if value is not None:
            yield sentence(part, value, say)
        if key == "terms.offences.min_gravity" and asks_for_offence(term):
            yield Sentence("terms.requires", say.phrase("implied.offence"))


def asks_for_offence(term: Term) -> bool:
    """Whether conditions on the offence make the question state it, whatever `requires` says."""
    says = term.says
    return bool(says["terms.offences.min_penalty_months"]) or says["terms.offences.dual_criminality"] != "not-required"


def sentence(part: Part, value: Any, say: Speech, country: str = "") -> Sentence:
    """Return what a part with this value says; `country` for the parts that there is one of for each party."""
    return Sentence(part.key, _SHAPES[part.shape](part, value, say, country))


def refusals(kept: Mapping[str, str], say: Speech) -> Iterator[Sentence]:
    """Yield the grounds kept, each with its article."""
    for code, article in kept.items():
        key = "refusals" if article else "refusals.bare"
        yield Sentence("refusals", say.phrase(key, text=say.word("ground", code), **_cited(article)))
    if not kept:
        yield Sentence("refusals", say.phrase("refusals.none"))


def assurances(asked: Mapping[tuple[str, str], str], say: Speech) -> Iterator[Sentence]:
    """Yield the assurances asked for, each with its occasion and article."""
    for (kind, occasion), article in sorted(asked.items()):
        named = {"assurance": say.word("assurance", kind), "occasion": say.word("occasion", occasion)}
        key = "assurances" if article else "assurances.bare"
        yield Sentence("assurances", say.phrase(key, **named, **_cited(article)))
    if not asked:
        yield Sentence("assurances", say.phrase("assurances.none"))


def basis(code: str, say: Speech) -> Sentence:
    """Return the basis of transfer."""
    return Sentence("transfer.basis", say.phrase("transfer.basis", text=say.word("transfer", code)))


def scenario(case: Mapping[str, Any], say: Speech) -> Sentence:
    """Return an agreed case: the facts as the policy input names them, the expectation in words."""
    facts = joined(f"{path} = {value}" for path, value in _leaves(case["input"], "")) or say.phrase("scenarios.plain")
    expected = joined(_expected(case["expect"], say))
    return Sentence("scenarios", say.phrase("scenarios", name=case["name"], facts=facts, expected=expected))


def _article(say: Speech, heading: str, sentences: Iterable[Sentence]) -> Article:
    return Article(say.phrase(f"heading.{heading}"), "", tuple(sentences))


def _preamble(text: Effective, say: Speech) -> Iterator[Sentence]:
    yield Sentence("agreement", say.phrase("agreement", text=text.id))
    yield Sentence("revision", say.phrase("revision", number=say.number(text.revision)))
    shown = [key for key in AGREEMENT if key == "parties" or key.startswith("instrument.")]
    yield from _said(text, shown, say)
    yield Sentence("only", say.phrase("only"))


def _authorities(text: Effective, say: Speech) -> Iterator[Sentence]:
    for country, names in text.authorities.items():
        yield sentence(PARTY["authorities"], names, say, country)


def _said(text: Effective, keys: Iterable[str], say: Speech) -> Iterator[Sentence]:
    for key in keys:
        if text.says[key] is not None:
            yield sentence(AGREEMENT[key], text.says[key], say)


def _conditions(text: Effective, say: Speech) -> Iterator[Sentence]:
    yield from _said(text, ("reciprocity",), say)
    yield basis(text.basis, say)
    yield from _said(text, ("transfer.article",), say)


def _declarations(made: Iterable[Declaration], say: Speech) -> Iterator[Sentence]:
    found = False
    for each in made:
        found = True
        party = say.phrase("declarations.party", country=say.country(each.party), article=each.article)
        told = " ".join(sentence(PARTY[key], value, say).text for key, value in each.says.items())
        yield Sentence("declarations", f"{party} {told}".rstrip())
    if not found:
        yield Sentence("declarations", say.phrase("declarations.none"))


def _scenarios(cases: Iterable[Mapping[str, Any]], say: Speech) -> Iterator[Sentence]:
    yield Sentence("scenarios", say.phrase("scenarios.usual"))
    for case in cases:
        yield scenario(case, say)


def _expected(expect: Mapping[str, Any], say: Speech) -> Iterator[str]:
    yield say.word("outcome", expect["outcome"])
    for key, value in expect.items():
        if isinstance(value, list):
            named = ", ".join(_name(key, each, say) for each in sorted(value)) or say.phrase("scenarios.nothing")
            yield say.phrase(f"scenarios.{key}", items=named)
        elif key != "outcome":
            yield say.phrase(f"scenarios.{key}", text=_name(key, value, say))


def _name(key: str, value: Any, say: Speech) -> str:
    """Return an expected value in words; what is no code word of ours is shown as it is."""
    if key in ("deadline", "retention"):
        return say.time(value)
    kind = next((each for each in _EXPECTED.get(key, ()) if say.knows(each, str(value))), "")
    return say.word(kind, value) if kind else str(value)


def _leaves(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for key in sorted(value):
            yield from _leaves(value[key], f"{path}.{key}" if path else key)
    elif path:
        yield path, json.dumps(value, ensure_ascii=False, sort_keys=True)


def _cited(article: str) -> dict[str, str]:
    return {"article": article} if article else {}


def _set(part: Part, value: Any, say: Speech, country: str) -> str:
    if not value:
        return say.phrase(f"{part.key}.none")
    named = {"country": say.country(country)} if country else {}
    items = say.countries(value) if part.words == "country" else say.words(part.words, value)
    return say.phrase(part.key, items=items, **named)


def _tongues(part: Part, value: Any, say: Speech, country: str) -> str:
    items = ", ".join(say.tongue(code) for code in value)
    return say.phrase(part.key, items=items, country=say.country(country))


def _months(part: Part, value: Any, say: Speech, _country: str) -> str:
    if value == 0:
        return say.phrase(f"{part.key}.0")
    return say.phrase(part.key, months=say.months(value))


def _by_action(part: Part, value: Any, say: Speech, _country: str) -> str:
    return _pairs(part, value, say, "action")


def _by_trigger(part: Part, value: Any, say: Speech, _country: str) -> str:
    return _pairs(part, value, say, "trigger")


def _pairs(part: Part, value: Mapping[str, str], say: Speech, kind: str) -> str:
    if not value:
        return say.phrase(f"{part.key}.none")
    pairs = joined(f"{say.word(kind, key)} {_DASH} {say.word(part.words, code)}" for key, code in value.items())
    return say.phrase(part.key, items=pairs)


_SHAPES: dict[str, Callable[[Part, Any, Speech, str], str]] = {
    "set": _set,
    "sequence": _tongues,
    "choice": lambda part, value, say, _country: say.phrase(f"{part.key}.{value}"),
    "number": lambda part, value, say, _country: say.phrase(part.key, number=say.number(value)),
    "months": _months,
    "time": lambda part, value, say, _country: say.phrase(part.key, time=say.time(value)),
    "day": lambda part, value, say, _country: say.phrase(part.key, day=say.day(value)),
    "text": lambda part, value, say, _country: say.phrase(part.key, text=value),
    "by-action": _by_action,
    "by-trigger": _by_trigger,
}
