"""National law as policy: Rego modules that a country writes itself, under `comity.national`; they only narrow."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class National:
    """A country's own modules, ready to run.

    `sources` is Rego text by path in the bundle (`comity/national/NAME/….rego`), `names` the modules that policy must
    find loaded (`data.comity.expected_national`), `wasm` the shipped library and these modules compiled together.
    """

    sources: Mapping[str, str]
    names: tuple[str, ...]
    wasm: bytes = field(repr=False)
