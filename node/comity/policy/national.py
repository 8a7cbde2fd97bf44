"""National law as Rego modules that a country writes itself, in `national/` of a node's home.

The main policy adds every denial of a module as a ground, so a module can only narrow; `EXAMPLE` is one. Modules are
checked and compiled with the library by `opa`; the result is kept beside them under a digest of modules and library,
so that a machine without `opa` runs what was compiled where it is.
"""

import hashlib
import json
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from comity.errors import Malformed, Unavailable, Violation
from comity.policy import library
from comity.policy.national_rules import NAME, PACKAGE, check_module
from comity.policy.opa_tool import CAPABILITIES, build_wasm, capabilities, require_opa, run_opa, write_sources

EXAMPLE = """# national/minors.rego, with a test beside it in minors_test.rego if you like
package comity.national.minors

import data.comity.candidates

loaded := true

# denies the whole exchange
deny contains {"code": "minor_or_victim_protection", "article": "Children Act § 12", "detail": "minors"} if {
\tinput.subject.age_band == "minor"
}

# denies one term only
deny contains {"code": "domestic_law_prohibits", "article": "§ 3", "detail": "no DNA", "candidate": candidate} if {
\tsome candidate, held in candidates.considered
\t"dna-profiles" in held.term.categories
}
"""
CACHE = ".compiled"
MAX_MODULES = 32
MAX_BYTES = 65_536
_PARSE_SECONDS = 10.0
_FOLDER = "/".join(PACKAGE)
_SCHEMA = "input.schema"
# Types `input` in every module below, so that a fact that no question has is an error and not a rule that never fires.
_TYPED = f'# METADATA\n# scope: subpackages\n# schemas:\n#   - input: schema["{_SCHEMA}"]\npackage comity.national\n'


@dataclass(frozen=True, slots=True)
class National:
    """Checked modules, compiled with the library. `sources` by their path in a bundle."""

    sources: Mapping[str, str]
    names: tuple[str, ...]
    wasm: bytes = field(repr=False)


def load_national(folder: Path) -> National | None:
    """Return the modules of a folder, None when it has none.

    Taken from the folder's cache where that was made of these modules and this library; else checked and compiled.
    Raises `Malformed` naming file, line, problem and remedy, and `Unavailable` where `opa` is needed and absent.
    """
    texts = read_modules(folder)
    if not texts:
        return None
    held = _from_cache(folder / CACHE, texts)
    if held is not None:
        return held
    made = compile_national(texts)
    _to_cache(folder / CACHE, texts, made)
    return made


def read_modules(folder: Path) -> dict[str, str]:
    """Return the module texts of a folder by file name, `_test.rego` left out; raises `Malformed`."""
    files = sorted(file for file in folder.glob("*.rego") if not file.name.endswith("_test.rego"))
    if len(files) > MAX_MODULES:
        raise Malformed(f"{folder}: more than {MAX_MODULES} national modules: join some of them")
    return {file.name: _read(file) for file in files}


def compile_national(texts: Mapping[str, str]) -> National:
    """Check modules (file name to text) and compile them with the library; raises as `load_national`."""
    try:
        opa = require_opa()
    except Unavailable as cause:
        raise Unavailable(f"national modules must be compiled, and {cause}; or run `comity policy national check` "
                          "where it is, and bring the folder with its cache") from cause  # fmt: skip
    _check(opa, texts)
    return _national(texts, build_wasm(opa, {**library.rego_under("comity"), **_sources(texts)}))


def _national(texts: Mapping[str, str], wasm: bytes) -> National:
    return National(_sources(texts), tuple(sorted(file.removesuffix(".rego") for file in texts)), wasm)


def _sources(texts: Mapping[str, str]) -> dict[str, str]:
    """Return texts by their path in a bundle, where a folder is a package."""
    return {f"{_FOLDER}/{file.removesuffix('.rego')}/{file}": text for file, text in sorted(texts.items())}


def _read(file: Path) -> str:
    if not NAME.match(file.stem):
        raise _malformed([Violation(file.name, "the name of a module is small letters, digits and _, a letter first")])
    if file.stat().st_size > MAX_BYTES:
        raise _malformed([Violation(file.name, f"larger than {MAX_BYTES} bytes: divide it")])
    try:
        return file.read_bytes().decode()
    except UnicodeDecodeError:
        raise _malformed([Violation(file.name, "is not UTF-8: save it as UTF-8")]) from None


