"""`comity peer`: peers and trust."""

import sys
from datetime import timedelta
from pathlib import Path

import click

from comity.cli.context import opened
from comity.cli.output import FAILED, json_option, show, table
from comity.clock import system_clock
from comity.errors import Conflict


@click.group("peer")
def command() -> None:
    """Peers and trust: descriptors in and out, and whether a peer is talked to."""


@command.command("export")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File; default standard output.")
@json_option
@click.pass_context
def export(ctx: click.Context, output: Path | None, as_json: bool) -> None:
    """Write this node's descriptor, to hand to another country."""
    with opened(ctx) as node:
        envelope, fingerprint = node.envelope(), node.descriptor().fingerprint
    if output is None:
        click.echo(envelope.decode(), nl=False)
        click.echo(f"fingerprint: {fingerprint}", err=True)
        return
    output.write_bytes(envelope)
    document = {"file": str(output), "fingerprint": fingerprint}
    show(document, as_json, lambda: click.echo(f"{output}: read this to them by telephone: {fingerprint}"))


@command.command("add")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--fingerprint", help="What they read to you; without it you are asked to compare.")
@click.option("--replace", is_flag=True, help="Accept a changed identity of a known peer; needs --fingerprint.")
@json_option
@click.pass_context
def add(ctx: click.Context, file: Path, fingerprint: str | None, replace: bool, as_json: bool) -> None:
    """Enter a peer from its descriptor FILE, after comparing the fingerprint."""
    from comity.identity.descriptor import open_descriptor  # noqa: PLC0415
    from comity.identity.store import add_peer  # noqa: PLC0415

    envelope = file.read_bytes()
    descriptor = open_descriptor(envelope, system_clock())
    if replace and not fingerprint:
        raise click.UsageError("--replace needs --fingerprint: ask for it by telephone")
    if fingerprint is None:
        if not sys.stdin.isatty():
            raise click.UsageError(f"compare {descriptor.fingerprint} by telephone, then give it with --fingerprint")
        click.echo(f"{descriptor.country} {descriptor.node}\nfingerprint: {descriptor.fingerprint}", err=True)
        click.confirm("Do they read the same by telephone?", abort=True, err=True)
    elif "".join(fingerprint.split()).lower() != descriptor.fingerprint.replace(" ", ""):
        raise Conflict(f"the descriptor's fingerprint is {descriptor.fingerprint}, not the one given: do not trust it")
    with opened(ctx) as node, node.store.write() as tx:
        add_peer(tx, envelope, own_country=node.country, at=node.clock(), replace=replace)
    document = {"country": descriptor.country, "node": descriptor.node, "fingerprint": descriptor.fingerprint}
    show(document, as_json, lambda: click.echo(f"{descriptor.country} is a peer now: {descriptor.node}"))


@command.command("list")
@json_option
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """List the peers."""
    with opened(ctx) as node:
        node.peers.refresh()
        document = [
            {
                "country": peer.country,
                "state": peer.state.value,
                "reciprocity": peer.reciprocity.value,
                "node": peer.node,
                "addresses": list(peer.descriptor.addresses),
                "fingerprint": peer.descriptor.fingerprint,
            }
            for peer in node.peers.all()
        ]
    columns = ("country", "state", "reciprocity", "node", "addresses", "fingerprint")
    rows = [
        (d["country"], d["state"], d["reciprocity"], d["node"], ", ".join(d["addresses"]), d["fingerprint"])
        for d in document
    ]
    show(document, as_json, lambda: table(columns, rows, "no peers: `comity peer add FILE` enters one"))


@command.command("check")
@click.argument("country")
@json_option
@click.pass_context
def check(ctx: click.Context, country: str, as_json: bool) -> None:
    """Call a peer and compare: certificate, clock, agreements."""
    from comity.cli.checks import check_peer  # noqa: PLC0415

    with opened(ctx) as node:
        node.peers.refresh()
        findings = check_peer(node, node.peers.get(country.upper()), timedelta(seconds=5))
    document = [finding.as_dict() for finding in findings]
    rows = [(f.state, f.subject, f.message) for f in findings]
    show(document, as_json, lambda: table(("", "what", "finding"), rows))
    if any(finding.state == "bad" for finding in findings):
        ctx.exit(FAILED)


@command.command("suspend")
@click.argument("country")
@json_option
@click.pass_context
def suspend(ctx: click.Context, country: str, as_json: bool) -> None:
    """Stop talking to a peer, from the next message on."""
    _set_state(ctx, country.upper(), "suspended", as_json)


@command.command("resume")
@click.argument("country")
@json_option
@click.pass_context
def resume(ctx: click.Context, country: str, as_json: bool) -> None:
    """Talk to a suspended peer again."""
    _set_state(ctx, country.upper(), "active", as_json)


@command.command("reciprocity")
@click.argument("country")
@click.argument("word", type=click.Choice(["given", "withheld"]))
@json_option
@click.pass_context
def reciprocity(ctx: click.Context, country: str, word: str, as_json: bool) -> None:
    """State whether a peer keeps its own side of what was agreed, from the next message on.

    Presumed given. Agreements with `reciprocity: required` refuse a peer that withholds it.
    """
    from comity.app import state_reciprocity  # noqa: PLC0415

    with opened(ctx) as node:
        state_reciprocity(node, country.upper(), word)
    document = {"country": country.upper(), "reciprocity": word}
    show(document, as_json, lambda: click.echo(f"{country.upper()}: reciprocity {word}"))


@command.command("remove")
@click.argument("country")
@json_option
@click.pass_context
def remove(ctx: click.Context, country: str, as_json: bool) -> None:
    """Forget a peer; what was exchanged stays in the ledger."""
    from comity.identity.store import remove_peer  # noqa: PLC0415

    with opened(ctx) as node, node.store.write() as tx:
        remove_peer(tx, country.upper())
    show({"removed": country.upper()}, as_json, lambda: click.echo(f"{country.upper()} is no peer any more"))


def _set_state(ctx: click.Context, country: str, state: str, as_json: bool) -> None:
    from comity.identity.store import PeerState, set_state  # noqa: PLC0415

    with opened(ctx) as node, node.store.write() as tx:
        set_state(tx, country, PeerState(state), node.clock())
    show({"country": country, "state": state}, as_json, lambda: click.echo(f"{country} is {state}"))
