"""`comity agreement text` and `comity agreement diff`: what an agreement says, and what another text changes."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from comity.cli.context import opened
from comity.cli.output import json_option, show
from comity.errors import NotFound

if TYPE_CHECKING:
    from comity.policy.agreement import Agreement

_lang_option = click.option(
    "--lang",
    default="en",
    show_default=True,
    metavar="LANGUAGE",
    help="Language of the text: en, de, et, fr, or any other catalogue there is.",
)


@click.command("text")
@click.argument("what", metavar="ID|ID@REVISION|FILE")
@_lang_option
@json_option
@click.pass_context
def text(ctx: click.Context, what: str, lang: str, as_json: bool) -> None:
    """Print an agreement in plain language, with its articles: what officers sign is what runs.

    With --json: {agreement, revision, digest, language, title, articles: [{heading, term, sentences: [{part, text}]}]};
    `part` is the dotted key of the JSON Schema that the sentence speaks about.
    """
    from comity.policy.effective import effective  # noqa: PLC0415  slow to import
    from comity.policy.rendering import render  # noqa: PLC0415

    rendering = render(effective(found_agreement(ctx, what)), lang)
    show(rendering.as_json(), as_json, lambda: click.echo(rendering.as_text(), nl=False))


@click.command("diff")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@_lang_option
@json_option
@click.pass_context
def diff(ctx: click.Context, old: str, new: str, lang: str, as_json: bool) -> None:
    """Show what NEW changes against OLD, by effect; each is a file, ID or ID@REVISION.

    Order, layout, comments and defaults written out change nothing. Each difference `widens` what may be asked or
    given, `narrows` it, `changes` what is done (by whom, how soon), or is `wording` only.

    With --json: {old, new: {agreement, revision, digest}, language, verdict, counts: {widens, narrows, changes,
    wording}, changes: [{effect, term, article, party, part, added, removed, summary, before, after}]}; `verdict` is
    same, wording, changes, narrows, widens, or mixed; `added` and `removed` are code words, the rest sentences.
    """
    from comity.policy.comparing import compared  # noqa: PLC0415  slow to import
    from comity.policy.effective import effective  # noqa: PLC0415

    comparison = compared(effective(found_agreement(ctx, old)), effective(found_agreement(ctx, new)), lang)
    show(comparison.as_json(), as_json, lambda: click.echo(comparison.as_text(), nl=False))


def found_agreement(ctx: click.Context, what: str) -> "Agreement":
    """Return the agreement of a file, or of this node by ID or ID@REVISION; raises `NotFound` saying what there is."""
    from comity.policy.agreement import load_agreement  # noqa: PLC0415

    path = Path(what)
    if path.is_file():
        return load_agreement(path.read_bytes(), what)
    if path.suffix in {".yaml", ".yml"} or "/" in what:
        raise NotFound(f"no file {what}: give a file, or ID or ID@REVISION of an agreement of this node")
    name, _, revision = what.partition("@")
    with opened(ctx) as node:
        held = node.agreements()
    for each in held:
        if each.id == name and revision in ("", str(each.revision)):
            return each
    there = ", ".join(sorted(f"{each.id}@{each.revision}" for each in held)) or "none"
    raise NotFound(f"no agreement {what} here, and no such file: this node holds {there}")
