"""`comity db`: the database of the node."""

import click

from comity.cli.context import home_of
from comity.cli.output import json_option, show
from comity.errors import Conflict


@click.group("db")
def command() -> None:
    """The database of the node."""


@command.command("upgrade")
@json_option
@click.pass_context
def upgrade(ctx: click.Context, as_json: bool) -> None:
    """Bring the database to what this program needs; what is in it stays. Harmless when it is there already.

    Stop the node first, and keep a copy of the database: there is no way back.
    """
    from comity.app import upgrade_database  # noqa: PLC0415
    from comity.sandbox.processes import running_pid  # noqa: PLC0415

    home = home_of(ctx)
    if (pid := running_pid(home)) is not None:
        raise Conflict(f"the node in {home.path} is running as process {pid}: stop it, then upgrade its database")
    before, after = upgrade_database(home)
    document = {"from": before, "to": after}
    said = f"the database is at revision {after}" + ("" if before == after else f", before {before}")
    show(document, as_json, lambda: click.echo(said))
