"""What a part of the policy reads, found in the syntax tree that `opa parse` gives. Pure.

Follows every value from where it comes (`sources.py`) through assignments, calls, comprehensions and heads. It never
evaluates: it only says which facts and data can matter, and which are compared with which. What it cannot follow it
names as a problem, and then nothing that depends on the part is proved.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from comity.policy.prove.sources import ANY, KEYS, NOWHERE, Of, Source, Sources, const, is_fixed, steps

_TESTS = {"is_array", "is_boolean", "is_number", "is_object", "is_string", "is_null", "is_set", "type_name"}
_COMPARES = {"equal", "neq", "eq", "gt", "gte", "lt", "lte", "internal.member_2", "assign"}
_ORDERS = {"gt", "gte", "lt", "lte"}
_FLOWS = {"or", "object.union", "array.concat", "array.slice", "sort", "max", "min", "union"}
_SETS = {"and", "intersection", "minus"}
_PLACED = {"array.slice", "max", "min"}  # these see order or size, not only which members there are
_BUILDS = {"concat", "format_int", "replace", "sprintf", "lower", "upper", "trim", "plus", "mul", "div", "rem"}
CONSIDERED = "candidates.considered"


class Unbound(Exception):
    """A variable has no value yet: the expression waits for another one."""


class Part:
    """What one part reads: filled by `Reader`."""

    def __init__(self, numbers: Iterable[tuple[str, ...]] = ()) -> None:
        self.numbers = frozenset(numbers)  # paths of the facts that are numbers
        self.reads: set[Source] = set()
        self.compared: list[set[Source]] = []
        self.problems: set[str] = set()
        self.looks = 0  # how often all candidates are looked at

    def use(self, sources: Iterable[Source]) -> None:
        """Note that values of these sources matter."""
        self.reads |= {source.bare() for source in sources}

    def compare(self, *operands: Sources) -> None:
        """Note that values of these sources meet: they are of one sort."""
        together = {source.bare() for operand in operands for source in operand}
        self._check(operands)
        self.compared.append(together)

    def order(self, sources: Sources) -> None:
        """Note that values are compared by size: of facts only numbers may be, text has no order that can be cut."""
        for source in sources:
            if source.root == "input" and source.bare().path not in self.numbers:
                self.problems.add("compares by size what is no number of the question")

    def _check(self, operands: tuple[Sources, ...]) -> None:
        everything = frozenset().union(*operands)
        roots = {source.root for source in everything}
        if Source("built", ("input",)) in everything or ("built" in roots and "input" in roots):
            self.problems.add("compares a text or number that it puts together from the question")
        if any(source.root == "input" and source.path[-1:] == (KEYS,) for source in everything):
            self.problems.add("looks at the place of a member in a list of the question")
        if "count" in roots:
            others = {source for source in everything if source.root != "count"}
            if others - const(0):
                self.problems.add("counts members of the question: only `count(…) == 0` and `> 0` can be followed")

    def sorts(self) -> list[set[Source]]:
        """Return the sources that are compared, directly or through others, in groups."""
        groups: list[set[Source]] = []
        for together in self.compared:
            met = [group for group in groups if group & together]
            groups = [group for group in groups if not group & together]
            groups.append(together.union(*met))
        return groups


class Library:
    """The rules of all modules by dotted package (without `comity.`) and name."""

    def __init__(self, modules: Iterable[Mapping[str, Any]]) -> None:
        self.rules: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
        self.aliases: dict[tuple[str, ...], dict[str, tuple[str, ...]]] = {}
        self.packages: set[tuple[str, ...]] = set()
        for module in modules:
            package = tuple(step["value"] for step in module["package"]["path"][1:])
            self.packages.add(package)
            for each in module.get("imports", ()):
                steps_ = tuple(step["value"] for step in each["path"]["value"])
                self.aliases.setdefault(package, {})[each.get("alias") or steps_[-1]] = steps_
            for rule in module.get("rules", ()):
                name = rule["head"]["ref"][0]["value"]
                self.rules.setdefault((*package, name), []).append(rule)


class Reader:
    """Reads one part; `cuts` are dotted names (without `comity.`) where reading stops because they have tables."""

    def __init__(self, library: Library, cuts: Iterable[str], data: Mapping[str, Any]) -> None:
        self.library = library
        self.cuts = frozenset(cuts)
        self.data = data
        self.part = Part(_numbers(data))
        self._memo: dict[Any, Sources] = {}

    def rule(self, path: tuple[str, ...], arguments: tuple[Sources, ...] = ()) -> Sources:
        """Return the sources of a rule's or function's value, and note what its bodies read."""
        key = (path, arguments)
        if key not in self._memo:
            self._memo[key] = NOWHERE
            found: Sources = NOWHERE
            for rule in self.library.rules[path]:
                found |= self.clause(path[:-1], rule, arguments)
            self._memo[key] = found
        return self._memo[key]

    def clause(self, package: tuple[str, ...], rule: Mapping[str, Any], arguments: tuple[Sources, ...] = ()) -> Sources:
        """Return the sources of one clause's value, its `else` included."""
        found: Sources = NOWHERE
        each: Mapping[str, Any] | None = rule
        while each is not None:
            scope = Scope(self, package, {})
            for pattern, sources in zip(rule["head"].get("args", ()), arguments, strict=True):
                scope.bind(pattern, sources)
            scope.body(each["body"])
            head = each["head"]
            for extra in head["ref"][1:]:
                found |= scope.term(extra)
            values = [scope.term(head[part]) for part in ("key", "value") if part in head]
            found = found.union(*values)
            self.part.use(found)
            each = each.get("else")
        return found


