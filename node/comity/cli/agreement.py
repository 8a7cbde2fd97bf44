"""`comity agreement`: agreement files."""

from pathlib import Path
from typing import Any

import click

from comity.cli import agreement_life, agreement_new, agreement_show, agreement_text
from comity.cli.output import WRONG_USE, json_option, show
from comity.errors import Malformed
from comity.policy.agreement import load_agreement


@click.group("agreement")
def command() -> None:
    """Agreements: check, read and compare texts, agree with peers, suspend, end, show what counted when."""


_OWN = (agreement_new.new, agreement_text.text, agreement_text.diff)
for _command in (*agreement_life.STEPS, *agreement_show.COMMANDS, *_OWN):
    command.add_command(_command)


@command.command("lint")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
@click.pass_context
def lint(ctx: click.Context, files: tuple[Path, ...], as_json: bool) -> None:
    """Check agreement FILES against the schema; every violation is named with its line.

    A valid text gets warnings as well: what an officer should look at again. They do not change the exit code.
    """
    document = [_lint(file) for file in files]

    def render() -> None:
        for found in document:
            click.echo(f"{found['file']}: {'ok, digest ' + found['digest'] if found['ok'] else 'not valid'}")
            for violation in found["violations"]:
                click.echo(f"  {violation['field']}: {violation['problem']}")
            for warning in found["warnings"]:
                click.echo(f"  look again: {warning['field']}: {warning['problem']}")

    show(document, as_json, render)
    if not all(found["ok"] for found in document):
        ctx.exit(WRONG_USE)


def _lint(file: Path) -> dict[str, Any]:
    from comity.policy.advice import advice  # noqa: PLC0415  slow to import

    content = file.read_bytes()
    try:
        held = load_agreement(content, str(file))
    except Malformed as problem:
        named = [{"field": v.field, "problem": v.problem} for v in problem.violations]
        violations = named or [{"field": "", "problem": str(problem)}]
        return {"file": str(file), "ok": False, "digest": "", "violations": violations, "warnings": []}
    warnings = [{"field": v.field, "problem": v.problem} for v in advice(content, str(file))]
    return {"file": str(file), "ok": True, "digest": held.digest, "violations": [], "warnings": warnings}
