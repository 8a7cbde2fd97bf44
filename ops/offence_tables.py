"""Write what each country punishes, and which statutes of two countries punish the same conduct, as data for policy.

    offence_tables.py            writes policy/comity/offences/data.json and policy/comity/mappings/data.json
    offence_tables.py --check    says whether they are what policy/offences/*.yaml make

A statute of the country asked stands beside the asker's when its ICCS class is the same or a wider one that holds it,
and its list category is the same or none: a narrower statute does not cover all of the conduct. `pairs.yaml` says
otherwise where the join is wrong. No counterpart is an empty list: known, and not punishable there.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

REPO = Path(__file__).resolve().parent.parent
SOURCES = REPO / "policy" / "offences"
POLICY = REPO / "policy" / "comity"
OFFENCES, MAPPINGS = POLICY / "offences" / "data.json", POLICY / "mappings" / "data.json"

Statutes = Mapping[str, Mapping[str, Any]]
"""Statutes of one country by full code: `{"EE:209": {"iccs": …, "list": …, "max_penalty_months": …, …}}`."""

_KEYS = {"title", "iccs", "list", "months", "kinds"}
_COUNTRY_KEYS = {"country", "law", "iccs", "list", "except", "statutes"}


def main() -> int:
    """Write or check; return the exit code."""
    words = json.loads((POLICY / "vocabulary" / "data.json").read_text())
    offences = read_countries(SOURCES, words)
    made = {OFFENCES: offences, MAPPINGS: mappings(offences, yaml.safe_load((SOURCES / "pairs.yaml").read_text()))}
    for path, table in made.items():
        text = json.dumps(table, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        if "--check" not in sys.argv[1:]:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            print(f"{path.relative_to(REPO)} is stale: run `make policy`", file=sys.stderr)
            return 1
    return 0


def read_countries(folder: Path, words: Mapping[str, Any]) -> dict[str, Any]:
    """Return `data.comity.offences`; raises `SystemExit` with every problem of the sources."""
    classes = yaml.safe_load((folder / "iccs.yaml").read_text())
    documents = {path.name: yaml.safe_load(path.read_text()) for path in sorted(folder.glob("[A-Z][A-Z].yaml"))}
    problems = [
        f"{name}: {problem}" for name, found in documents.items() for problem in _problems(found, classes, words)
    ]
    if problems:
        raise SystemExit("\n".join(problems))
    return {document["country"]: _table(document, classes, words) for document in documents.values()}


def mappings(offences: Mapping[str, Any], pairs: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Return `data.comity.mappings`: asking country, asked country, the asker's statute, the other's statutes."""
    said = dict(_said(offences, pairs))
    return {
        asking: {
            asked: {
                code: said.get((code, asked), counterparts(statute, offences[asked]["statutes"]))
                for code, statute in offences[asking]["statutes"].items()
            }
            for asked in offences
            if asked != asking
        }
        for asking in offences
    }


def counterparts(statute: Mapping[str, Any], others: Statutes) -> list[str]:
    """Return the codes of `others` that cover all of a statute's conduct, by ICCS and list category."""
    return [
        code
        for code, other in sorted(others.items())
        if statute["iccs"].startswith(other["iccs"]) and other["list"] in ("", statute["list"])
    ]


def _said(offences: Mapping[str, Any], pairs: list[Mapping[str, Any]]) -> Iterator[tuple[tuple[str, str], list[str]]]:
    """Yield what `pairs.yaml` says; raises `SystemExit` for a statute that no table has."""
    for entry in pairs:
        known = {code for table in offences.values() for code in table["statutes"]}
        for asked, keys in entry["asked"].items():
            found = [f"{asked}:{key}" for key in keys]
            unknown = {entry["asking"], *found} - known
            if unknown or not entry["why"]:
                raise SystemExit(f"pairs.yaml: {entry['asking']} to {asked}: {sorted(unknown) or 'say why'}")
            yield (entry["asking"], asked), found


def _problems(found: Mapping[str, Any], classes: Mapping[str, str], words: Mapping[str, Any]) -> Iterator[str]:
    kinds = next(set(row["of"]) for row in words["input"] if row["path"] == ["offence", "kinds"])
    listed = {"", *words["list_offences"]}
    yield from (f"unknown key {key}" for key in found.keys() - _COUNTRY_KEYS)
    yield from (f"unknown ICCS class {code}" for code in found["iccs"] if code not in classes)
    yield from (f"unknown list category {word}" for word in found.get("except", []) if word not in listed)
    if found["list"] != "all":
        yield "`list` is `all`; what is not punished goes under `except`"
    for key, statute in found["statutes"].items():
        if not re.fullmatch(r"[A-Za-z0-9-]+", key) or statute.keys() - _KEYS:
            yield f"{key}: letters, digits and hyphens; keys are {', '.join(sorted(_KEYS))}"
        if statute["iccs"] not in classes:
            yield f"{key}: unknown ICCS class {statute['iccs']}"
        if statute.get("list", "") not in listed or statute.get("list") in found.get("except", []):
            yield f"{key}: unknown or excepted list category {statute['list']}"
        if set(statute.get("kinds", [])) - kinds:
            yield f"{key}: unknown kind among {statute['kinds']}"
        if not 0 < statute["months"] <= 1200:
            yield f"{key}: months of the maximum penalty, 1 to 1200 (life)"


def _table(found: Mapping[str, Any], classes: Mapping[str, str], words: Mapping[str, Any]) -> dict[str, Any]:
    punished = {*found["iccs"], *(statute["iccs"] for statute in found["statutes"].values())}
    return {
        "iccs": sorted(code for code in classes if any(code.startswith(wide) for wide in punished)),
        "list": sorted(set(words["list_offences"]) - set(found.get("except", []))),
        "statutes": {
            f"{found['country']}:{key}": {
                "title": statute["title"],
                "iccs": statute["iccs"],
                "list": statute.get("list", ""),
                "max_penalty_months": statute["months"],
                "kinds": statute.get("kinds", []),
            }
            for key, statute in found["statutes"].items()
        },
    }


if __name__ == "__main__":
    sys.exit(main())
