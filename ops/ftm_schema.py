"""Generate `node/comity/records/ftm.json` from the followthemoney wheel's own schema files.

The package itself (195 MB, PyICU) is never installed: pip downloads the wheel, and its YAML files are read from it.
"""

import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import yaml

VERSION = "4.11.2"
TARGET = Path(__file__).resolve().parent.parent / "node" / "comity" / "records"
ROOTS = (
    "Person", "LegalEntity", "Organization", "Company", "PublicBody", "Vehicle", "Vessel", "Airplane", "BankAccount",
    "CryptoWallet", "Passport", "Identification", "RealEstate", "Address", "Event", "Asset", "Security", "Position",
    "Ownership", "Directorship", "Family", "Associate", "Membership", "Employment", "Occupancy", "UnknownLink",
    "Sanction",
)  # fmt: skip


def main() -> None:
    """Write the table and the licence; `--check` fails when the committed table differs."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "-d", folder]
        subprocess.run([*command, f"followthemoney=={VERSION}"], check=True)
        with zipfile.ZipFile(next(Path(folder).glob("*.whl"))) as wheel:
            schemata = _schemata(wheel)
            licence = next(name for name in wheel.namelist() if name.endswith("licenses/LICENSE"))
            notice = wheel.read(licence).decode()
    closed = _close(schemata, ROOTS)
    table = {"version": VERSION, "schemata": {name: _compact(schemata[name]) for name in sorted(closed)}}
    text = json.dumps(table, indent=1, sort_keys=True) + "\n"
    if "--check" in sys.argv:
        if (TARGET / "ftm.json").read_text() != text:
            sys.exit("node/comity/records/ftm.json is not fresh: run `make ftm`")
        return
    (TARGET / "ftm.json").write_text(text)
    (TARGET / "FTM-LICENSE").write_text(f"ftm.json is made from followthemoney {VERSION}:\n\n{notice}")


def _schemata(wheel: zipfile.ZipFile) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in wheel.namelist():
        if name.startswith("followthemoney/schema/") and name.endswith(".yaml"):
            found.update(yaml.safe_load(wheel.read(name)))
    return found


def _close(schemata: dict[str, Any], roots: tuple[str, ...]) -> set[str]:
    closed: set[str] = set()
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name not in closed:
            closed.add(name)
            waiting += schemata[name].get("extends", [])
    return closed


def _compact(schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "label": schema.get("label", ""),
        "extends": schema.get("extends", []),
        "abstract": bool(schema.get("abstract")),
        "properties": {name: row.get("type", "string") for name, row in (schema.get("properties") or {}).items()},
    }


main()
