"""`comity exchange`: what was asked and answered, in both directions."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import click

from comity.app import OpenNode
from comity.cli.context import opened
from comity.cli.output import json_option, show, table
from comity.errors import NotFound
from comity.exchange import store as exchanges
from comity.exchange.store import ExchangeLine


@click.group("exchange")
def command() -> None:
    """Exchanges: questions asked and answered."""


@command.command("list")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@json_option
@click.pass_context
def list_(ctx: click.Context, limit: int, as_json: bool) -> None:
    """List exchanges of both directions, newest first."""
    with opened(ctx) as node, node.store.read() as tx:
        lines = exchanges.list_exchanges(tx, limit)
    columns = ("time", "", "peer", "exchange", "category", "purpose", "outcome", "receipt")
    show([_line(line) for line in lines], as_json, lambda: table(columns, [_row(line) for line in lines], "none yet"))


@command.command("show")
@click.argument("exchange_id")
@json_option
@click.pass_context
def show_(ctx: click.Context, exchange_id: str, as_json: bool) -> None:
    """Show one exchange: with whom, what was decided, its ledger entries."""
    with opened(ctx) as node:
        with node.store.read() as tx:
            lines = exchanges.list_exchanges(tx, 1000, exchange_id)
        if not lines:
            raise NotFound(f"no exchange {exchange_id}: `comity exchange list` shows them")
        entries = node.ledger.by_exchange(exchange_id)
        messages = [_messages(node, line) for line in lines]
    document = {
        "exchange": exchange_id,
        "peers": [{**_line(line), **kept} for line, kept in zip(lines, messages, strict=True)],
        "ledger": [{"index": stored.index, "kind": stored.entry.kind.name.lower()} for stored in entries],
    }

    def render() -> None:
        table(("time", "", "peer", "exchange", "category", "purpose", "outcome", "receipt"), [_row(x) for x in lines])
        for line, kept in zip(lines, messages, strict=True):
            for reason in kept.get("reasons", []):
                click.echo(f"  {line.peer}: {reason['code']} — {reason['article']}: {reason['message']}")
        click.echo("ledger entries: " + ", ".join(f"{s.index} {s.entry.kind.name.lower()}" for s in entries))

    show(document, as_json, render)


def _messages(node: OpenNode, line: ExchangeLine) -> dict[str, Any]:
    """Return what the kept reply says of the decision; nothing where none is kept."""
    from comity.exchange.sealing import open_message  # noqa: PLC0415
    from comity.ledger.vault import Part  # noqa: PLC0415
    from comity.wire.search import SearchMessages  # noqa: PLC0415

    try:
        with node.store.read() as tx:
            reply = open_message(node.vault, tx, line.exchange_id, line.peer, Part.REPLY)
    except NotFound:
        return {}
    answer = SearchMessages().decode_reply(reply.payload)
    basis = answer.verdict.basis
    return {
        "basis": asdict(basis) if basis else None,
        "reasons": [asdict(reason) for reason in answer.verdict.reasons],
        "released_fields": list(answer.findings.released_fields) if answer.findings else [],
        "terms": asdict(answer.terms) if answer.terms else None,
    }


def _line(line: ExchangeLine) -> dict[str, Any]:
    return {**asdict(line), "time": _time(line.time)}


def _row(line: ExchangeLine) -> tuple[str, ...]:
    arrow = "→" if line.direction == "outbound" else "←"
    outcome = line.outcome if line.disclosure == "none" else f"{line.outcome} ({line.disclosure})"
    return _time(line.time), arrow, line.peer, line.exchange_id, line.category, line.purpose, outcome, line.receipt


def _time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds")
