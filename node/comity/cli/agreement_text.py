"""`comity agreement text` and `comity agreement diff`: what an agreement says, and what another text changes."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from comity.cli.context import opened
from comity.cli.output import json_option, lang_option, show
from comity.errors import NotFound

if TYPE_CHECKING:
    from comity.app import OpenNode
    from comity.policy.agreement import Agreement


@click.command("text")
@click.argument("what", metavar="ID|ID@REVISION|ID@draft|FILE")
@lang_option
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
@lang_option
@json_option
@click.pass_context
def diff(ctx: click.Context, old: str, new: str, lang: str, as_json: bool) -> None:
    """Show what NEW changes against OLD, by effect; each is a file, ID, ID@REVISION or ID@draft.

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
        return _of_node(node, name, revision)


def _of_node(node: "OpenNode", name: str, revision: str) -> "Agreement":
    """Return a text that the node knows: the one of a revision, or `draft`; without, the one in force or the newest."""
    from comity.cli.agreement_view import chosen  # noqa: PLC0415
    from comity.policy.store import AgreementBook, to_ms  # noqa: PLC0415

    book = AgreementBook(node.store, node.country)
    standing = book.standing(name)
    if not revision and standing.texts:
        return book.agreement(chosen(standing, to_ms(node.clock()), "", asked=False).text.digest)
    fitting = [
        held
        for held in standing.texts.values()
        if revision == str(held.text.revision) or (revision == "draft" and held.open_draft)
    ]
    if fitting:  # of texts with one number the one that was agreed, else the newest
        return book.agreement(max(reversed(fitting), key=lambda held: held.agreed).text.digest)
    files = [] if book.generation() else node.agreements()
    known = [*((each.text.agreement, each.text.revision) for each in standing.texts.values())]
    for each in files:
        if each.id == name and revision in ("", str(each.revision)):
            return each
        known.append((each.id, each.revision))
    there = ", ".join(f"{each}@{number}" for each, number in known) or "nothing of that name"
    raise NotFound(f"no agreement {name}{'@' if revision else ''}{revision} here, and no such file: there is {there}")
