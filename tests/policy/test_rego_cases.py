"""OPA's own conformance cases, those that call only what policies here may call, run as OPA's Wasm in our host.

The cases state what OPA's other engine answers. So what the two agree on is pinned, and the one construct on which they
differ is named; main policy and national modules must not use it. Each case becomes a package of its own in one module.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from comity.policy import opa_tool
from comity.policy.opa_tool import capabilities, run_opa, write_sources
from comity.policy.wasm import Machine, compile_module

_QUERY = re.compile(r"data((?:\.[a-z_][a-z0-9_]*)+) = (?!input)([a-z]+)\Z")
_ROUNDS = 10
DIFFERENT = {"data/nested integer"}  # an array index into an object of the data document


@dataclass(frozen=True)
class Case:
    note: str
    entrypoint: str
    sources: dict[str, str]
    data: Any
    input: bytes
    want: list[Any]


def case_of(number: int, row: dict[str, Any]) -> Case | None:
    """A case under a package `cNUMBER`; None where that cannot be done by name alone."""
    match = _QUERY.match(row["query"])
    texts = row.get("modules") or []
    wanted = "want_result" in row and not row.get("strict_error") and not row.get("ignore")
    if match is None or not wanted or any(re.search(r"\bdata\b(?!\.)", text) for text in texts):
        return None
    own = f"c{number}"
    renamed = [re.sub(r"\bdata\.", f"data.{own}.", text) for text in texts]
    sources = {
        f"{own}_{index}.rego": re.sub(r"^package ", f"package {own}.", text, flags=re.MULTILINE)
        for index, text in enumerate(renamed)
    }
    document = row.get("input_term") or (json.dumps(row["input"]) if "input" in row else "")
    path, variable = match.groups()
    want = [each[variable] for each in row["want_result"]]
    try:
        json.loads(document or "0")
    except ValueError:  # a Rego term that is no JSON
        return None
    return Case(row["note"], own + path.replace(".", "/"), sources, row.get("data") or {}, document.encode(), want)


def usable(opa: str, folder: Path, cases: dict[str, Case]) -> dict[str, Case]:
    """The cases that OPA takes with our capabilities."""
    (folder / "caps.json").write_bytes(capabilities(opa))
    for _ in range(_ROUNDS):
        files = sorted(file for case in cases.values() for file in case.sources)
        limits = ["--capabilities", "caps.json", "--max-errors", "100000", "--format", "json"]
        done = run_opa(opa, ["check", *limits, *files], folder=folder)
        if done.returncode == 0:
            return cases
        errors = json.loads(done.stdout or done.stderr)["errors"]
        bad = {each["location"]["file"].partition("_")[0] for each in errors if each.get("location")}
        cases = {own: case for own, case in cases.items() if own not in bad}
    raise AssertionError("OPA does not come to an end with its errors")


def plain(value: Any) -> Any:
    """A value with its lists in one order: a set has none, and JSON does not tell sets from arrays."""
    if isinstance(value, list):
        return sorted((plain(each) for each in value), key=lambda each: json.dumps(each, sort_keys=True))
    return {key: plain(each) for key, each in value.items()} if isinstance(value, dict) else value


def test_the_cases_give_what_opa_gives(shared: Path, opa_binary: str, tmp_path: Path) -> None:
    lines = (shared / "data" / "vectors" / "rego_cases.jsonl").read_text().splitlines()
    made = {f"c{number}": case_of(number, json.loads(line)) for number, line in enumerate(lines)}
    cases = {own: case for own, case in made.items() if case is not None}
    for case in cases.values():
        write_sources(tmp_path, case.sources)
    cases = usable(opa_binary, tmp_path, cases)
    assert len(cases) > 800
    entrypoints = tuple(case.entrypoint for case in cases.values())
    sources = {file: text for case in cases.values() for file, text in case.sources.items()}
    machine = Machine(
        compile_module(opa_tool.build_wasm(opa_binary, sources, entrypoints)),
        json.dumps({own: case.data for own, case in cases.items()}).encode(),
    )
    different = set()
    for case in cases.values():
        found = [each["result"] for each in json.loads(machine.evaluate(case.entrypoint, case.input))]
        if plain(found) != plain(case.want):
            different.add(case.note)
    machine.close()
    assert different == DIFFERENT
