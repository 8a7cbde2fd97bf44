"""Everything that decides, as tables: which candidates are considered, what stands against each, what each releases.

`Model.decide` puts the tables together as `main.rego`, `ranking.rego` and `release.rego` do; it is held against the
engine by tests on random documents, and no counterexample is reported that the engine has not confirmed.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from comity.policy.bundle import PolicySet
from comity.policy.prove.axes import FRESH, Scalar, Seen, Sorts, Unfollowed, Way, axes_of
from comity.policy.prove.dependencies import FIRED, PROVIDER, REQUESTER, ROLES
from comity.policy.prove.facts import DIRECTION, PEER, SELF, facts, named, usual, whole
from comity.policy.prove.oracle import Oracle
from comity.policy.prove.places import Place
from comity.policy.prove.sources import Of, Source, loads
from comity.policy.prove.tables import Table, fill

UNDEFINED = "undefined"
COUNTRIES = (PROVIDER, REQUESTER)
_COUNTRY_FACTS = ((), ("self",), ("self", "country"), ("peer",), ("peer", "country"))
Pair = tuple[str, str]


@dataclass
class Reads:
    """What a part reads, from `dependencies.json`."""

    reads: tuple[Source, ...]
    sorts: tuple[tuple[Source, ...], ...]
    problems: tuple[str, ...]
    mentioned: dict[str, bool] = field(default_factory=dict)

    def _inputs(self) -> Iterator[Source]:
        return (source for source in self.reads if source.root == "input")

    def mentions(self, cut: str) -> bool:
        """Whether a cut is read, also as a name inside another source."""
        if cut not in self.mentioned:
            self.mentioned[cut] = self._mentions(cut)
        return self.mentioned[cut]

    def _mentions(self, cut: str) -> bool:
        if cut in COUNTRIES and any(source.path in _COUNTRY_FACTS for source in self._inputs()):
            return True
        return any(_mentions(source, cut) for source in (*self.reads, *(each for sort in self.sorts for each in sort)))


@dataclass
class Candidate:
    """One (agreement, term) and its tables by provider and requester; pairs of the same tables share them."""

    key: str
    name: str
    whole: Mapping[str, Any]
    grounds: dict[Pair, dict[str, Table]] = field(default_factory=dict)
    release: dict[Pair, dict[str, Table]] = field(default_factory=dict)
    roles: dict[Pair, Table] = field(default_factory=dict)
    rank: dict[Pair, Table] = field(default_factory=dict)
    fields: dict[str, dict[Pair, Table]] = field(default_factory=dict)

    @property
    def term(self) -> str:
        """The term's name."""
        return str(self.whole["term"]["id"])

    @property
    def pairs(self) -> list[Pair]:
        """Every (provider, requester) of the agreement's parties."""
        parties = self.whole["agreement"]["parties"]
        return [(one, other) for one in parties for other in parties if one != other]