def _check(opa: str, texts: Mapping[str, str]) -> None:
    """Hold every module against the rules and OPA's own strict check; raises `Malformed` with all violations."""
    codes = {ground["code"] for ground in library.catalogue().values()}
    with tempfile.TemporaryDirectory(prefix="comity-national-") as name:
        folder = Path(name)
        write_sources(folder, texts)
        found: list[Violation] = []
        for file in texts:
            tree = _parse(opa, folder, file)
            found += tree if isinstance(tree, list) else check_module(file, tree, codes)
        if not found:
            found = _strict(opa, folder, texts)
    if found:
        raise _malformed(found)


def _parse(opa: str, folder: Path, file: str) -> dict[str, Any] | list[Violation]:
    arguments = ["parse", "--format", "json", "--json-include", "locations,-comments", file]
    done = run_opa(opa, arguments, folder=folder, seconds=_PARSE_SECONDS)
    if done.returncode != 0:
        return _errors(done.stdout or done.stderr, "")
    tree: dict[str, Any] = json.loads(done.stdout)
    return tree


def _strict(opa: str, folder: Path, texts: Mapping[str, str]) -> list[Violation]:
    """`opa check --strict` of library and modules, with nothing callable but what the engines offer."""
    write_sources(folder, {**library.rego_under("comity"), f"{_FOLDER}/typed.rego": _TYPED})
    (folder / "schemas").mkdir()
    (folder / "schemas" / f"{_SCHEMA}.json").write_text(json.dumps(library.schema("input")))
    (folder / CAPABILITIES).write_bytes(capabilities(opa))
    limits = ["--capabilities", CAPABILITIES, "--schema", "schemas"]
    done = run_opa(opa, ["check", "--strict", "--format", "json", *limits, "comity", *texts], folder=folder)
    if done.returncode == 0:
        return []
    remedy = ": `comity policy national words` lists what a module may call"
    return _errors(done.stdout or done.stderr, remedy)


def _errors(raw: bytes, remedy: str) -> list[Violation]:
    """Return OPA's errors as violations; its words name the problem."""
    try:
        errors = json.loads(raw)["errors"]
    except (ValueError, KeyError, TypeError):
        return [Violation("national", f"OPA does not take it: {raw.decode(errors='replace').strip()[:500]}")]
    found = []
    for each in errors:
        where = each.get("location") or {}
        place = f"{where.get('file', 'national')}:{where.get('row', 1)}"
        known = ", ".join((each.get("details") or {}).get("oneOf") or [])
        hint = f": known are {known}" if known else remedy if "undefined function" in each["message"] else ""
        found.append(Violation(place, f"{each['message']}{hint}"))
    return found


def _malformed(found: list[Violation]) -> Malformed:
    text = "; ".join(f"{each.field}: {each.problem}" for each in found)
    return Malformed(f"national modules: {text}", violations=tuple(found))


def _stamp(texts: Mapping[str, str]) -> str:
    """Return the digest of what a compiled module is made from: the modules and the library."""
    made_of = {"library": library.sources(), "modules": dict(texts)}
    return hashlib.sha256(json.dumps(made_of, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _from_cache(cache: Path, texts: Mapping[str, str]) -> National | None:
    """Return what was compiled of these very texts and library, its bytes held against their digest; else None."""
    try:
        wasm = (cache / "policy.wasm").read_bytes()
        stamp = json.loads((cache / "stamp.json").read_bytes())
    except (OSError, ValueError):
        return None
    if stamp != {"made_of": _stamp(texts), "wasm": hashlib.sha256(wasm).hexdigest()}:
        return None
    return _national(texts, wasm)


def _to_cache(cache: Path, texts: Mapping[str, str], made: National) -> None:
    """Keep the compiled module, where the folder may be written to.

    The stamp is written last and names the bytes, so half a write, or one of two processes at once, is no cache.
    """
    stamp = {"made_of": _stamp(texts), "wasm": hashlib.sha256(made.wasm).hexdigest()}
    with suppress(OSError):
        cache.mkdir(exist_ok=True, mode=0o700)
        (cache / "stamp.json").unlink(missing_ok=True)
        (cache / "policy.wasm").write_bytes(made.wasm)
        (cache / "stamp.json").write_text(json.dumps(stamp))
