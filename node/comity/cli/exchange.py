"""`comity exchange`: what was asked and answered, in both directions."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import chain
from typing import Any

import click

from comity.app import OpenNode
from comity.cli.context import opened
from comity.cli.output import json_option, show, table
from comity.errors import NotFound
from comity.exchange import store as exchanges
from comity.exchange.store import ExchangeLine
from comity.ledger.ledger import StoredEntry


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
        "ledger": [_entry(stored) for stored in entries],
    }

    def render() -> None:
        table(("time", "", "peer", "exchange", "category", "purpose", "outcome", "receipt"), [_row(x) for x in lines])
        for line, kept in zip(lines, messages, strict=True):
            for reason in kept.get("reasons", []):
                click.echo(f"  {line.peer}: {reason['code']} — {reason['article']}: {reason['message']}")
        click.echo("ledger entries: " + ", ".join(_entry_text(stored) for stored in entries))

    show(document, as_json, render)


@command.command("refresh")
@click.argument("exchange_id", default="")
@click.option("--watch", "stay", is_flag=True, help="Stay until every answer of EXCHANGE_ID is final.")
@click.option("--as", "staff", metavar="NAME", help="Staff member who asked.")
@json_option
@click.pass_context
def refresh(ctx: click.Context, exchange_id: str, stay: bool, staff: str | None, as_json: bool) -> None:
    """Fetch the answers to your questions that peers left to a person: of EXCHANGE_ID, or of all that wait.

    Exit code: as of `comity query`.
    """
    from comity.cli.context import staff_name  # noqa: PLC0415
    from comity.cli.results import exit_code, print_result, show_results, without_tricks  # noqa: PLC0415
    from comity.wire import desk_casework  # noqa: PLC0415
    from comity.wire.desk_client import Asked, DeskClient, result_document  # noqa: PLC0415

    if stay and not exchange_id:
        raise click.UsageError("--watch needs an EXCHANGE_ID: one stream waits for one exchange")
    with opened(ctx) as node, DeskClient.connect(node, staff_name(node, staff)) as desk:
        if exchange_id:
            answers = desk_casework.watch(desk, exchange_id) if stay else _of_one(desk, exchange_id)
            first = next(answers)  # before anything is printed: it may not be there
            asked = Asked(exchange_id, (first.country,))
            ctx.exit(show_results(chain([asked, first], answers), as_json=as_json))
        found = [(each, without_tricks(result_document(result))) for each, result in desk_casework.refresh(desk, "")]

    def render() -> None:
        for each, peer in found:
            click.echo(f"exchange {each}")
            print_result(peer)
        click.echo(f"{len(found)} answer(s) fetched" if found else "nothing waits for a person")

    show([{"exchange": each, **peer} for each, peer in found], as_json, render)
    ctx.exit(exit_code([peer["outcome"] for _, peer in found]))


def _of_one(desk: Any, exchange_id: str) -> Iterator[Any]:
    from comity.wire import desk_casework  # noqa: PLC0415

    return (result for _, result in desk_casework.refresh(desk, exchange_id))


def _messages(node: OpenNode, line: ExchangeLine) -> dict[str, Any]:
    """Return what the kept reply says of the decision; nothing where none is kept."""
    from comity.exchange.sealing import open_message  # noqa: PLC0415
    from comity.wire.search import SearchMessages  # noqa: PLC0415

    try:
        with node.store.read() as tx:
            part = exchanges.newest_part(tx, line.exchange_id, line.peer)
            reply = open_message(node.vault, tx, line.exchange_id, line.peer, part)
    except NotFound:
        return {}
    answer = SearchMessages().decode_reply(reply.payload)
    basis = answer.verdict.basis
    return {
        "basis": asdict(basis) if basis else None,
        "reasons": [asdict(reason) for reason in answer.verdict.reasons],
        "released_fields": list(answer.findings.released_fields) if answer.findings else [],
        "withheld": list(answer.verdict.withheld),
        "terms": asdict(answer.terms) if answer.terms else None,
    }


def _entry(stored: StoredEntry) -> dict[str, Any]:
    entry = stored.entry
    document = {"index": stored.index, "kind": entry.kind.name.lower(), "outcome": entry.outcome}
    return {**document, "official": entry.official, "role": entry.official_role}


def _entry_text(stored: StoredEntry) -> str:
    entry = stored.entry
    by = f" ({entry.outcome} by {entry.official_role} {entry.official})" if entry.kind.name == "REVIEW_DECIDED" else ""
    return f"{stored.index} {entry.kind.name.lower()}{by}"


def _line(line: ExchangeLine) -> dict[str, Any]:
    return {**asdict(line), "time": _time(line.time)}


def _row(line: ExchangeLine) -> tuple[str, ...]:
    arrow = "→" if line.direction == "outbound" else "←"
    outcome = line.outcome if line.disclosure == "none" else f"{line.outcome} ({line.disclosure})"
    return _time(line.time), arrow, line.peer, line.exchange_id, line.category, line.purpose, outcome, line.receipt


def _time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds")
