"""What commands share: which home is meant, and how to reach its running node."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from comity.app import OpenNode, open_node
from comity.errors import NotFound
from comity.settings import Home, find_home


def home_of(ctx: click.Context) -> Home:
    """Return the home that `--home`, `--node` or the environment names."""
    chosen = ctx.find_root().obj or ctx.find_root().params  # completion does not run the group
    if chosen["node"] and chosen["home"]:
        raise click.UsageError("--home and --node name two different nodes: give one")
    if chosen["node"]:
        from comity.sandbox.layout import find_sandbox  # noqa: PLC0415

        return find_sandbox().home(chosen["node"].upper())
    return find_home(chosen["home"])


@contextmanager
def opened(ctx: click.Context) -> Iterator[OpenNode]:
    """Open the node's home for this command."""
    with open_node(home_of(ctx)) as node:
        yield node


def officer_name(node: OpenNode, given: str | None) -> str:
    """Return the officer who decides: the one named, else the desk officer whose key lies in this home."""
    from comity.identity.store import list_staff  # noqa: PLC0415

    if given:
        return given
    with node.store.read() as tx:
        desk = [member.name for member in list_staff(tx) if member.role == "desk-officer"]
    here = [name for name in desk if (node.home.staff / f"{name}.pem").exists()]
    if len(here) == 1:
        return here[0]
    raise NotFound("who decides? `--as NAME`; `comity staff add NAME --role desk-officer` makes a certificate")


def staff_name(node: OpenNode, given: str | None) -> str:
    """Return the staff member who acts: the one named, else the only one whose key lies in this home."""
    if given:
        return given
    names = sorted(path.stem for path in node.home.staff.glob("*.pem"))
    if len(names) == 1:
        return names[0]
    investigators = [name for name in names if name.startswith("investigator")]
    if investigators:
        return investigators[0]
    raise NotFound("who asks? `--as NAME`; `comity staff add NAME --role investigator` makes a certificate")
