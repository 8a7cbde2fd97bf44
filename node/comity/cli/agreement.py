"""`comity agreement`: agreement files."""

from pathlib import Path
from typing import Any

import click

from comity.cli import agreement_text
from comity.cli.context import opened
from comity.cli.output import WRONG_USE, json_option, show, table
from comity.errors import Malformed, NotFound
from comity.policy.agreement import Agreement, load_agreement


@click.group("agreement")
def command() -> None:
    """Agreements: check files, show and list what is in force, read them in plain language, compare them."""


command.add_command(agreement_text.text)
command.add_command(agreement_text.diff)


@command.command("lint")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
@click.pass_context
def lint(ctx: click.Context, files: tuple[Path, ...], as_json: bool) -> None:
    """Check agreement FILES against the schema; every violation is named with its line."""
    document = [_lint(file) for file in files]

    def render() -> None:
        for found in document:
            click.echo(f"{found['file']}: {'ok, digest ' + found['digest'] if found['ok'] else 'not valid'}")
            for violation in found["violations"]:
                click.echo(f"  {violation['field']}: {violation['problem']}")

    show(document, as_json, render)
    if not all(found["ok"] for found in document):
        ctx.exit(WRONG_USE)


@command.command("show")
@click.argument("agreement_id")
@json_option
@click.pass_context
def show_(ctx: click.Context, agreement_id: str, as_json: bool) -> None:
    """Show one agreement of this node."""
    with opened(ctx) as node:
        found = {held.id: held for held in node.agreements()}
    if agreement_id not in found:
        raise NotFound(f"no agreement {agreement_id} here: {', '.join(sorted(found)) or 'there is none'}")
    held = found[agreement_id]

    def render() -> None:
        click.echo(f"{held.id} revision {held.revision}: {held.document['title']}")
        click.echo(f"parties {', '.join(held.parties)}; digest {held.digest}")
        columns = ("term", "article", "providers", "categories", "disclosure", "fields")
        table(columns, [_term(term) for term in held.document["terms"]])

    show({**held.document, "digest": held.digest}, as_json, render)


@command.command("list")
@json_option
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """List the agreements of this node."""
    with opened(ctx) as node:
        document = [_summary(held) for held in node.agreements()]
    columns = ("agreement", "revision", "parties", "in force", "terms", "digest")
    rows = [
        (d["agreement"], d["revision"], ", ".join(d["parties"]), d["in_force"], d["terms"], d["digest"][:16])
        for d in document
    ]
    show(document, as_json, lambda: table(columns, rows, "no agreements: put files in the home's agreements/"))


def _lint(file: Path) -> dict[str, Any]:
    try:
        held = load_agreement(file.read_bytes(), str(file))
    except Malformed as problem:
        named = [{"field": v.field, "problem": v.problem} for v in problem.violations]
        violations = named or [{"field": "", "problem": str(problem)}]
        return {"file": str(file), "ok": False, "digest": "", "violations": violations}
    return {"file": str(file), "ok": True, "digest": held.digest, "violations": []}


def _summary(held: Agreement) -> dict[str, Any]:
    instrument = held.document["instrument"]
    return {
        "agreement": held.id,
        "revision": held.revision,
        "parties": list(held.parties),
        "in_force": str(instrument["in_force"]),
        "until": str(instrument.get("until", "")),
        "terms": len(held.document["terms"]),
        "digest": held.digest,
    }


def _term(term: dict[str, Any]) -> tuple[str, ...]:
    return (
        term["id"],
        term["article"],
        ", ".join(term["providers"]),
        ", ".join(term["categories"]),
        ", ".join(f"{action}: {level}" for action, level in term["disclosure"].items()),
        ", ".join(term.get("fields", [])),
    )
