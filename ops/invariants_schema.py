"""Write `policy/schemas/invariants.schema.json` from the vocabulary: every fact and word that an invariant may use.

invariants_schema.py            writes
invariants_schema.py --check    exit 1 when the file is not what the vocabulary makes
"""

import json
import sys
from pathlib import Path
from typing import Any

POLICY = Path(__file__).resolve().parent.parent / "policy"
OUTPUT = POLICY / "schemas" / "invariants.schema.json"
WORDS = {
    "action": "action",
    "category": "category",
    "purpose": "purpose",
    "requester.role": "role",
    "ask.fields": "field",
    "undertakings": "undertaking",
    "self.country": "country",
    "peer.country": "country",
    "requester.country": "country",
}


def main() -> int:
    """Write or check; returns the exit code."""
    text = json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"
    if "--check" in sys.argv[1:]:
        if OUTPUT.read_text() != text:
            print("invariants.schema.json is stale: python ops/invariants_schema.py", file=sys.stderr)
            return 1
        return 0
    OUTPUT.write_text(text)
    return 0


DEFS: dict[str, Any] = {}


def schema() -> dict[str, Any]:
    """Return the schema."""
    DEFS.clear()
    agreement = json.loads((POLICY / "schemas" / "agreement.schema.json").read_text())["$defs"]
    decision = json.loads((POLICY / "schemas" / "decision.schema.json").read_text())["properties"]
    rows = json.loads((POLICY / "comity" / "vocabulary" / "data.json").read_text())["input"]
    condition = {"$ref": "#/$defs/condition"}
    several = {"type": "array", "minItems": 1, "items": condition}
    human = decision["human"]["anyOf"][1]["properties"]["role"]
    answers = {
        "decision.outcome": _scalar(decision["outcome"]),
        "decision.disclosure": _ordered({"enum": decision["disclosure"]["enum"]}),
        "decision.fields": _members(_shared("field", decision["fields"]["items"])),
        "decision.obligations": _members(_shared("obligation", decision["obligations"]["items"])),
        "decision.human": _scalar({"enum": [*human["enum"], None]}),
        "decision.agreement": _scalar({"type": "string"}),
        "decision.term": _scalar({"type": "string"}),
        "decision.fault": _scalar({"type": "boolean"}),
    }
    countries = {name: _scalar(_shared("country", agreement["country"])) for name in ("provider", "requester")}
    facts = {".".join(row["path"]): _fact(row, agreement) for row in rows}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://comity.invalid/schemas/invariants.schema.json",
        "title": "Invariants",
        "description": "What must hold of every question and its decision, for `comity policy prove`.",
        "type": "array",
        "minItems": 1,
        "items": {
            "type": "object",
            "additionalProperties": False,
            "required": ["name"],
            "properties": {
                "name": {"type": "string", "minLength": 1, "maxLength": 200},
                "article": {"description": "Where it comes from.", "type": "string", "minLength": 1},
                "never": condition,
                "whenever": condition,
                "then": condition,
            },
        },
        "$defs": {
            **DEFS,
            "condition": {
                "description": "Every key must hold. A value alone means equals, a list means any of these.",
                "type": "object",
                "minProperties": 1,
                "additionalProperties": False,
                "properties": {"all-of": several, "any-of": several, "not": condition, **countries, **answers, **facts},
            },
        },
    }


def _fact(row: dict[str, Any], agreement: dict[str, Any]) -> dict[str, Any]:
    name, kind = ".".join(row["path"]), row["kind"]
    if kind == "rows":
        return _object({"contains": _either(_row(row, agreement)), "contains-any": _either(_row(row, agreement))})
    if kind == "number":
        number = {"type": ["integer", "string"] if name == "time" else "integer", "minimum": 0}
        if name == "time":
            number["pattern"] = agreement["date"]["pattern"]
        return _ordered(number)
    word = _shared(WORDS[name], agreement[WORDS[name]]) if name in WORDS else {"type": "string"}
    if kind in ("one_of", "some_of"):
        word = _shared(name.replace(".", "_"), {"enum": row["of"]})
    if kind in ("texts", "some_of"):
        return _members(word)
    return _scalar({"flag": {"type": "boolean"}, "claim": {"type": ["boolean", "null"]}}.get(kind, word))


def _row(row: dict[str, Any], agreement: dict[str, Any]) -> dict[str, Any]:
    status = next(column["of"] for column in row["row"] if column["path"] == ["status"])
    parts = {
        "kind": _either(_shared("assurance", agreement["assurance"])),
        "status": _either({"enum": status}),
        "expires": {"enum": ["after-time"]},
    }
    return {"type": "object", "minProperties": 1, "additionalProperties": False, "properties": parts}


def _shared(name: str, definition: dict[str, Any]) -> dict[str, Any]:
    """Put a definition under `$defs`, once, and return the reference to it."""
    DEFS[name] = {key: value for key, value in definition.items() if key != "description"}
    return {"$ref": f"#/$defs/{name}"}


def _either(item: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [item, {"type": "array", "minItems": 1, "uniqueItems": True, "items": item}]}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "minProperties": 1, "additionalProperties": False, "properties": properties}


def _scalar(item: dict[str, Any]) -> dict[str, Any]:
    tests = _object({"equals": item, "in": _either(item), "not": _either(item)})
    return {"anyOf": [*_either(item)["anyOf"], tests]}


def _ordered(item: dict[str, Any]) -> dict[str, Any]:
    tests = _object({"equals": item, "in": _either(item), "not": _either(item), "at-least": item, "at-most": item})
    return {"anyOf": [*_either(item)["anyOf"], tests]}


def _members(item: dict[str, Any]) -> dict[str, Any]:
    return _object({"contains": _either(item), "contains-any": _either(item)})


if __name__ == "__main__":
    sys.exit(main())
