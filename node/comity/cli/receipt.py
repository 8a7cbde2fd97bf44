"""`comity receipt`: proof that a peer logged an exchange, saved to a file and verified offline."""

from pathlib import Path
from typing import Any

import click

from comity.cli.context import home_of, opened
from comity.cli.output import json_option, show
from comity.errors import ComityError, Malformed, NotFound, Tampered
from comity.ledger.receipt import Receipt, verify_receipt


@click.group("receipt")
def command() -> None:
    """Receipts: proof that a peer logged an exchange."""


@command.command("save")
@click.argument("exchange_id")
@click.option("--peer", required=True, metavar="CC")
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path))
@json_option
@click.pass_context
def save(ctx: click.Context, exchange_id: str, peer: str, output: Path, as_json: bool) -> None:
    """Write the receipt that a peer gave for an exchange, as a C2SP tlog-proof file."""
    from comity.exchange.store import receipt_of  # noqa: PLC0415

    with opened(ctx) as node, node.store.read() as tx:
        held = receipt_of(tx, exchange_id, peer.upper())
    if held is None:
        raise NotFound(f"no receipt of {peer.upper()} for {exchange_id}: `comity exchange show` tells why")
    output.write_text(Receipt.decode(held).to_text())
    show({"file": str(output)}, as_json, lambda: click.echo(f"{output}: verify with `comity receipt verify {output}`"))


@command.command("verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--key", "keys", multiple=True, help="Verification key (origin+hash+key) or a peer descriptor file.")
@json_option
@click.pass_context
def verify(ctx: click.Context, file: Path, keys: tuple[str, ...], as_json: bool) -> None:
    """Verify a receipt FILE with public keys only, without network. Exit code 5 if it does not verify."""
    try:
        receipt = Receipt.from_text(file.read_text())
    except (Malformed, UnicodeDecodeError) as cause:
        raise Tampered(f"{file}: {cause}", detail={"where": str(file)}) from cause
    known = _given_keys(keys) if keys else _known_keys(ctx)
    origin = receipt.checkpoint.split(b"\n", 1)[0].decode(errors="replace")
    if origin not in known:
        raise Tampered(f"checkpoint: no key is known for {origin}: give it with --key", detail={"where": "checkpoint"})
    entry = verify_receipt(receipt, known[origin])
    document: dict[str, Any] = {
        "verified": True,
        "origin": origin,
        "index": receipt.index,
        "kind": entry.kind.name.lower(),
        "exchange": str(entry.exchange_id),
        "requester": entry.requester,
        "responder": entry.responder,
        "purpose": entry.purpose,
        "category": entry.category,
        "outcome": entry.outcome,
        "disclosure": entry.disclosure,
        "released_fields": list(entry.released_fields),
        "agreement": f"{entry.agreement_id} revision {entry.agreement_revision}",
    }

    def render() -> None:
        click.echo(f"verified: entry {receipt.index} of {origin}")
        for name, value in document.items():
            if name not in ("verified", "origin", "index"):
                click.echo(f"  {name}: {', '.join(value) if isinstance(value, list) else value}")

    show(document, as_json, render)


def _given_keys(keys: tuple[str, ...]) -> dict[str, str]:
    from comity.identity.descriptor import read_descriptor  # noqa: PLC0415

    found = {}
    for key in keys:
        vkey = read_descriptor(Path(key).read_bytes()).ledger_vkey if Path(key).is_file() else key
        found[vkey.split("+", 1)[0]] = vkey
    return found


def _known_keys(ctx: click.Context) -> dict[str, str]:
    try:
        with opened(ctx) as node:
            return node.vkeys()
    except ComityError as cause:
        raise NotFound(f"no keys to verify with: give --key, or --home with the node ({home_of(ctx).path})") from cause
