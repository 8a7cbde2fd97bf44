"""`comity doctor`: one line for each thing that can be wrong, with the remedy."""

from datetime import timedelta

import click

from comity.cli.context import opened
from comity.cli.output import FAILED, json_option, show, table


@click.command("doctor")
@click.option("--peer", "only", metavar="CC", help="Check this peer only.")
@json_option
@click.pass_context
def command(ctx: click.Context, only: str | None, as_json: bool) -> None:
    """Check certificates, database, ledger, agreements, policy engine and every peer."""
    from comity.cli.checks import check_node, check_peer  # noqa: PLC0415

    with opened(ctx) as node:
        node.peers.refresh()
        peers = [node.peers.get(only.upper())] if only else node.peers.all()
        findings = [] if only else list(check_node(node))
        for peer in peers:
            findings += check_peer(node, peer, timedelta(seconds=3))
    rows = [(f.state, f.subject, f.message) for f in findings]
    show([f.as_dict() for f in findings], as_json, lambda: table(("", "what", "finding"), rows))
    if any(finding.state == "bad" for finding in findings):
        ctx.exit(FAILED)
