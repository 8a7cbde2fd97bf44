"""What a national module may contain, held against the syntax tree that OPA gives of it. Pure.

A module can only add denials, because nothing of it is read but its `deny`; so what is held here is that it reads
nothing but the question and the law, that every denial is complete, and that it cannot reach around the engine.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from comity.errors import Violation

NAME = re.compile(r"^[a-z][a-z0-9_]{0,40}\Z")
PACKAGE = ("comity", "national")
READABLE = ("vocabulary", "candidates", "catalogue", "offences")
_REQUIRED = ("code", "article", "detail")
_OPTIONAL = ("candidate",)
_MAY_READ = "may read `input`, " + ", ".join(f"`data.comity.{name}`" for name in READABLE) + " and itself"

Tree = Mapping[str, Any]


def check_module(file: str, tree: Tree, codes: Collection[str]) -> list[Violation]:
    """Return what a module breaks, by line. `tree` is `opa parse --format json --json-include locations`."""
    name = file.removesuffix(".rego")
    found = [*_package(tree, name), *_imports(tree), *_head(tree, codes)]
    for rule in tree.get("rules", []):
        found += _reads(rule, name)
    return [Violation(f"{file}:{line}", problem) for line, problem in sorted(set(found))]


_Found = Iterator[tuple[int, str]]


def _package(tree: Tree, name: str) -> _Found:
    path = tuple(term["value"] for term in tree["package"]["path"][1:])
    if path != (*PACKAGE, name):
        wanted = ".".join((*PACKAGE, name))
        yield _line(tree["package"]), f"package {'.'.join(path)}: must be `package {wanted}`, as the file is named"


def _imports(tree: Tree) -> _Found:
    for each in tree.get("imports", []):
        path = each["path"]
        parts = [term["value"] for term in path["value"]] if path["type"] == "ref" else [path["value"]]
        law = tuple(parts[:2]) == ("data", PACKAGE[0]) and len(parts) > 2 and parts[2] in READABLE
        if not law and parts[0] != "input":
            yield _line(each), f"import {'.'.join(map(str, parts))}: a national module {_MAY_READ}"


def _head(tree: Tree, codes: Collection[str]) -> _Found:
    """`loaded := true` once, at least one `deny contains {…}`, and neither name for anything else."""
    rules = tree.get("rules", [])
    loaded = [rule for rule in rules if _rule_name(rule) == "loaded"]
    if len(loaded) != 1 or not _is_constant_true(loaded[0]):
        yield _line(loaded[0] if loaded else tree["package"]), "must say `loaded := true`, once and without a condition"
    denials = [rule for rule in rules if _rule_name(rule) == "deny"]
    if not denials:
        yield _line(tree["package"]), "has no denial: write `deny contains {…} if {…}`"
    for rule in denials:
        yield from _denial(rule, codes)


def _denial(rule: Tree, codes: Collection[str]) -> _Found:
    head, line = rule["head"], _line(rule)
    if len(head.get("ref", [])) != 1 or "key" not in head or "value" in head or rule.get("default"):
        yield line, "`deny` is a set of denials: write `deny contains {…} if {…}`"
        return
    if rule.get("else"):
        yield line, "a denial has no `else`: write another `deny contains {…} if {…}`"
    key = head["key"]
    if key["type"] != "object" or any(name["type"] != "string" for name, _ in key["value"]):
        yield line, 'a denial is written out: `deny contains {"code": …, "article": …, "detail": …}`'
        return
    row = {name["value"]: value for name, value in key["value"]}
    for name in sorted(row.keys() - {*_REQUIRED, *_OPTIONAL}):
        yield line, f"a denial has no `{name}`: it has {', '.join(_REQUIRED)} and at will {', '.join(_OPTIONAL)}"
    for name in _REQUIRED:
        if name not in row:
            yield line, f"the denial lacks `{name}`: a refusal has a code, an article and a remedy"
    yield from _values(row, line, codes)


def _values(row: Mapping[str, Any], line: int, codes: Collection[str]) -> _Found:
    """A call or a reference in the head that is undefined would silence the denial: so none stands there."""
    code, article = row.get("code"), row.get("article")
    if code is not None and (code["type"] != "string" or code["value"] not in codes):
        near = get_close_matches(str(code["value"]), codes, n=1, cutoff=0.0)[0]
        yield line, f"`code` must be a refusal code in quotes, `{near}` perhaps: `comity policy national words` has all"
    if article is not None and (article["type"] != "string" or not article["value"].strip()):
        yield line, "`article` must name the article in quotes"
    for name in ("detail", "candidate"):
        if name in row and row[name]["type"] not in ("string", "var"):
            yield line, f"`{name}` must be a text or a variable: bind it in the body, where its absence shows"


def _reads(node: Any, name: str) -> _Found:
    """Every reference of a rule, and `with`, which puts other values under the feet of what is read."""
    if isinstance(node, list):
        for each in node:
            yield from _reads(each, name)
        return
    if not isinstance(node, dict):
        return
    if node.get("with"):
        yield _line(node), "`with` is not for national modules: it hides what is read"
    if node.get("type") == "var" and node.get("value") == "data":
        yield _line(node), f"reads all of `data`: a national module {_MAY_READ}"
    if node.get("type") == "ref" and _is_data(node["value"]):
        path = [term["value"] if term["type"] == "string" else None for term in node["value"][1:]]
        if not _allowed(path, name):
            yield _line(node), f"reads `{_shown(node['value'])}`: a national module {_MAY_READ}"
        yield from _reads(node["value"][1:], name)
        return
    for key, value in node.items():
        if key != "location":
            yield from _reads(value, name)


def _is_data(terms: list[Any]) -> bool:
    return bool(terms) and terms[0].get("type") == "var" and terms[0].get("value") == "data"


def _allowed(path: list[Any], name: str) -> bool:
    if path[:1] != [PACKAGE[0]]:
        return False
    return len(path) > 1 and (path[1] in READABLE or path[1:3] == [PACKAGE[1], name])


def _shown(terms: list[Any]) -> str:
    return ".".join(str(term["value"]) if term["type"] in ("var", "string") else "…" for term in terms)


def _rule_name(rule: Tree) -> str:
    """Return the first word of a rule's head, whatever follows it."""
    head = rule["head"]
    return str(head["ref"][0]["value"]) if head.get("ref") else str(head.get("name", ""))


def _is_constant_true(rule: Tree) -> bool:
    head = rule["head"]
    value, body = head.get("value", {}), rule.get("body", [])
    unconditional = all(isinstance(part["terms"], dict) and part["terms"].get("value") is True for part in body)
    plain = len(head.get("ref", [])) == 1 and not head.get("args") and "key" not in head
    return plain and value.get("value") is True and unconditional and not rule.get("else") and not rule.get("default")


def _line(node: Tree) -> int:
    where = node.get("location") or node.get("head", {}).get("location") or {}
    return int(where.get("row", 1))
