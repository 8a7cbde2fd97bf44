"""`comity records`: the node's own records."""

from pathlib import Path
from typing import Any

import click

from comity.cli.context import opened
from comity.cli.output import json_option, progress, show, table
from comity.cli.query import parse_identifier


@click.group("records")
def command() -> None:
    """The node's own records: import, search, show."""


@command.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--category", required=True, help="Data category, e.g. wanted-persons.")
@click.option("--format", "form", type=click.Choice(["ftm", "csv"]), default="ftm", show_default=True)
@click.option("--mapping", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="For CSV: FtM mapping.")
@json_option
@click.pass_context
def import_(ctx: click.Context, file: Path, category: str, form: str, mapping: Path | None, as_json: bool) -> None:
    """Import FILE: FollowTheMoney JSON lines, or CSV through a mapping. Bad lines go to FILE.rejected.jsonl."""
    from comity.app import import_file  # noqa: PLC0415

    if (form == "csv") != (mapping is not None):
        raise click.UsageError("--format csv needs --mapping, and --mapping needs --format csv")
    total = file.stat().st_size
    with opened(ctx) as node, progress(file.name, total) as advance:
        report = import_file(node, file, category=category, mapping=mapping, advance=advance)
    document = {
        "read": report.read,
        "added": report.added,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "rejected": report.rejected,
        "rejects": str(report.rejects_file) if report.rejects_file else None,
    }

    def render() -> None:
        counts = ", ".join(f"{document[name]} {name}" for name in ("read", "added", "changed", "unchanged", "rejected"))
        click.echo(f"{file.name}: {counts}")
        if report.rejects_file:
            click.echo(f"rejected lines with their reasons: {report.rejects_file}")

    show(document, as_json, render)


@command.command("search")
@click.option("--name", "names", multiple=True)
@click.option("--birth-date", default="")
@click.option("--id", "identifiers", multiple=True, metavar="KIND:VALUE[:CC]")
@click.option("--schema", default="Person", show_default=True, help="Person, Company, Vehicle, BankAccount, Document.")
@click.option("--category", required=True)
@click.option("--limit", type=click.IntRange(1, 1000), default=10, show_default=True)
@json_option
@click.pass_context
def search(ctx: click.Context, /, as_json: bool, **given: Any) -> None:
    """Search the node's own records; the search is logged like any other access."""
    from comity.app import search_own_records  # noqa: PLC0415
    from comity.records.query import Identifier, Query  # noqa: PLC0415

    query = Query(
        category=given["category"],
        schema=given["schema"],
        names=given["names"],
        birth_date=given["birth_date"] or None,
        nationalities=(),
        identifiers=tuple(
            Identifier(kind, value, country or None)
            for kind, value, country in map(parse_identifier, given["identifiers"])
        ),
    )
    with opened(ctx) as node:
        found = search_own_records(node, query, given["limit"])
    document: list[dict[str, Any]] = [
        {
            "record": match.record_id,
            "score": round(match.match.score, 4),
            "explanation": [{"feature": f.name, "score": f.score, "text": f.text} for f in match.match.explanation],
            "entity": match.entity.to_dict(),
        }
        for match in found
    ]
    rows = [(d["record"], d["score"], *_caption(d["entity"])) for d in document]
    show(document, as_json, lambda: table(("record", "score", "name", "birth date"), rows, "no match"))


@command.command("show")
@click.argument("record_id")
@json_option
@click.pass_context
def show_(ctx: click.Context, record_id: str, as_json: bool) -> None:
    """Show one record; the access is logged."""
    from comity.app import view_own_record  # noqa: PLC0415

    with opened(ctx) as node:
        record = view_own_record(node, record_id)
    document = {"record": record.id, "category": record.category, "entity": record.entity.to_dict()}

    def render() -> None:
        click.echo(f"{record.id}  {record.entity.schema}, {record.category}")
        for name, values in record.entity.properties.items():
            click.echo(f"  {name}: {', '.join(values)}")

    show(document, as_json, render)


def _caption(entity: dict[str, Any]) -> tuple[str, str]:
    properties = entity["properties"]
    return ", ".join(properties.get("name", [])[:2]), ", ".join(properties.get("birthDate", []))
