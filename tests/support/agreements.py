"""Agreement texts for tests: one of the sandbox's, with whatever a test wants changed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from comity.policy.agreement import Agreement, load_agreement

FOLDER = Path(__file__).resolve().parent.parent.parent / "policy" / "agreements"


def text_of(document: dict[str, Any]) -> bytes:
    """Return a document as the bytes of an agreement file."""
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False).encode()


def changed(content: bytes, **changes: Any) -> bytes:
    """Return a text with top-level keys changed; `instrument` is merged, `edit` is a function of the document."""
    document = yaml.safe_load(content)
    edit: Callable[[dict[str, Any]], None] | None = changes.pop("edit", None)
    document["instrument"] |= changes.pop("instrument", {})
    document.update(changes)
    if edit:
        edit(document)
    return text_of(document)


def sample(name: str = "ee-fi-police-2026", **changes: Any) -> bytes:
    """Return one of the sandbox's texts, changed."""
    return changed((FOLDER / f"{name}.yaml").read_bytes(), **changes)


def read(content: bytes) -> Agreement:
    """Return the agreement of a text."""
    return load_agreement(content, "test.yaml")