class Model:
    """The tables of one policy set."""

    def __init__(
        self, policy: PolicySet, oracle: Oracle, dependencies: Mapping[str, Any], countries: Iterable[str] = ()
    ) -> None:
        self.data = policy.data
        self.oracle = oracle
        self.parts = {name: _reads(part) for name, part in dependencies.items()}
        self._held: dict[Any, Table] = {}
        self._short_held: dict[Any, Table] = {}
        agreements = policy.data["comity"]["agreements"]
        known = {party for each in agreements.values() for party in each["parties"]} | {
            *policy.data["comity"]["offences"]
        }
        known |= set(countries)
        self.countries = (*sorted(known), *FRESH[:2])
        self.names = ("", *sorted(agreements), FRESH[0])
        self._check_countries()
        self._check_considered()
        self.candidates = {each.key: each for name in sorted(agreements) for each in self._candidates(name)}
        self.fired = {
            name.removeprefix("fired."): self._fired(name) for name in self.parts if name.startswith("fired.")
        }
        for candidate in self.candidates.values():
            for pair in candidate.pairs:
                self._fill(candidate, pair)
        self.considered = self._considered()
        self.weights = self._weights()

    def base(self, candidate: Candidate | None, pair: Pair) -> dict[str, Any]:
        """Return a whole document: `pair[1]` asks `pair[0]` under a candidate."""
        document = usual()
        place(document, "inbound", pair)
        document["requester"].update(country=pair[1])
        document["time"] = 1
        if candidate is not None:
            term, agreement = candidate.whole["term"], candidate.whole["agreement"]
            document.update(action=term["actions"][0], category=term["categories"][0], time=agreement["from"] + 1)
            document["basis"]["agreement"] = candidate.name
        return document

    def table(
        self,
        part: str,
        candidate: Candidate | None,
        pair: Pair,
        pick: Any,
        ask: str,
        *,
        rule: str = "",
        apart: Mapping[str, str] | None = None,
    ) -> Table:
        """Return the table of a part, shared with every candidate and pair at which the part reads the same.

        `apart` names for a fact a word that must have a position of its own.
        """
        reads = self._followed(part)
        short = self._short(part, reads, candidate, pair, apart)
        if short not in self._short_held:
            try:
                self._short_held[short] = self._table(part, reads, candidate, pair, pick, ask, rule, apart)
            except Unfollowed as cause:
                raise Unfollowed(f"{part}: {cause}: nothing is proved") from None
        return self._short_held[short]

    def _short(self, part: str, reads: Reads, candidate: Candidate | None, pair: Pair, apart: Any) -> Any:
        """Return what can make a difference, told from what the part reads without looking anything up."""
        provider, requester = (where if reads.mentions(cut) else "" for where, cut in zip(pair, COUNTRIES, strict=True))
        roles = id(candidate.roles[pair]) if candidate and reads.mentions(ROLES) else 0
        return part, candidate and candidate.key, provider, requester, roles, repr(apart)

    def _table(  # noqa: PLR0913, PLR0917
        self,
        part: str,
        reads: Reads,
        candidate: Candidate | None,
        pair: Pair,
        pick: Any,
        ask: str,
        rule: str,
        apart: Mapping[str, str] | None,
    ) -> Table:
        where = Place(candidate.whole if candidate else {}, *pair, self.data)
        sources = [*reads.reads, *(each for sort in reads.sorts for each in sort)]
        bound = [source for source in sources if source.root in ("cand", "data") or _country(source)]
        inputs = [source for source in sources if source.root == "input"]
        axes = self._axes(reads, where, candidate, pair, apart)
        names = frozenset().union(*(named(source, where) for source in inputs))
        content = where.content(bound), repr(sorted(names)), pair if names & {SELF, PEER} else ""
        held = (part, content, repr([axis for axis in axes if isinstance(axis, Seen)]), repr(apart))
        if held not in self._held:
            base = self.base(candidate, pair)
            self._held[held] = fill(axes, self._asker(base, candidate, pair, pick, ask, rule), base)
        return self._held[held]

    def _asker(
        self, base: dict[str, Any], candidate: Candidate | None, pair: Pair, pick: Any, ask: str, rule: str
    ) -> Any:
        key = candidate.key if candidate else ""

        def answers(rows: list[dict[str, Any]]) -> list[Any]:
            for row in rows:
                if row["facts"].get(DIRECTION) == "outbound":
                    place(row["facts"], "outbound", pair)
            return [pick(found) for found in self.oracle.ask(ask, rows, base=base, key=key, rule=rule)]

        return answers

    def _axes(
        self, reads: Reads, where: Place, candidate: Candidate | None, pair: Pair, apart: Mapping[str, str] | None
    ) -> list[Any]:
        sorts = Sorts(reads.sorts, where, apart)
        names = whole(set().union(*(named(source, where) for source in reads.reads)))
        if names & {SELF, PEER}:
            names = names - {SELF, PEER} | {DIRECTION}
        axes = [axis for name in sorted(names) for axis in axes_of(facts()[name], sorts)]
        if reads.mentions(FIRED):
            axes.append(self._fired_axis(reads, where))
        if reads.mentions(ROLES) and candidate is not None:
            axes.append(_roles_axis(candidate.roles[pair], candidate.whole["term"]["actions"]))
        return axes

    def _fired_axis(self, reads: Reads, where: Place) -> Seen:
        cut = Source("cut", (FIRED,))
        words = {
            value for sort in reads.sorts if cut in sort for source in sort for _, value in where.leaves(source)
        } & self.fired.keys()
        return Seen("fired", tuple(map(frozenset, _subsets(sorted(words)))), words=frozenset(words))

    def field(self, candidate: Candidate, word: str) -> dict[Pair, Table]:
        """Return, by pair, the tables of whether a field is among those released."""
        if word not in candidate.fields:
            candidate.fields[word] = {
                pair: self.table(
                    "release.fields", candidate, pair, _contains(word), "release", apart={"ask.fields": word}
                )
                for pair in candidate.pairs
            }
        return candidate.fields[word]

    def _followed(self, part: str) -> Reads:
        reads = self.parts[part]
        if reads.problems:
            raise Unfollowed(f"{part}: {'; '.join(reads.problems)}")
        return reads

    def _check_considered(self) -> None:
        """Hold what is read against what the tables of the candidates at hand and considered are laid out by."""
        for part, known in (("all", {"basis.agreement"}), ("considered", {"category", "action"})):
            reads = self._followed(part).reads
            found = set().union(*(named(source, Place({}, "", "", self.data)) for source in reads))
            if found - known:
                raise Unfollowed(
                    f"which candidates are considered depends on {', '.join(sorted(found - known))} as well"
                )

    def _check_countries(self) -> None:
        """Hold against the engine that inbound the peer asks, outbound we do."""
        pairs = [(one, other) for one in self.countries for other in self.countries]
        rows = [place({}, way, pair) for way in ("inbound", "outbound") for pair in pairs]
        found = self.oracle.ask("countries", [{"facts": row} for row in rows], base=self.base(None, pairs[0]))
        if found != [list(pair) for pair in pairs] * 2:
            raise Unfollowed("who answers and who asks do not follow from direction, self and peer")

    def _candidates(self, name: str) -> Iterator[Candidate]:
        parties = self.data["comity"]["agreements"][name]["parties"]
        base = self.base(None, (parties[0], parties[1]))
        (found,) = self.oracle.ask("candidates", [{"facts": {"basis": {"agreement": name}}}], base=base)
        for key, value in sorted(found.items()):
            yield Candidate(key, name, value)

    def _fired(self, part: str) -> Table:
        word = part.removeprefix("fired.")
        return self.table(part, None, (self.countries[0], self.countries[1]), lambda found: word in found, "fired")

    def _fill(self, candidate: Candidate, pair: Pair) -> None:
        candidate.roles[pair] = self.table("roles", candidate, pair, frozenset, "roles")
        candidate.grounds[pair] = dict(self._grounds(candidate, pair))
        candidate.rank[pair] = self.table("rank", candidate, pair, lambda found: tuple(found[3:]), "rank")
        candidate.release[pair] = {
            key: self.table(f"release.{key}", candidate, pair, _picked(key), "release")
            for key in (name.removeprefix("release.") for name in self.parts if name.startswith("release."))
        }

    def _grounds(self, candidate: Candidate, pair: Pair) -> Iterator[tuple[str, Table]]:
        expected = self.data["comity"]["expected"]
        for part in self.parts:
            kind, _, rest = part.partition(".")
            rule, _, ground = rest.partition(".")
            if kind == "rules" and rule in expected and rule != "national":
                pick = _found(candidate.key, ground)
                yield part, self.table(part, candidate, pair, pick, "grounds", rule=rule)
            if kind == "national":
                pick = _found(candidate.key, "", ground)
                yield part, self.table(part, candidate, pair, pick, "national", rule=rule)

    def _considered(self) -> dict[tuple[str, frozenset[str]], dict[tuple[str, str], frozenset[str]]]:
        """Return the keys considered by category and action, for each provider and set of terms at hand."""
        self.groups: dict[tuple[str, str, str], tuple[str, frozenset[str]]] = {}
        base = self.base(None, (self.countries[0], self.countries[1]))
        asked = [(p, q, name) for p in self.countries for q in self.countries for name in self.names]
        rows = [{"facts": {**place({}, "inbound", (p, q)), "basis": {"agreement": name}}} for p, q, name in asked]
        for case, found in zip(asked, self.oracle.ask("all", rows, base=base), strict=True):
            self.groups[case] = (case[0], frozenset(found))
        cases = {group: case for case, group in reversed(self.groups.items())}
        self.categories = self._words("category", lambda term: term["categories"])
        self.actions = self._words("action", lambda term: [*term["actions"], *term["disclosure"]])
        return {group: self._considered_in(case) for group, case in cases.items()}

    def _considered_in(self, case: tuple[str, str, str]) -> dict[tuple[str, str], frozenset[str]]:
        provider, requester, name = case
        base = self.base(None, (provider, requester))
        base["basis"]["agreement"] = name
        pairs = [(category, action) for category in self.categories for action in self.actions]
        rows = [{"facts": {"category": category, "action": action}} for category, action in pairs]
        found = self.oracle.ask("considered", rows, base=base)
        return {pair: frozenset(keys) for pair, keys in zip(pairs, found, strict=True)}

    def _words(self, _fact: str, of: Any) -> tuple[str, ...]:
        words = {word for each in self.candidates.values() for word in of(each.whole["term"])}
        return (*sorted(words), FRESH[0])

    def _weights(self) -> dict[tuple[str, str, str], tuple[int, int, int]]:
        """Return what one ground adds to the first three ranks, by rule, ground and direction: asked of the engine."""
        pairs = {
            (part.split(".")[1] if part.startswith("rules.") else "national", ground)
            for candidate in self.candidates.values()
            for tables in candidate.grounds.values()
            for part, table in tables.items()
            for answer in table.values()
            for ground, _ in answer
        }
        cases = [(rule, ground, way) for rule, ground in sorted(pairs) for way in ("inbound", "outbound")]
        if not cases:
            return {}
        first = next(iter(self.candidates.values()))
        rows = [
            {
                "facts": place({}, way, first.pairs[0]),
                "fired": [],
                "grounds": [{"candidate": first.key, "rule": rule, "ground": ground, "detail": ""}],
            }
            for rule, ground, way in cases
        ]
        base = self.base(first, first.pairs[0])
        found = self.oracle.ask("rank", rows, base=base, key=first.key)
        return {case: tuple(rank[:3]) for case, rank in zip(cases, found, strict=True)}