class Scope:
    """The variables of one body."""

    def __init__(self, reader: Reader, package: tuple[str, ...], held: dict[str, Sources]) -> None:
        self.reader, self.package, self.held = reader, package, held
        self.part = reader.part
        self.declared: set[str] = set()
        self.lists = False  # whether members of a list of the question are gone through

    def body(self, expressions: Iterable[Mapping[str, Any]]) -> None:
        """Read expressions in any order in which their variables get values."""
        waiting = list(expressions)
        for name in [name for expression in waiting for name in _declared(expression["terms"])]:
            self.declared.add(name)
            self.held.pop(name, None)
        while waiting:
            left = []
            for expression in waiting:
                try:
                    self.expression(expression)
                except Unbound:
                    left.append(expression)
            if len(left) == len(waiting):
                self.part.problems.add("a variable whose value cannot be followed")
                return
            waiting = left

    def expression(self, expression: Mapping[str, Any]) -> None:
        """Read one expression; raises `Unbound`."""
        if "with" in expression:
            self.part.problems.add("`with` changes what is evaluated")
        terms = expression["terms"]
        if isinstance(terms, list):
            self.part.use(self.call(terms))
        elif "symbols" in terms:
            self.some(terms["symbols"])
        elif "domain" in terms:
            self.every(terms)
        else:
            self.part.use(self.term(terms))

    def some(self, symbols: list[Mapping[str, Any]]) -> None:
        """Read `some x`, `some x in xs`, `some k, v in xs`."""
        for symbol in symbols:
            if symbol["type"] == "call":
                *names, domain = symbol["value"][1:]
                sources = self.term(domain)
                self.part.use(sources)
                self.bind(names[-1], self.members(sources))
                if len(names) == 2:
                    self.bind(names[0], steps(sources, KEYS))

    def every(self, terms: Mapping[str, Any]) -> None:
        """Read `every k, v in xs { … }`."""
        sources = self.term(terms["domain"])
        inner = self.inner()
        inner.bind(terms["value"], self.members(sources))
        if terms.get("key"):
            inner.bind(terms["key"], steps(sources, KEYS))
        self.part.use(sources)
        inner.body(terms["body"])

    def inner(self) -> "Scope":
        """Return a scope that sees this one's variables."""
        inner = Scope(self.reader, self.package, dict(self.held))
        inner.declared = self.declared - self.held.keys()
        return inner

    def bind(self, pattern: Mapping[str, Any], sources: Sources) -> None:
        """Give the variables of a pattern their sources; a literal or known variable is compared."""
        kind, value = pattern["type"], pattern["value"]
        if kind == "var" and value not in self.held and not self.is_name(value):
            self.held[value] = sources
        elif kind == "array":
            for item in value:
                self.bind(item, steps(sources, ANY))
        else:
            self.part.compare(self.term(pattern), sources)

    def is_name(self, name: str) -> bool:
        """Whether a word is a rule, an import, `input` or `data`, and so no variable."""
        known = self.reader.library
        if name in self.declared:
            return False
        return name in ("input", "data") or (*self.package, name) in known.rules or name in self.alias()

    def alias(self) -> Mapping[str, tuple[str, ...]]:
        """Return the imports of this package."""
        return self.reader.library.aliases.get(self.package, {})

    def members(self, sources: Sources) -> Sources:
        """Return the sources of the members of a collection."""
        self.lists |= any(source.root == "input" for source in sources)
        return frozenset(_member(source, ANY) for source in sources)

    def term(self, term: Mapping[str, Any]) -> Sources:
        """Return the sources of a term; raises `Unbound`."""
        kind, value = term["type"], term["value"]
        if kind in ("string", "number", "boolean", "null"):
            return const(None if kind == "null" else value)
        if kind in ("var", "ref"):
            return self.ref([term] if kind == "var" else value)
        if kind == "call":
            return self.call(value)
        if kind in ("array", "set", "object"):
            items = [item for pair in value for item in pair] if kind == "object" else value
            return NOWHERE.union(*map(self.term, items))
        return self.comprehension(value)

    def comprehension(self, value: Mapping[str, Any]) -> Sources:
        """Return the sources of what a comprehension collects."""
        inner = self.inner()
        inner.body(value["body"])
        found = NOWHERE.union(*(inner.term(value[part]) for part in ("term", "key", "value") if part in value))
        self.part.use(found)
        return found | {Source("list")} if inner.lists else found

    def ref(self, words: list[Mapping[str, Any]]) -> Sources:
        """Return the sources of a reference; raises `Unbound`."""
        head, rest = words[0], words[1:]
        name = head["value"]
        if head["type"] != "var":
            found = self.term(head)
        elif name in self.held:
            found = self.held[name]
        elif name in self.declared:
            raise Unbound
        elif name == "input":
            found = frozenset({Source("input")})
        else:
            found, rest = self.named(name, rest)
        for word in rest:
            found = self.index(found, word)
        return found

    def named(self, name: str, rest: list[Mapping[str, Any]]) -> tuple[Sources, list[Mapping[str, Any]]]:
        """Resolve a rule, an import or a path of data."""
        if (*self.package, name) in self.reader.library.rules:
            return self.of_rule((*self.package, name)), rest
        path = ("data",) if name == "data" else self.alias().get(name)
        if path is None or path[0] not in ("data", "input"):
            raise Unbound
        if path[0] == "input":
            return frozenset({Source("input", path[1:])}), rest
        known = self.reader.library
        path = path[1:]
        while path not in known.rules and rest and rest[0]["type"] == "string":
            path, rest = (*path, rest[0]["value"]), rest[1:]
        if path in known.rules:
            return self.of_rule(path), rest
        inside = any(package[: len(path)] == path for package in known.packages)
        if inside and rest and path != ("comity", "national"):
            self.part.problems.add(f"reads rules by a name that is a value: data.{'.'.join(path)}[…]")
        return frozenset({Source("data", path)}), rest

    def of_rule(self, path: tuple[str, ...]) -> Sources:
        """Return the sources of a rule's value, or the cut that stands for it."""
        cut = ".".join(path[1:])
        if cut in self.reader.cuts:
            return self.cut(cut)
        return self.reader.rule(path)

    def cut(self, name: str) -> Sources:
        """Return the source that stands for a part with a table of its own."""
        found = frozenset({Source("cut", (name,))})
        self.part.use(found)
        self.part.looks += name == CONSIDERED
        return found

    def index(self, found: Sources, word: Mapping[str, Any]) -> Sources:
        """Return the sources one step into a reference."""
        if word["type"] == "string":
            return steps(found, word["value"])
        keys = steps(found, KEYS)
        if word["type"] == "number" and any(source.root == "input" for source in found):
            self.part.problems.add("looks at the place of a member in a list of the question")
        if word["type"] == "var" and word["value"] not in self.held and not self.is_name(word["value"]):
            self.held[word["value"]] = keys
            return self.members(found)
        names = self.term(word)
        step = Of(names) if is_fixed(names) and names else ANY
        asked = frozenset(source for source in found if source.root == "input")
        self.part.use(names | (found - asked if step != ANY else found))
        self.part.compare(names, frozenset(source for source in keys if source.root not in ("cut", "input")))
        return frozenset(_member(source, step) for source in found)

    def call(self, words: list[Mapping[str, Any]]) -> Sources:
        """Return the sources of a call's result, and note what it compares; raises `Unbound`."""
        name = ".".join(str(step["value"]) for step in words[0]["value"])
        path = self.function(name)
        if path is not None:
            arguments = tuple(self.term(word) for word in words[1:])
            cut = ".".join(path[1:])
            if cut in self.reader.cuts:
                return self.cut(cut)
            return self.reader.rule(path, arguments)
        if name in ("assign", "eq"):
            return self.assign(words[1], words[2])
        return self.builtin(name, [self.term(word) for word in words[1:]])

    def function(self, name: str) -> tuple[str, ...] | None:
        """Return the path of a function of ours, none for a built-in one."""
        first, *rest = name.split(".")
        for path in ((*self.package, first), (*self.alias().get(first, ("",))[1:], *rest)):
            if path in self.reader.library.rules:
                return path
        full = tuple(name.split(".")[1:])
        return full if first == "data" and full in self.reader.library.rules else None

    def assign(self, left: Mapping[str, Any], right: Mapping[str, Any]) -> Sources:
        """Bind the side that has no value yet."""
        try:
            self.bind(left, self.term(right))
        except Unbound:
            self.bind(right, self.term(left))
        return NOWHERE

    def builtin(self, name: str, arguments: list[Sources]) -> Sources:
        """Return the sources of a built-in function's result."""
        if name == "object.get":
            return self.get(arguments)
        everything = NOWHERE.union(*arguments)
        self.part.use(everything)
        if name in _TESTS:
            return NOWHERE
        if name in _COMPARES:
            if name in _ORDERS:
                self.part.order(everything)
            self.part.compare(*arguments)
            return NOWHERE
        return self.made(name, everything)

    def made(self, name: str, everything: Sources) -> Sources:
        """Return the sources of a value that a built-in function makes."""
        asked = any(source.root == "input" for source in everything)
        if name == "count":
            counts = asked or Source("list") in everything
            return frozenset({Source("count") if counts else Source("built", ("data",))})
        if name == "object.keys":
            return steps(everything, KEYS)
        if (asked and name not in _FLOWS | _BUILDS | _SETS) or (asked and name in _PLACED):
            self.part.problems.add(f"`{name}` of facts of the question cannot be followed")
        if name in _SETS:
            self.part.compare(everything)
        if name in _FLOWS | _SETS - {"minus"}:
            return everything
        return frozenset({Source("built", ("input" if asked else "data",))})

    def get(self, arguments: list[Sources]) -> Sources:
        """Return the sources of `object.get(where, path, usual)`; a path of the library's data is looked up."""
        where, names, usual = arguments
        self.part.use(names)
        found: set[Source] = set(usual)
        for path in self.paths(names):
            reached = where
            for step in path:
                reached = steps(reached, step)
            found |= reached
        return frozenset(found)

    def paths(self, names: Sources) -> Iterator[tuple[Any, ...]]:
        """Yield the paths that the second argument of `object.get` can be."""
        for source in names:
            if source.root == "const":
                yield (json.loads(source.path[0]),)
            elif source.root == "data":
                yield from _lists(self.reader.data, source.path)
            else:
                self.part.problems.add("reads a fact by a name that cannot be followed")


