"""The differences between two agreements in plain language. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from comity.policy.difference import Change, differences, verdict
from comity.policy.effective import Effective
from comity.policy.parts import AGREEMENT, CHANGES, NARROWS, PARTY, TERM, WIDENS, WORDING
from comity.policy.rendering import assurances, basis, heading, refusals, sentence
from comity.policy.speech import Speech, joined, speech

_EFFECTS = (WIDENS, NARROWS, CHANGES, WORDING)
_PARTS = {**AGREEMENT, **PARTY, **TERM}
_KINDS = {"terms.human": "action", "terms.disclosure": "action", "terms.review": "trigger"}
_KINDS |= {"refusals": "ground", "assurances": "assurance"}


@dataclass(frozen=True, slots=True)
class Told:
    """One difference in words: `before` and `after` are whole sentences, empty where there was or is nothing."""

    change: Change
    summary: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """All differences of two texts in a language."""

    old: Effective
    new: Effective
    language: str
    told: tuple[Told, ...]

    @property
    def verdict(self) -> str:
        """What the differences come to, see `difference.verdict`."""
        return verdict(each.change for each in self.told)

    def as_json(self) -> dict[str, Any]:
        """Return the document for programs.

        `{old, new: {agreement, revision, digest}, language, verdict, counts: {widens, narrows, changes, wording},
        changes: [{effect, term, article, party, part, added: [code], removed: [code], summary, before, after}]}`
        """
        return {
            "old": _named(self.old),
            "new": _named(self.new),
            "language": self.language,
            "verdict": self.verdict,
            "counts": self._counts(),
            "changes": [_row(each) for each in self.told],
        }

    def as_text(self) -> str:
        """Return the differences for people, term by term."""
        say = speech(self.language)
        lines = [
            say.phrase(
                "diff.heading",
                old=self.old.id,
                new=self.new.id,
                first=say.number(self.old.revision),
                second=say.number(self.new.revision),
            )
        ]
        if not self.told:
            return "\n".join([*lines, say.phrase("diff.same"), ""])
        lines.append(say.phrase("diff.summary", **{key: say.number(n) for key, n in self._counts().items()}))
        last = None
        for each in self.told:
            place = self._place(each.change, say)
            lines += ["", place] if place != last else []
            lines += [f"  {each.summary}", *_indented(each, say)]
            last = place
        return "\n".join([*lines, ""])

    def _counts(self) -> dict[str, int]:
        return {effect: sum(each.change.effect == effect for each in self.told) for effect in _EFFECTS}

    def _place(self, change: Change, say: Speech) -> str:
        """Return where a change stands: the term with those who answer under it, or the whole agreement."""
        terms = {term.id: term for term in (*self.old.terms, *self.new.terms)}
        if change.term not in terms:
            return say.phrase("diff.agreement")
        providers = say.countries(terms[change.term].says["terms.providers"])
        return f"{heading(change.article, change.term)} ({providers})"


def compared(old: Effective, new: Effective, language: str) -> Comparison:
    """Return what the new text changes against the old one, told in a language."""
    say = speech(language)
    return Comparison(old, new, language, tuple(_told(change, say) for change in differences(old, new)))


def _told(change: Change, say: Speech) -> Told:
    before, after = (_sentence(change, value, say) for value in (change.before, change.after))
    news = [
        say.phrase(key, items=_names(change, codes, say))
        for key, codes in (("diff.added", change.added), ("diff.removed", change.removed))
        if codes
    ]
    party = f"{say.country(change.party)}: " if change.party and news else ""
    what = f"{party}{joined(news) or after or before}"
    cited = f" ({change.article})" if change.article and not change.term and change.article not in what else ""
    return Told(change, f"{say.word('effect', change.effect)}: {what}{cited}", before, after)


def _names(change: Change, codes: Iterable[str], say: Speech) -> str:
    """Return the names of the members that came or went."""
    kind = _KINDS.get(change.part) or (_PARTS[change.part].words if change.part in _PARTS else "")
    if kind == "country":
        return say.countries(codes)
    return joined(say.tongue(code) for code in codes) if kind == "tongue" else say.words(kind, codes)


def _sentence(change: Change, value: Any, say: Speech) -> str:
    if value is None:
        return ""
    if change.part in _WHOLE:
        return _WHOLE[change.part](change, value, say)
    return sentence(_PARTS[change.part], value, say, change.party).text


def _term(change: Change, value: Any, say: Speech) -> str:
    key = "diff.term.removed" if change.after is None else "diff.term.added"
    return say.phrase(key, article=change.article, text=str(value))


def _renamed(change: Change, value: Any, say: Speech) -> str:
    return say.phrase("diff.term.renamed", old=str(change.before), new=value) if value == change.after else ""


_WHOLE: dict[str, Callable[[Change, Any, Speech], str]] = {
    "terms": _term,
    "terms.id": _renamed,
    "refusals": lambda _change, value, say: " ".join(each.text for each in refusals(value, say)),
    "assurances": lambda _change, value, say: " ".join(each.text for each in assurances(value, say)),
    "instrument.start": lambda _change, value, say: say.phrase("diff.start", day=say.day(value)),
    "transfer.basis": lambda _change, value, say: basis(value, say).text,
    "declarations": lambda _change, value, _say: joined(value),
}


def _indented(each: Told, say: Speech) -> list[str]:
    pairs = (("diff.before", each.before), ("diff.after", each.after))
    return [f"    {say.phrase(key, text=text)}" for key, text in pairs if text and text not in each.summary]


def _row(each: Told) -> dict[str, Any]:
    change = each.change
    return {
        "effect": change.effect,
        "term": change.term,
        "article": change.article,
        "party": change.party,
        "part": change.part,
        "added": list(change.added),
        "removed": list(change.removed),
        "summary": each.summary,
        "before": each.before,
        "after": each.after,
    }


def _named(text: Effective) -> dict[str, Any]:
    return {"agreement": text.id, "revision": text.revision, "digest": text.digest}