def place(document: dict[str, Any], direction: str, pair: Pair) -> dict[str, Any]:
    """Set direction, self and peer so that `pair[1]` asks `pair[0]`."""
    own, other = pair if direction == "inbound" else pair[::-1]
    document["direction"] = direction
    document.setdefault("self", {})["country"] = own
    document.setdefault("peer", {})["country"] = other
    return document


def _reads(part: Mapping[str, Any]) -> Reads:
    reads = tuple(loads(form) for form in part["reads"])
    sorts = tuple(tuple(loads(form) for form in sort) for sort in part["sorts"])
    return Reads(reads, sorts, tuple(part["problems"]))


def _mentions(source: Source, cut: str) -> bool:
    inside = (name for step in source.path if isinstance(step, Of) for name in step.names)
    return source == Source("cut", (cut,)) or any(_mentions(name, cut) for name in inside)


def _country(source: Source) -> bool:
    return source.root == "cut" and source.path[0] in COUNTRIES


def _found(key: str, ground: str, article: str = "") -> Any:
    """Return how to read grounds: name and number of those against a candidate, of one ground or article if given."""

    def pick(found: list[Mapping[str, Any]]) -> frozenset[tuple[str, int]]:
        names = [
            each["ground"]
            for each in found
            if each["candidate"] == key and ground in ("", each["ground"]) and article in ("", each.get("article", ""))
        ]
        return frozenset((name, names.count(name)) for name in names)

    return pick


