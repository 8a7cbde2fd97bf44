"""The tables as constraints over finitely many values, for the solver `z3`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import z3

from comity.policy.prove.axes import FRESH, Members, Number, Rows, Scalar, Seen
from comity.policy.prove.conditions import All, Any_, Clause, Condition, Not
from comity.policy.prove.domain import Domain
from comity.policy.prove.facts import DIRECTION, LISTS, PEER, SELF, facts
from comity.policy.prove.model import Candidate, Model, Pair
from comity.policy.prove.tables import Table

Formula = Any  # z3 has no types
YES, NO = z3.BoolVal(True), z3.BoolVal(False)


class Encoder:
    """Literals for every value of every fact, and formulas of tables over them."""

    def __init__(self, model: Model, domain: Domain) -> None:
        self.model, self.domain = model, domain
        self.constraints: list[Formula] = []
        self._literals: dict[tuple[str, Any], Formula] = {}
        self._blocks: dict[Any, Formula] = {}
        for fact, values in domain.scalars.items():
            self._one_of(fact, values)
        for fact, members in domain.members.items():
            for member in members:
                self._literals[fact, member] = z3.Bool(f"{fact}∋{member}")
        for row in domain.rows:
            self._literals["assurances", row] = z3.Bool(f"assurances∋{row}")
        self.fired = {word: self.table(table, bool, None) for word, table in model.fired.items()}

    def is_(self, fact: str, values: Iterable[Any]) -> Formula:
        """Return that a fact has one of these values of its domain."""
        held = self.domain.scalars[fact]
        wanted = [value for value in held if any(_same(value, each) for each in values)]
        if len(wanted) == len(held):
            return YES
        key = fact, tuple(map(repr, wanted))
        if key not in self._blocks:
            self._blocks[key] = _any(self._literals[fact, _key(value)] for value in wanted)
        return self._blocks[key]

    def has(self, fact: str, member: Any) -> Formula:
        """Return that a list has a member."""
        return self._literals.get((fact, member), NO)

    def pairs(self, pairs: Iterable[Pair]) -> Formula:
        """Return that provider and requester are one of these pairs."""
        by_requester: dict[str, set[str]] = {}
        for provider, requester in pairs:
            by_requester.setdefault(requester, set()).add(provider)
        by_providers: dict[frozenset[str], set[str]] = {}
        for requester, providers in by_requester.items():
            by_providers.setdefault(frozenset(providers), set()).add(requester)
        return _any(
            z3.And(self.is_("provider", providers), self.is_("requester", requesters))
            for providers, requesters in by_providers.items()
        )

    def table(self, table: Table, wanted: Callable[[Any], bool], roles: Table | None) -> Formula:
        """Return that the answer of a table is a wanted one."""
        yes = [place for place, answer in table.answers.items() if wanted(answer)]
        if not yes:
            return NO
        if len(yes) == len(table.answers):
            return YES
        if len(yes) > len(table.answers) // 2:
            return z3.Not(self.table(table, lambda answer: not wanted(answer), roles))
        return _any(
            z3.And([self._block(axis, blocks, number, roles) for axis, blocks, number in self._of(table, place)])
            for place in yes
        )

    def _of(self, table: Table, place: Sequence[int]) -> Iterable[Any]:
        return zip(table.axes, table.blocks, place, strict=True)

    def _block(self, axis: Any, blocks: Sequence[int], number: int, roles: Table | None) -> Formula:
        key = id(axis), tuple(blocks), number, id(roles) if isinstance(axis, Seen) else 0
        if key not in self._blocks:
            places = frozenset(place for place, block in enumerate(blocks) if block == number)
            self._blocks[key] = self._places(axis, places, roles)
        return self._blocks[key]

    def _places(self, axis: Any, places: frozenset[int], roles: Table | None) -> Formula:
        match axis:
            case Scalar() | Number():
                return self.is_(
                    axis.fact, [value for value in self.domain.scalars[axis.fact] if axis.at(value) in places]
                )
            case Members():
                return self._members(axis, places)
            case Rows():
                return self._rows(axis, places)
            case Seen(values=values, ways=None):
                words = axis.words or frozenset()
                return _any(
                    z3.And([self.fired[word] if word in values[place] else z3.Not(self.fired[word]) for word in words])
                    for place in places
                )
        wanted = {axis.values[place] for place in places}
        return self.table(roles, lambda answer: answer in wanted, None) if roles else NO

    def _members(self, axis: Members, places: frozenset[int]) -> Formula:
        held = [
            self.has(axis.fact, member)
            for member in self.domain.members[axis.fact]
            if (member in axis.group if axis.group else member not in axis.outside)
        ]
        found = []
        for place in places:
            least = z3.PbGe([(each, 1) for each in held], place) if place else YES
            most = z3.PbLe([(each, 1) for each in held], place) if place < axis.most and held else YES
            found.append(z3.And(least, most) if held or not place else NO)
        return _any(found)

    def _rows(self, axis: Rows, places: frozenset[int]) -> Formula:
        document = {"time": 1}
        present = [[] for _ in axis.kinds]  # type: list[list[Formula]]
        for row in self.domain.rows:
            class_ = axis.row_class(dict(zip(("kind", "status", "expires"), row, strict=True)), document)
            for bit, kind in enumerate(axis.kinds):
                if class_ in kind:
                    present[bit].append(self.has("assurances", row))
        bits = [_any(each) for each in present]
        return _any(
            z3.And([bit if place >> at & 1 else z3.Not(bit) for at, bit in enumerate(bits)]) for place in places
        )

    def _one_of(self, fact: str, values: Sequence[Any]) -> None:
        literals = [z3.Bool(f"{fact}={value!r}") for value in values]
        self._literals |= {(fact, _key(value)): literal for value, literal in zip(values, literals, strict=True)}
        self.constraints.append(z3.PbEq([(literal, 1) for literal in literals], 1))

    def condition(self, condition: Condition, answer: Callable[[Clause], Formula]) -> Formula:
        """Return a condition; `answer` gives what it says about the decision."""
        match condition:
            case All(parts):
                return z3.And([self.condition(part, answer) for part in parts])
            case Any_(parts):
                return z3.Or([self.condition(part, answer) for part in parts])
            case Not(part):
                return z3.Not(self.condition(part, answer))
        return answer(condition) if condition.what.startswith("decision.") else self._test(condition)

    def _test(self, test: Clause) -> Formula:
        if test.what in (SELF, PEER):
            inbound, outbound = ("provider", "requester")[:: 1 if test.what == SELF else -1]
            return z3.Or(
                z3.And(self.is_(DIRECTION, ["inbound"]), self.is_(inbound, test.values)),
                z3.And(self.is_(DIRECTION, ["outbound"]), self.is_(outbound, test.values)),
            )
        if test.what == "assurances":
            rows = [[row for row in self.domain.rows if _fits(pattern, row)] for pattern in test.values]
            fitting = [_any(self.has(test.what, row) for row in some) for some in rows]
            return z3.Or(fitting) if test.how == "contains-any" else z3.And(fitting)
        if test.what in facts() and facts()[test.what].kind in LISTS:
            held = [self.has(test.what, member) for member in test.values]
            return z3.Or(held) if test.how == "contains-any" else z3.And(held)
        if test.how == "in":
            return self.is_(test.what, test.values)
        least, bound = test.how == "at-least", test.values[0]
        values = self.domain.scalars[test.what]
        return self.is_(test.what, [value for value in values if (value >= bound if least else value <= bound)])

    def spread(self, candidate: Candidate, tables: Mapping[Pair, Table], wanted: Callable[[Any], bool]) -> Formula:
        """Return that the table of the pair at hand gives a wanted answer."""
        groups: dict[tuple[int, int], list[Pair]] = {}
        for pair, table in tables.items():
            roles = id(candidate.roles[pair]) if any(isinstance(axis, Seen) for axis in table.axes) else 0
            groups.setdefault((id(table), roles), []).append(pair)
        found = []
        for pairs in groups.values():
            formula = self.table(tables[pairs[0]], wanted, candidate.roles[pairs[0]])
            if formula is not NO:
                found.append(formula if len(groups) == 1 else z3.And(self.pairs(pairs), formula))
        return _any(found)

    def considered(self, keep: Callable[[frozenset[str]], bool]) -> Formula:
        """Return that the set of candidates considered is one of those to keep."""
        cases: dict[Any, list[tuple[str, str, str]]] = {}
        for case, group in self.model.groups.items():
            cases.setdefault(group, []).append(case)
        found = []
        for group, some in cases.items():
            words: dict[str, set[str]] = {}
            for (category, action), keys in self.model.considered[group].items():
                if keep(keys):
                    words.setdefault(action, set()).add(category)
            if words:
                by_words: dict[frozenset[str], list[str]] = {}
                for action, categories in words.items():
                    by_words.setdefault(frozenset(categories), []).append(action)
                asked = _any(
                    z3.And(self.word("action", actions), self.word("category", categories))
                    for categories, actions in by_words.items()
                )
                found.append(z3.And(self.at_hand(some), asked))
        return _any(found)

    def at_hand(self, cases: Iterable[tuple[str, str, str]]) -> Formula:
        """Return that provider, requester and the agreement named are one of these cases."""
        by_pair: dict[Pair, set[str]] = {}
        for provider, requester, name in cases:
            by_pair.setdefault((provider, requester), set()).add(name)
        by_names: dict[frozenset[str], list[Pair]] = {}
        for pair, names in by_pair.items():
            by_names.setdefault(frozenset(names), []).append(pair)
        return _any(z3.And(self.pairs(pairs), self.is_("basis.agreement", names)) for names, pairs in by_names.items())

    def word(self, fact: str, words: Iterable[str]) -> Formula:
        """Return that a fact is one of these words, `FRESH` standing for all that no term names."""
        known = {"category": self.model.categories, "action": self.model.actions}[fact]
        wanted = set(words)
        values = self.domain.scalars[fact]
        return self.is_(fact, [value for value in values if (value if value in known else FRESH[0]) in wanted])


def _fits(pattern: Any, row: Sequence[Any]) -> bool:
    return bool(pattern.fits({"kind": row[0], "status": row[1], "expires": row[2]}, 1))


def _any(parts: Iterable[Formula]) -> Formula:
    found = list(parts)
    return z3.Or(found) if found else NO


def _key(value: Any) -> Any:
    return type(value).__name__, value


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)
