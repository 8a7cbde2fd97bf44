"""`comity run`: run the node until it is told to stop."""

import json
import logging
import signal
import sys
import threading

import click

from comity.cli.context import home_of
from comity.cli.output import json_option, show, table


@click.command("run")
@click.option("--print-config", is_flag=True, help="Show every setting, its value and where it came from; then stop.")
@json_option
@click.pass_context
def command(ctx: click.Context, print_config: bool, as_json: bool) -> None:
    """Run the node: peer port and desk port. SIGTERM or SIGINT drains and stops it."""
    from comity.app import RunningNode, few_arenas, log_to, open_node, policy_holder  # noqa: PLC0415
    from comity.settings import explain_settings, load_settings  # noqa: PLC0415

    home = home_of(ctx)
    if print_config:
        document = explain_settings(home, load_settings(home))
        rows = [(row["setting"], json.dumps(row["value"]), row["origin"]) for row in document]
        show(document, as_json, lambda: table(("setting", "value", "from"), rows))
        return
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    few_arenas()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with open_node(home) as node:
        log_to(home)
        node.peers.refresh()
        node.ledger.recover()
        with policy_holder(node) as policy:
            running = RunningNode(node, policy)
            running.start()
            peers, desk = running.ports["peers"], running.ports["desk"]
            click.echo(f"{node.country} answers peers on port {peers}, staff on port {desk}", err=True)
            stop.wait()
            click.echo("draining", err=True)
            running.stop()
