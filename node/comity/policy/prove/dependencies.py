"""What every part of the policy that `prove` tabulates reads: made where the policy is built. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from comity.policy.prove.reads import CONSIDERED, Library, Part, Reader
from comity.policy.prove.sources import Source, dumps

PROVIDER, REQUESTER = "candidates.provider", "candidates.requester"
ALL, FIRED, ROLES = "candidates._all", "triggers._fired", "triggers.roles"
COUNTS = ("ranking.grounds", "ranking.blocking", "ranking._dead")
CUTS = (PROVIDER, REQUESTER, ALL, CONSIDERED, FIRED, ROLES, *COUNTS)
_CANDIDATE = frozenset({Source("cand")})
_KEY = frozenset({Source("built", ("data",))})


def dependencies(modules: Iterable[Mapping[str, Any]], data: Mapping[str, Any]) -> dict[str, Any]:
    """Return, for each part by name, its facts and data (`reads`), what meets what (`sorts`), and `problems`.

    `modules` are the JSON forms that `opa parse` gives, tests left out; `data` is the library's data document. Parts:
    `rules.NAME.GROUND` and `national.NAME.ARTICLE` (grounds against a candidate), `fired.WORD`, `roles`, `release.KEY`,
    `rank`, `considered`, `all`.
    """
    library = Library(modules)
    parts: dict[str, Part] = {}
    for path in sorted(library.rules):
        if path[:2] == ("comity", "rules") and path[-1] == "grounds":
            parts |= _grounds(library, data, path)
        if path[:2] == ("comity", "national") and path[-1] == "deny":
            parts |= _denials(library, data, path)
    parts |= _fired(library, data) | _release(library, data)
    parts["roles"] = _part(library, data, ("comity", "triggers", "roles"), _CANDIDATE)
    parts["rank"] = _part(library, data, ("comity", "ranking", "_ranks"))
    parts["considered"] = _part(library, data, ("comity", "candidates", "considered"))
    parts["all"] = _part(library, data, ("comity", "candidates", "_all"))
    return {name: _dump(part) for name, part in sorted(parts.items())}


def _reader(library: Library, data: Mapping[str, Any], but: str = "") -> Reader:
    return Reader(library, [cut for cut in CUTS if cut != but], data)


def _part(library: Library, data: Mapping[str, Any], path: tuple[str, ...], *arguments: Any) -> Part:
    reader = _reader(library, data, ".".join(path[1:]))
    reader.part.use(reader.rule(path, arguments))
    return reader.part


def _grounds(library: Library, data: Mapping[str, Any], path: tuple[str, ...]) -> dict[str, Part]:
    """Return what each ground of a rule reads, where every clause writes its ground out; else the rule as a whole."""
    found: dict[str, Part] = {}
    for rule in library.rules[path]:
        part = _clause(library, data, path, rule)
        if part.looks != 1 or not any(map(_iterates, rule["body"])):
            part.problems.add("a ground that does not speak about one candidate")
        _join(found.setdefault(_written(rule, "ground"), Part()), part)
    return _named(f"rules.{path[2]}", found)


def _denials(library: Library, data: Mapping[str, Any], path: tuple[str, ...]) -> dict[str, Part]:
    """Return what the denials of a national module read, by article. They may go through the candidates, one by one."""
    found: dict[str, Part] = {}
    for rule in library.rules[path]:
        part = _clause(library, data, path, rule)
        if part.looks > sum(map(_iterates, rule["body"])) or part.looks > 1:
            part.problems.add("a denial that looks at several candidates together")
        _join(found.setdefault(_written(rule, "article"), Part()), part)
    return _named(f"national.{path[2]}", found)


def _clause(library: Library, data: Mapping[str, Any], path: tuple[str, ...], rule: Mapping[str, Any]) -> Part:
    reader = _reader(library, data)
    reader.part.use(reader.clause(path[:-1], rule))
    return reader.part


def _written(rule: Mapping[str, Any], key: str) -> str:
    """Return the text that a clause's head writes out under a key; empty where it does not."""
    head = rule["head"]["key"]
    words = {name["value"]: value for name, value in head["value"]} if head["type"] == "object" else {}
    return str(words[key]["value"]) if words.get(key, {}).get("type") == "string" else ""


def _named(prefix: str, found: dict[str, Part]) -> dict[str, Part]:
    """Return parts by full name; all together as one where a clause cannot be told from the others."""
    if "" in found:
        whole = Part()
        for part in found.values():
            _join(whole, part)
        return {prefix: whole}
    return {f"{prefix}.{name}": part for name, part in found.items()}


def _iterates(expression: Mapping[str, Any]) -> bool:
    """Whether an expression is `some key, candidate in candidates.considered`."""
    symbols = expression["terms"].get("symbols", []) if isinstance(expression["terms"], dict) else []
    domains = [symbol["value"][-1]["value"] for symbol in symbols if symbol["type"] == "call"]
    return any(
        isinstance(words, list) and [word["value"] for word in words] == CONSIDERED.split(".") for words in domains
    )


def _join(whole: Part, part: Part) -> None:
    whole.reads |= part.reads
    whole.compared += part.compared
    whole.problems |= part.problems


def _fired(library: Library, data: Mapping[str, Any]) -> dict[str, Part]:
    """Return what each trigger reads: every clause names its word."""
    found: dict[str, Part] = {}
    for rule in library.rules["comity", "triggers", "_fired"]:
        reader = _reader(library, data)
        reader.clause(("comity", "triggers"), rule)
        word = rule["head"]["key"]
        if word["type"] != "string":
            reader.part.problems.add("a trigger whose word is not written out")
        _join(found.setdefault(f"fired.{word['value']}", Part()), reader.part)
    return found


def _release(library: Library, data: Mapping[str, Any]) -> dict[str, Part]:
    """Return what each key of the decision of a candidate reads."""
    path = ("comity", "release", "decision")
    (rule,) = library.rules[path]
    found = {}
    for key, value in rule["head"]["value"]["value"]:
        reader = _reader(library, data)
        single = {**rule, "head": {**rule["head"], "value": value}}
        reader.part.use(reader.clause(path[:-1], single, (_KEY,)))
        found[f"release.{key['value']}"] = reader.part
    return found


def _dump(part: Part) -> dict[str, Any]:
    reads = sorted(
        (dumps(source) for source in part.reads if source.root in ("input", "data", "cand", "cut")), key=repr
    )
    sorts = sorted((sorted((dumps(source) for source in sort), key=repr) for sort in part.sorts()), key=repr)
    return {"reads": reads, "sorts": sorts, "problems": sorted(part.problems)}
