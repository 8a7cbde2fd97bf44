"""How commands speak: a table for people, one JSON document for programs, errors with their remedy.

Rules: data to stdout, everything else to stderr; no colour when NO_COLOR is set or stdout is no terminal; a
progress bar only on a terminal.
"""

import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

from comity.errors import ComityError, Malformed, Tampered

DONE, FAILED, WRONG_USE, REFUSED, UNANSWERED, UNVERIFIED = 0, 1, 2, 3, 4, 5

_BLANK = re.compile(r"[\t\n\r]")
_STEERING = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_STEERING_IN_JSON = re.compile(r"[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")  # JSON escapes the others itself

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
lang_option = click.option(
    "--lang",
    default="en",
    show_default=True,
    metavar="LANGUAGE",
    help="Language of the text: en, de, et, fr, or any other message catalogue there is.",
)


def plain(text: str) -> str:
    """Return a text that cannot steer a terminal: what peers and records say is shown, never obeyed."""
    return _STEERING.sub("\ufffd", _BLANK.sub(" ", text))


def as_json_text(document: Any) -> str:
    """Return one JSON document; what could steer a terminal stands in it as an escape, and means the same."""
    text = json.dumps(document, ensure_ascii=False, indent=2, sort_keys=False)
    return _STEERING_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def cleaned(document: Any) -> Any:
    """Return a document whose every text passed `plain`: for prose, which a program may hand on to a terminal."""
    if isinstance(document, dict):
        return {key: cleaned(value) for key, value in document.items()}
    if isinstance(document, (list, tuple)):
        return [cleaned(value) for value in document]
    return plain(document) if isinstance(document, str) else document


def show(document: Any, as_json: bool, render: Callable[[], None]) -> None:
    """Print a result: as JSON, or by `render`."""
    if as_json:
        click.echo(as_json_text(document))
    else:
        render()


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]], empty: str = "nothing") -> None:
    """Print rows as a table, or `empty`."""
    from rich.console import Console  # noqa: PLC0415  slow to import, and `--json` never needs it
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    if not rows:
        click.echo(empty)
        return
    made = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        made.add_row(*(Text(plain(str(cell))) for cell in row))  # as text: a record must not be read as markup
    Console(width=None if sys.stdout.isatty() else 160).print(made)


@contextmanager
def progress(label: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """Show a progress bar on stderr where it is a terminal; yields `advance(count)`."""
    if not sys.stderr.isatty():
        yield lambda _count: None
        return
    with click.progressbar(length=total or 0, label=label, file=sys.stderr, show_pos=True) as bar:
        yield bar.update


def fail(error: ComityError, as_json: bool) -> int:
    """Print an error with its remedy; return the exit code."""
    violations = [{"field": v.field, "problem": v.problem} for v in getattr(error, "violations", ())]
    if as_json:
        document: dict[str, Any] = {"error": {"reason": error.reason.value, "message": str(error)}}
        if violations:
            document["error"]["violations"] = violations
        if error.detail:
            document["error"]["detail"] = error.detail
        click.echo(as_json_text(document))
    click.echo(f"comity: {plain(str(error))}", err=True)
    if isinstance(error, Tampered):
        return UNVERIFIED
    return WRONG_USE if isinstance(error, Malformed) else FAILED
