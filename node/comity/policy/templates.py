"""The templates of `comity agreement new`, as files of this package.

A template is an agreement without parties, instrument and scenarios; `about` says what it and each of its terms are
for, `{parties}` in its title stands for their names. Its values are the strict ones.
"""

from functools import cache
from pathlib import Path
from typing import Any

from comity.errors import NotFound
from comity.policy.yamltree import parse

FOLDER = Path(__file__).parent / "template_files"


@cache
def template_named(name: str) -> dict[str, Any]:
    """Return a template; raises `NotFound` naming those there are."""
    path = FOLDER / f"{name}.yaml"
    if name not in template_names():
        raise NotFound(f"no template `{name}`: there are {', '.join(template_names())}")
    found: dict[str, Any] = parse(path.read_bytes(), path.name).plain()
    return found


def template_names() -> tuple[str, ...]:
    """Return the names of all templates."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))
