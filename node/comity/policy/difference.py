"""What one agreement changes against another, by effect and not by line. Pure.

Parts are compared in their effective form, so layout, order, comments and defaults written out change nothing. Each
difference is classed by `parts`: it `widens` what may be asked or given, `narrows` it, `changes` what is done, or is
`wording` only. Classes err towards `widens`: nothing that could give more is ever called narrowing (a property test
asks the engine). They speak about answers given without a person and with one; what a person decides is theirs.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from comity.policy import library
from comity.policy.effective import Declaration, Effective, Term, hours
from comity.policy.parts import AGREEMENT, CHANGES, NARROWS, PARTY, TERM, WIDENS, WORDING, Part

_OPPOSITE = {WIDENS: NARROWS, NARROWS: WIDENS, CHANGES: CHANGES, WORDING: WORDING}
_ALIKE = 0.6  # of a term's parts: below that two terms of different names are two terms


@dataclass(frozen=True, slots=True)
class Change:
    """One difference.

    `term` is the name of the new text's term, else of the old one's; empty for the whole agreement. `part` is a key
    of `parts`, `party` the one it is about. `before` and `after` are effective values, None where there is none.
    """

    effect: str
    part: str
    before: Any = None
    after: Any = None
    term: str = ""
    article: str = ""
    party: str = ""
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


def differences(old: Effective, new: Effective) -> list[Change]:
    """Return every difference between two texts: the whole agreement first, then term by term."""
    return [*_whole(old, new), *_by_party(old, new), *_terms(old, new)]


def verdict(changes: Iterable[Change]) -> str:
    """Return what the differences come to: `same`, `wording`, `changes`, `narrows`, `widens`, or `mixed` for both."""
    effects = {change.effect for change in changes}
    if {WIDENS, NARROWS} <= effects:
        return "mixed"
    return next((effect for effect in (WIDENS, NARROWS, CHANGES, WORDING) if effect in effects), "same")


def compare(part: Part, before: Any, after: Any) -> Iterator[Change]:
    """Yield the differences between two values of a part."""
    if before == after:
        return
    if part.shape in ("set", "sequence"):
        yield from _members(part, before, after)
    elif part.shape == "by-action" and part.key == "terms.disclosure":
        yield from _ranked(part, before, after, library.vocabulary()["levels"])
    elif part.shape in ("by-action", "by-trigger"):
        yield from _called(part, before, after)
    else:
        yield Change(_effect(part, before, after), part.key, before, after)


def _effect(part: Part, before: Any, after: Any) -> str:
    """Return the class of a single value that became another."""
    if part.more in (CHANGES, WORDING) or None in (before, after):
        return WORDING if part.more == WORDING else CHANGES
    first, second = _measure(part, before), _measure(part, after)
    if first == second:
        return WORDING
    more = WIDENS if isinstance(part.more, tuple) else part.more
    return more if second > first else _OPPOSITE[more]


def _measure(part: Part, value: Any) -> Any:
    if isinstance(part.more, tuple):
        return part.more.index(value)
    return hours(value) if part.shape == "time" else value


def _members(part: Part, before: tuple[str, ...], after: tuple[str, ...]) -> Iterator[Change]:
    added = tuple(code for code in after if code not in before)
    removed = tuple(code for code in before if code not in after)
    more = str(part.more)
    if added:
        yield Change(more, part.key, before, after, added=added)
    if removed:
        yield Change(_OPPOSITE[more], part.key, before, after, removed=removed)
    if not (added or removed):  # the order of preference
        yield Change(CHANGES, part.key, before, after)


def _ranked(
    part: Part, before: Mapping[str, str], after: Mapping[str, str], rank: Mapping[str, int]
) -> Iterator[Change]:
    """Compare how much leaves, action by action."""
    for action in {**before, **after}:
        first, second = (rank[side.get(action, "none")] for side in (before, after))
        if first != second:
            effect = WIDENS if second > first else NARROWS
            added, removed = ((action,), ()) if effect == WIDENS else ((), (action,))
            yield Change(effect, part.key, before, after, added=added, removed=removed)


def _called(part: Part, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    """Compare who is called on: one more person narrows, one less widens, another one changes."""
    for key in {**before, **after}:
        if key not in before:
            yield Change(NARROWS, part.key, before, after, added=(key,))
        elif key not in after:
            yield Change(WIDENS, part.key, before, after, removed=(key,))
        elif before[key] != after[key]:
            yield Change(CHANGES, part.key, before, after, added=(key,))


def _whole(old: Effective, new: Effective) -> Iterator[Change]:
    for key, part in AGREEMENT.items():
        cited = new.says.get(f"{key.split('.', maxsplit=1)[0]}.article") or ""
        yield from (replace(each, article=cited) for each in compare(part, old.says[key], new.says[key]))
    if old.start != new.start:
        yield Change(WIDENS if new.start < old.start else NARROWS, "instrument.start", old.start, new.start)
    if old.basis != new.basis:
        effects = {old.basis: WIDENS, new.basis: NARROWS}
        yield Change(effects.get("derogation", CHANGES), "transfer.basis", old.basis, new.basis)
    yield from _refusals(old, new)
    yield from _assurances(old, new)
    yield from _cases(old, new)


def _refusals(old: Effective, new: Effective) -> Iterator[Change]:
    yield from _rows("refusals", old.refusals, new.refusals)


def _assurances(old: Effective, new: Effective) -> Iterator[Change]:
    """An assurance asked for in every case covers the same one asked for on an occasion."""
    for change in _rows("assurances", old.assurances, new.assurances):
        ((kind, occasion), _), *_rest = (change.after or change.before).items()
        other = new.assurances if change.effect == WIDENS else old.assurances
        covered = occasion != "always" and (kind, "always") in other
        yield replace(change, effect=WORDING) if covered else change


def _rows(part: str, before: Mapping[Any, str], after: Mapping[Any, str]) -> Iterator[Change]:
    """Compare conditions that stand each for itself with its article; a change holds the one row it is about."""
    for key in {**before, **after}:
        first = {key: before[key]} if key in before else None
        second = {key: after[key]} if key in after else None
        if first == second:
            continue
        effect = NARROWS if first is None else WIDENS if second is None else WORDING
        name = (key if isinstance(key, str) else key[0],)
        added, removed = () if first else name, () if second else name
        article = after.get(key) or before.get(key) or ""
        yield Change(effect, part, first, second, article=article, added=added, removed=removed)


def _cases(old: Effective, new: Effective) -> Iterator[Change]:
    """Compare the agreed cases: they hold the text to what was meant and give nothing themselves."""
    before, after = ({case["name"]: case for case in side.scenarios} for side in (old, new))
    added = tuple(name for name, case in after.items() if before.get(name) != case)
    removed = tuple(name for name in before if name not in after)
    if added or removed:
        yield Change(WORDING, "scenarios", added=added, removed=removed)


def _by_party(old: Effective, new: Effective) -> Iterator[Change]:
    """Compare what there is for each party; a party that only one text has is told by `parties`."""
    for party in (each for each in new.authorities if each in old.authorities):
        pairs = [
            (PARTY["authorities"], old.authorities[party], new.authorities[party]),
            (PARTY["languages"], old.languages[party], new.languages[party]),
        ]
        first, second = _declared(old.declarations, party), _declared(new.declarations, party)
        pairs += [(PARTY[key], first[key], second[key]) for key in first]
        found = [change for part, *sides in pairs for change in compare(part, *sides)]
        cited = [[each.article for each in side.declarations if each.party == party] for side in (old, new)]
        if first == second and cited[0] != cited[1]:
            found.append(Change(WORDING, "declarations", cited[0], cited[1]))
        yield from (_about(change, party=party, articles=cited[1]) for change in found)


def _declared(made: Iterable[Declaration], party: str) -> dict[str, Any]:
    """Return all that a party declared, taken together: each declaration binds."""
    own = [each.says for each in made if each.party == party]
    found: dict[str, Any] = {}
    for key in ("declarations.excluded_categories", "declarations.excluded_kinds"):
        found[key] = tuple(sorted({code for says in own for code in says.get(key, ())}))
    months = "declarations.min_penalty_months"
    found[months] = max((says.get(months, 0) for says in own), default=0)
    nationals = "declarations.own_nationals"
    found[nationals] = "never" if any(says.get(nationals) == "never" for says in own) else "allow"
    return found


def _terms(old: Effective, new: Effective) -> Iterator[Change]:
    pairs = dict(_matched(old.terms, new.terms))
    for term in new.terms:
        if term.id not in pairs:
            yield Change(WIDENS, "terms", None, term.id, term.id, term.article)
            continue
        before = pairs[term.id]
        if before.id != term.id:
            yield Change(WORDING, "terms.id", before.id, term.id, term.id, term.article)
        onward = (old.says["onward_transfer.rule"], new.says["onward_transfer.rule"])
        yield from (_about(each, term=term) for each in term_changes(before, term, onward))
    kept = {each.id for each in pairs.values()}
    for term in old.terms:
        if term.id not in kept:
            yield Change(NARROWS, "terms", term.id, None, term.id, term.article)


def term_changes(before: Term, after: Term, onward: tuple[str, str]) -> Iterator[Change]:
    """Yield the differences between two terms; `onward`: the agreements' rules of onward transfer."""
    for key, part in TERM.items():
        if key == "terms.offences.listed_min_penalty_months" and None in (before.says[key], after.says[key]):
            continue  # whether list offences are excepted at all is told by `dual_criminality`
        sides = (before.says[key], after.says[key])
        if key == "terms.human":  # who confirms at an action that only one text has is part of that permission
            both = {*before.says["terms.actions"]} & {*after.says["terms.actions"]}
            sides = (_only(sides[0], both), _only(sides[1], both))
        for change in compare(part, *sides):
            yield _dormant(change, before, after, onward)


