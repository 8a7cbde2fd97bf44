"""What a JSON Schema cannot say about an agreement: that its parts fit together. Pure."""

from collections.abc import Iterator

from comity.errors import Violation
from comity.policy.yamltree import Entry, Node

_Found = Iterator[tuple[int, str, str]]


def incoherences(tree: Node, name: str) -> list[Violation]:
    """Return every place where the parts of a schema-valid agreement contradict each other."""
    found = sorted({*_parties(tree), *_dates(tree), *_terms(tree), *_refusals(tree)})
    return [Violation(field, f"{name}:{line}: {problem}") for line, field, problem in found]


def _parties(tree: Node) -> _Found:
    parties = tree.value["parties"].node.plain()
    for key in ("authorities", "languages"):
        entry = tree.value[key]
        for country, inner in entry.node.value.items():
            if country not in parties:
                yield inner.line, f"{key}.{country}", f"{country} is no party: add it to `parties` or remove it"
        for country in parties:
            if country not in entry.node.value:
                yield entry.line, key, f"party {country} is missing: name its {key}"


def _dates(tree: Node) -> _Found:
    days: dict[str, Entry] = tree.value["instrument"].node.value
    signed, in_force, until = (days[key].node.value for key in ("signed", "in_force", "until"))
    if in_force < signed:
        yield days["in_force"].line, "instrument.in_force", "is before the day of signature"
    if until <= max(in_force, signed):
        yield days["until"].line, "instrument.until", "ends before it begins: `until` is the first day not in force"


def _terms(tree: Node) -> _Found:
    parties = tree.value["parties"].node.plain()
    seen: set[str] = set()
    for index, node in enumerate(tree.value["terms"].node.value):
        where, term = f"terms[{index}]", node.value
        identity = term["id"]
        if identity.node.value in seen:
            yield identity.line, f"{where}.id", f"term `{identity.node.value}` is there twice: name it otherwise"
        seen.add(identity.node.value)
        for country in term["providers"].node.value:
            if country.value not in parties:
                yield country.line, f"{where}.providers", f"{country.value} is no party"
        yield from _actions(term, where)
        yield from _offences(term["offences"], f"{where}.offences")
        yield from _review(term, where, node.line)


def _actions(term: dict[str, Entry], where: str) -> _Found:
    actions = term["actions"].node.plain()
    disclosure = term["disclosure"]
    for action in actions:
        if action not in disclosure.node.value:
            yield disclosure.line, f"{where}.disclosure", f"action {action} has no disclosure level: add it"
    for key in ("disclosure", "human"):
        if key in term:
            for action, entry in term[key].node.value.items():
                if action not in actions:
                    yield entry.line, f"{where}.{key}.{action}", f"{action} is no action of this term"
    levels = {entry.node.value for entry in disclosure.node.value.values()}
    if levels & {"core", "full"} and not term["fields"].node.value:
        yield term["fields"].line, f"{where}.fields", "the levels core and full need fields: name what may leave"


def _offences(entry: Entry, where: str) -> _Found:
    rules = entry.node.value
    listed = "listed_min_penalty_months" in rules
    if (rules["dual_criminality"].node.value == "unless-listed") != listed:
        problem = "`listed_min_penalty_months` goes with `dual_criminality: unless-listed`, and only with it"
        yield entry.line, f"{where}.listed_min_penalty_months", problem


def _review(term: dict[str, Entry], where: str, line: int) -> _Found:
    minors = term["subjects"].node.value["minors"].node.value
    asks = minors == "review" or ("human" in term and term["human"].node.value)
    if asks and "deadline" not in term:
        yield line, f"{where}.deadline", "a person must decide under this term: say by when in `deadline`"


def _refusals(tree: Node) -> _Found:
    seen: set[str] = set()
    for index, node in enumerate(tree.value["refusals"].node.value):
        ground = node.value["ground"].node.value if isinstance(node.value, dict) else node.value
        if ground in seen:
            yield node.line, f"refusals[{index}]", f"ground `{ground}` is there twice: keep one"
        seen.add(ground)