def _contains(word: str) -> Any:
    """Return how to read whether a field is released."""

    def pick(found: Mapping[str, Any] | None) -> Any:
        return UNDEFINED if found is None else word in found["fields"]

    return pick


def _picked(key: str) -> Any:
    """Return how to read one key of a released decision; of those that no condition names only that there is one."""

    def pick(found: Mapping[str, Any] | None) -> Any:
        if found is None:
            return UNDEFINED
        if key == "human":
            return found[key] and found[key]["role"]
        if key == "obligations":
            return frozenset(found[key])
        return found[key] if key in ("outcome", "disclosure") else ""

    return pick


def _subsets(words: list[str]) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = [()]
    for word in words:
        found += [(*some, word) for some in found]
    return found


def _roles_axis(table: Table, actions: list[str]) -> Seen:
    """Return the axis of who must decide: each value, with everything that brings it about."""
    ways: dict[Any, list[Way]] = {}
    for numbers, answer in table.answers.items():
        way = Way(frozenset(), actions[0])
        for axis, blocks, number in zip(table.axes, table.blocks, numbers, strict=True):
            if isinstance(axis, Seen):
                way = replace(way, fired=axis.sample(blocks.index(number)))
            elif isinstance(axis, Scalar):
                places = [place for place, block in enumerate(blocks) if block == number]
                fitting = [action for action in actions if axis.at(action) in places]
                way = replace(way, action=[*fitting, axis.sample(places[0])][0], axis=axis, actions=frozenset(places))
        ways.setdefault(answer, []).append(way)
    return Seen("roles", tuple(ways), ways)
