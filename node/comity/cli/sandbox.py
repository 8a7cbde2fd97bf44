"""`comity sandbox`: a whole federation on this machine."""

import shlex
from pathlib import Path
from typing import Any

import click

from comity.cli.output import FAILED, json_option, show, table

_dir_option = click.option(
    "--dir", "directory", type=click.Path(file_okay=False, path_type=Path), help="Folder; default in the user's data."
)


@click.group("sandbox")
def command() -> None:
    """A whole federation on this machine: several countries, each its own process, CA, keys and database."""


def _make_options(function: Any) -> Any:
    for option in (
        json_option,
        click.option("--engine", type=click.Choice(["embedded", "opa"]), default="embedded", show_default=True),
        click.option("--people", type=click.IntRange(20, 1_000_000), default=3000, show_default=True, help="Each."),
        click.option(
            "--countries",
            default="EE,FI,SE,LV",
            show_default=True,
            help="The first one asks; known too: LT, PL, DE, US.",
        ),
        _dir_option,
    ):
        function = option(function)
    return function


@command.command("up")
@_make_options
def up(directory: Path | None, countries: str, people: int, engine: str, as_json: bool) -> None:
    """Make a sandbox if there is none, start its nodes, print what to try."""
    from comity.sandbox import federation  # noqa: PLC0415
    from comity.sandbox.layout import FILE, default_path, find_sandbox  # noqa: PLC0415
    from comity.sandbox.processes import stop_all  # noqa: PLC0415

    path = (directory or default_path()).resolve()
    held = find_sandbox(path) if (path / FILE).exists() else None
    if held and not held.rows.get("complete"):
        _say("removing what an earlier attempt left half made")
        federation.remove(held)
    if (path / FILE).exists():
        sandbox = find_sandbox(path)
        stop_all(sandbox)  # after a crash some may still run
        sandbox.save()
    else:
        codes = [code.strip().upper() for code in countries.split(",") if code.strip()]
        sandbox = federation.make(path, codes, people=people, engine=engine, say=_say)
    federation.start(sandbox, _say)
    _present(sandbox, as_json)


@command.command("status")
@_dir_option
@json_option
@click.pass_context
def status(ctx: click.Context, directory: Path | None, as_json: bool) -> None:
    """Show which nodes run. Exit code 1 if one does not."""
    from comity.sandbox.layout import find_sandbox  # noqa: PLC0415
    from comity.sandbox.processes import running_pid  # noqa: PLC0415

    sandbox = find_sandbox(directory)
    document = [
        {"country": code, "running": (pid := running_pid(sandbox.home(code))) is not None, "pid": pid, **ports}
        for code, ports in sandbox.rows["countries"].items()
    ]
    rows = [(d["country"], "running" if d["running"] else "down", d["pid"] or "-", d["peer_port"]) for d in document]
    show(document, as_json, lambda: table(("country", "state", "process", "peer port"), rows))
    if not all(d["running"] for d in document):
        ctx.exit(FAILED)


@command.command("down")
@_dir_option
@click.option("--node", "country", metavar="CC", help="Stop this country's node only.")
@click.option("--delete", is_flag=True, help="Delete the sandbox too.")
@json_option
def down(directory: Path | None, country: str | None, delete: bool, as_json: bool) -> None:
    """Stop every process of the sandbox, also after a crash."""
    from comity.sandbox import federation, processes  # noqa: PLC0415
    from comity.sandbox.layout import find_sandbox  # noqa: PLC0415

    sandbox = find_sandbox(directory)
    if country:
        processes.stop_node(sandbox, country.upper())
        show({"stopped": country.upper()}, as_json, lambda: click.echo(f"{country.upper()} is down"))
        return
    stopped = processes.stop_all(sandbox)
    if delete:
        federation.remove(sandbox)
    show({"stopped": stopped}, as_json, lambda: click.echo(f"{stopped} process(es) stopped"))


@command.command("reset")
@_make_options
def reset(directory: Path | None, countries: str, people: int, engine: str, as_json: bool) -> None:
    """Stop and delete the sandbox, then make and start it anew."""
    from comity.errors import NotFound  # noqa: PLC0415
    from comity.sandbox import federation  # noqa: PLC0415
    from comity.sandbox.layout import default_path, find_sandbox  # noqa: PLC0415

    path = (directory or default_path()).resolve()
    try:
        federation.remove(find_sandbox(path))
    except NotFound:
        _say("there was no sandbox yet")
    codes = [code.strip().upper() for code in countries.split(",") if code.strip()]
    sandbox = federation.make(path, codes, people=people, engine=engine, say=_say)
    federation.start(sandbox, _say)
    _present(sandbox, as_json)


def _present(sandbox: Any, as_json: bool) -> None:
    commands = suggestions(sandbox)
    document = {"dir": str(sandbox.path), "countries": sandbox.rows["countries"], "try": commands}

    def render() -> None:
        click.echo("\nTry:")
        for line in commands:
            click.echo(f"  {line}")

    show(document, as_json, render)


def suggestions(sandbox: Any) -> list[str]:
    """Return commands to try next, for the countries that this sandbox has."""
    from comity.policy.offences import statutes  # noqa: PLC0415
    from comity.sandbox.people import stars  # noqa: PLC0415

    asker = sandbox.countries[0]
    wanted = next(star for star in stars() if star.key == "kaskov")
    fraud = next(each.code for each in statutes(asker) if each.list_category == "fraud")
    name = wanted.names.get(asker, wanted.names["EE"])
    ask = ("comity", "--node", asker, "query", "person")
    why = ("--purpose", "criminal-investigation", "--case", "K-2026-117", "--nexus", "phone contact with the suspect")
    person = ("--name", name, "--birth-date", wanted.birth_date, "--category", "wanted-persons")
    question = (*ask, *person, *why, "--offence", fraud)
    return [
        shlex.join(question),
        shlex.join([*question, "--penalty", "6"]),
        *(shlex.join([*ask, *facts, *why]) for facts in _trace(sandbox)),
        f"comity policy offence {fraud}",
        f"comity --node {asker} agreement list",
        f"comity --node {asker} exchange list",
        f"comity --node {asker} ledger verify",
        f"comity --node {asker} doctor",
        f"comity sandbox down --node {sandbox.countries[-1]}",
        "comity sandbox down",
    ]


def _trace(sandbox: Any) -> list[tuple[str, ...]]:
    """Return the facts of a question about a trace, where its holder is here and the first country is a party."""
    from comity.sandbox.people import stars  # noqa: PLC0415

    trace = next(star for star in stars() if star.key == "trace")
    holder = trace.held_by[0]
    if holder not in sandbox.countries[1:] or sandbox.countries[0] == "US":
        return []
    number = ("--id", f"document:{trace.names[holder]}", "--category", "dna-profiles", "--subject", "other")
    return [(*number, "--necessity", "strict", "--to", holder)]


def _say(line: str) -> None:
    click.echo(line, err=True)