def _only(table: Mapping[str, str], keys: set[str]) -> dict[str, str]:
    return {key: value for key, value in table.items() if key in keys}


def _dormant(change: Change, before: Term, after: Term, onward: tuple[str, str]) -> Change:
    """Return the change with its true class where another part of the text leaves it without effect."""
    if change.part == "terms.fields" and not (_gives_fields(before) or _gives_fields(after)):
        return replace(change, effect=WORDING)
    if change.part == "terms.review" and change.effect != CHANGES:
        (trigger,) = change.added or change.removed
        side = (before, onward[0]) if change.added else (after, onward[1])
        if _implied(trigger, *side):
            return replace(change, effect=CHANGES)
    return change


def _gives_fields(term: Term) -> bool:
    levels = set(term.says["terms.disclosure"].values())
    return bool(levels & set(library.vocabulary()["levels_with_fields"]))


def _implied(trigger: str, term: Term, onward: str) -> bool:
    """Whether the term calls for a person on this occasion without naming the trigger."""
    asks: dict[str, bool] = {
        "minor": term.says["terms.subjects.minors"] == "review",
        "vulnerable": term.says["terms.vulnerable"] == "review",
        "automated": term.says["terms.automated"] == "review",
        "confidential": term.says["terms.confidentiality"] == "ask-first",
        "onward-transfer": onward == "prior-consent",
    }
    return asks.get(trigger, False)


def _matched(old: tuple[Term, ...], new: tuple[Term, ...]) -> Iterator[tuple[str, Term]]:
    """Yield each new term's name with its old term: the one of its name, else the one most alike."""
    by_name = {term.id: term for term in old}
    left = [term for term in old if term.id not in {each.id for each in new}]
    for term in new:
        if term.id in by_name:
            yield term.id, by_name[term.id]
        elif left:
            best = max(left, key=lambda each, term=term: _likeness(each, term))  # type: ignore[misc]
            if _likeness(best, term) >= _ALIKE and best.says["terms.categories"] == term.says["terms.categories"]:
                left.remove(best)
                yield term.id, best


def _likeness(one: Term, other: Term) -> float:
    return len([key for key in TERM if one.says[key] == other.says[key]]) / len(TERM)


def _about(change: Change, term: Term | None = None, party: str = "", articles: Iterable[str] = ()) -> Change:
    if term is not None:
        return replace(change, term=term.id, article=term.article)
    return replace(change, party=party, article=", ".join(articles) if "declarations" in change.part else "")
