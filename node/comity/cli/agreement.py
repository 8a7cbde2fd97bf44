"""`comity agreement`: agreement files."""

from pathlib import Path
from typing import Any

import click

from comity.cli import agreement_life, agreement_show, agreement_text
from comity.cli.output import WRONG_USE, json_option, show
from comity.errors import Malformed
from comity.policy.agreement import load_agreement


@click.group("agreement")
def command() -> None:
    """Agreements: check, read and compare texts, agree with peers, suspend, end, show what counted when."""


for _command in (*agreement_life.STEPS, *agreement_show.COMMANDS, agreement_text.text, agreement_text.diff):
    command.add_command(_command)


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


def _lint(file: Path) -> dict[str, Any]:
    try:
        held = load_agreement(file.read_bytes(), str(file))
    except Malformed as problem:
        named = [{"field": v.field, "problem": v.problem} for v in problem.violations]
        violations = named or [{"field": "", "problem": str(problem)}]
        return {"file": str(file), "ok": False, "digest": "", "violations": violations}
    return {"file": str(file), "ok": True, "digest": held.digest, "violations": []}