def _numbers(data: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Yield the paths of the facts that are numbers, columns of rows included."""
    for row in data["comity"]["vocabulary"]["input"]:
        if row["kind"] == "number":
            yield tuple(row["path"])
        for column in row.get("row", ()):
            if column["kind"] == "number":
                yield (*row["path"], ANY, *column["path"])


def _declared(terms: Any) -> Iterator[str]:
    """Yield the variables that an expression declares: they hide rules of the same name."""
    if isinstance(terms, list):
        if terms[0]["value"][0]["value"] == "assign":
            yield from _variables(terms[1])
    elif "symbols" in terms:
        for symbol in terms["symbols"]:
            for pattern in symbol["value"][1:-1] if symbol["type"] == "call" else [symbol]:
                yield from _variables(pattern)


def _variables(pattern: Mapping[str, Any]) -> Iterator[str]:
    if pattern["type"] == "var":
        yield pattern["value"]
    elif pattern["type"] == "array":
        for item in pattern["value"]:
            yield from _variables(item)


def _member(source: Source, step: Any) -> Source:
    if source == Source("cut", (CONSIDERED,)):
        return Source("cand")
    return source if source.root == "cut" else source.step(step)


def _lists(data: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """Yield every list of texts below a place of the data."""
    if path and isinstance(data, Mapping):
        wide = path[0] == ANY or isinstance(path[0], Of)
        for each in data.values() if wide else [data[path[0]]] if path[0] in data else []:
            yield from _lists(each, path[1:])
    elif isinstance(data, Mapping):
        for each in data.values():
            yield from _lists(each, ())
    elif isinstance(data, list):
        yield tuple(data)
