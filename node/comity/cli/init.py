"""`comity init`: make a node home."""

from pathlib import Path

import click

from comity.cli.output import json_option, show


@click.command("init")
@click.argument("directory", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--country", required=True, metavar="CC", help="ISO 3166-1 alpha-2 code.")
@click.option("--trust-domain", required=True, metavar="DOMAIN", help="SPIFFE trust domain, e.g. police.ee.")
@click.option("--authority", default="authority", show_default=True, help="Who runs the node.")
@click.option("--listen", metavar="HOST:PORT", help="Where peers reach the node.")
@click.option("--desk-listen", metavar="HOST:PORT", help="Where the node's own staff reach it.")
@click.option("--database", metavar="URL", help="SQLAlchemy URL; default SQLite in the home.")
@click.option("--staff", "staff", default="investigator-1", show_default=True, help="First staff member; '' for none.")
@json_option
def command(
    directory: Path,
    country: str,
    trust_domain: str,
    authority: str,
    listen: str | None,
    desk_listen: str | None,
    database: str | None,
    staff: str,
    as_json: bool,
) -> None:
    """Make a node home in DIR: settings, keys (0600), CA, database, an empty ledger and one investigator."""
    from comity.app import add_staff_member, create_node, open_node  # noqa: PLC0415
    from comity.clock import system_clock  # noqa: PLC0415
    from comity.identity.spiffe import check_name  # noqa: PLC0415
    from comity.identity.store import StaffMember  # noqa: PLC0415
    from comity.settings import Home  # noqa: PLC0415

    home = Home(directory.expanduser().resolve())
    given = {"authority": authority, "listen": listen, "desk_listen": desk_listen, "database": database}
    if staff:
        check_name(staff)  # before anything is made
    rows = {key: value for key, value in given.items() if value}
    create_node(home, country=country.upper(), trust_domain=trust_domain, rows=rows, clock=system_clock)
    with open_node(home) as node:
        if staff:
            add_staff_member(home, node, StaffMember(staff, "investigator", authority))
        descriptor = node.descriptor()
    document = {
        "home": str(home.path),
        "country": descriptor.country,
        "node": descriptor.node,
        "fingerprint": descriptor.fingerprint,
        "ledger_key": descriptor.ledger_vkey,
    }

    def render() -> None:
        click.echo(f"Node {descriptor.node} is ready in {home.path}")
        click.echo(f"Fingerprint to read to peers by telephone: {descriptor.fingerprint}")
        click.echo(f"Next: comity --home {home.path} run")

    show(document, as_json, render)
