"""`comity staff`: the people of this node's desk."""

import click

from comity.cli.context import home_of, opened
from comity.cli.output import json_option, show, table


@click.group("staff")
def command() -> None:
    """The people of this node's desk: who may ask and decide."""


@command.command("add")
@click.argument("name")
@click.option("--role", required=True, help="investigator, desk-officer, policy-officer, auditor, …")
@click.option("--authority", help="Default: the node's own.")
@json_option
@click.pass_context
def add(ctx: click.Context, name: str, role: str, authority: str | None, as_json: bool) -> None:
    """Make a certificate for NAME, signed by this node's CA, and enter the person with a role."""
    from comity.app import add_staff_member  # noqa: PLC0415
    from comity.identity.store import StaffMember  # noqa: PLC0415

    with opened(ctx) as node:
        member = StaffMember(name, role, authority or node.settings.authority)
        add_staff_member(home_of(ctx), node, member)
        files = {"key": str(node.home.staff / f"{name}.key"), "certificate": str(node.home.staff / f"{name}.pem")}
    document = {"name": name, "role": role, "authority": member.authority, **files}
    show(document, as_json, lambda: click.echo(f"{name} is {role} of {member.authority}: {files['certificate']}"))


@command.command("list")
@json_option
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """List the staff."""
    from comity.identity.store import list_staff  # noqa: PLC0415

    with opened(ctx) as node, node.store.read() as tx:
        members = list_staff(tx)
    document = [{"name": m.name, "role": m.role, "authority": m.authority} for m in members]
    show(document, as_json, lambda: table(("name", "role", "authority"), [tuple(row.values()) for row in document]))
