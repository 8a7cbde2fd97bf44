"""`comity policy national`: a country's own law as Rego modules that can only narrow."""

import hashlib
from pathlib import Path
from typing import Any

import click

from comity.cli.context import home_of
from comity.cli.output import json_option, show, table
from comity.errors import NotFound


@click.group("national")
def command() -> None:
    """National law: Rego modules in `national/` of the node's home. They add refusals and can permit nothing."""


@command.command("check")
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@json_option
@click.pass_context
def check(ctx: click.Context, folder: Path | None, as_json: bool) -> None:
    """Check and compile the modules of FOLDER (default: the node's own); exit code 2 with file and line if one is bad.

    The result stays in FOLDER/.compiled: a node without `opa` runs it as long as modules and library are the same.
    """
    from comity.policy.national import load_national  # noqa: PLC0415

    chosen = folder or home_of(ctx).national
    national = load_national(chosen)
    if national is None:
        raise NotFound(f"no national modules in {chosen}: write one, `comity policy national words` shows how")
    document = {
        "folder": str(chosen),
        "modules": [
            {"file": Path(path).name, "name": name, "sha256": hashlib.sha256(text.encode()).hexdigest()}
            for name, (path, text) in zip(national.names, sorted(national.sources.items()), strict=True)
        ],
        "compiled": hashlib.sha256(national.wasm).hexdigest(),
    }
    rows = [(each["name"], each["sha256"][:16]) for each in document["modules"]]  # type: ignore[index]
    show(document, as_json, lambda: table(("module", "sha-256"), rows))


@command.command("words")
@json_option
def words(as_json: bool) -> None:
    """Show a module to start from, and what one may read, call and refuse with.

    Any code refuses an answer; only some stop a question of our own officers before it is sent.
    """
    from comity.policy.library import catalogue  # noqa: PLC0415
    from comity.policy.national import EXAMPLE  # noqa: PLC0415
    from comity.policy.national_rules import READABLE  # noqa: PLC0415
    from comity.policy.opa_tool import BUILTINS  # noqa: PLC0415

    grounds = catalogue()
    codes = sorted({ground["code"] for ground in grounds.values()})
    document: dict[str, Any] = {
        "example": EXAMPLE,
        "reads": ["input", *(f"data.comity.{name}" for name in READABLE)],
        "functions": sorted(name for name in BUILTINS if not name.startswith("internal.")),
        "codes": codes,
        "codes_that_stop_own_questions": [code for code in codes if grounds[code]["side"] == "requester"],
    }

    def render() -> None:
        click.echo(EXAMPLE)
        for name in ("reads", "functions", "codes", "codes_that_stop_own_questions"):
            click.echo(f"{name.replace('_', ' ')}: {', '.join(document[name])}")

    show(document, as_json, render)
