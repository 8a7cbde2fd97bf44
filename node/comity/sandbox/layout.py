"""Where a sandbox lies and what it says about itself."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from comity.errors import NotFound
from comity.settings import Home

FILE = "sandbox.json"
MARK = "COMITY_SANDBOX_MARK"
"""Environment variable of every process of a sandbox: how `down` finds them all, also after a crash."""


@dataclass(frozen=True, slots=True)
class Country:
    """One country of the sandbox: who runs its node, who prosecutes, and where it is."""

    code: str
    name: str
    trust_domain: str
    authority: str
    prosecution: str
    languages: tuple[str, ...]


COUNTRIES = {
    "EE": Country("EE", "Estonia", "police.ee", "ppa", "prosecutor", ("et", "en")),
    "FI": Country("FI", "Finland", "poliisi.fi", "nbi", "prosecutor", ("fi", "sv", "en")),
    "SE": Country("SE", "Sweden", "polisen.se", "polisen", "aklagare", ("sv", "en")),
    "LV": Country("LV", "Latvia", "vp.gov.lv", "vp", "prokuratura", ("lv", "en")),
    "LT": Country("LT", "Lithuania", "policija.lt", "policija", "prokuratura", ("lt", "en")),
    "PL": Country("PL", "Poland", "policja.gov.pl", "kgp", "prokuratura", ("pl", "en")),
    "DE": Country("DE", "Germany", "bka.de", "bka", "staatsanwaltschaft", ("de", "en")),
    "US": Country("US", "United States", "doj.gov", "doj", "doj", ("en",)),
}


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A sandbox folder; `rows` is the content of its file."""

    path: Path
    rows: dict[str, Any]

    @property
    def countries(self) -> list[str]:
        """Country codes, in the order they were asked for."""
        return list(self.rows["countries"])

    @property
    def mark(self) -> str:
        """The value of `MARK` in its processes."""
        return str(self.path)

    def home(self, country: str) -> Home:
        """Return a country's home; raises `NotFound`."""
        if country not in self.rows["countries"]:
            raise NotFound(f"the sandbox has no {country}: it has {', '.join(self.countries)}")
        return Home(self.path / country)

    def save(self) -> None:
        """Write the file, and remember this sandbox as the one that `--node` means."""
        (self.path / FILE).write_text(json.dumps(self.rows, indent=2) + "\n")
        pointer = _pointer()
        pointer.parent.mkdir(parents=True, exist_ok=True)
        pointer.write_text(str(self.path))


def default_path() -> Path:
    """Return where a sandbox is made unless told otherwise."""
    return _data() / "sandbox"


def find_sandbox(path: Path | None = None) -> Sandbox:
    """Return the sandbox at a path, else `COMITY_SANDBOX`, else the one made last; raises `NotFound`."""
    chosen = path or (Path(os.environ["COMITY_SANDBOX"]) if os.environ.get("COMITY_SANDBOX") else None)
    if chosen is None:
        pointer = _pointer()
        chosen = Path(pointer.read_text()) if pointer.exists() else default_path()
    file = chosen.resolve() / FILE
    if not file.exists():
        raise NotFound(f"no sandbox in {chosen}: `comity sandbox up` makes one")
    return Sandbox(chosen.resolve(), json.loads(file.read_text()))


def _data() -> Path:
    data = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(data) / "comity"


def _pointer() -> Path:
    return _data() / "current-sandbox"
