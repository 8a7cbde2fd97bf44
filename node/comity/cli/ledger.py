"""`comity ledger`: the node's tamper-evident ledger."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from comity.cli.context import opened
from comity.cli.output import UNVERIFIED, json_option, show, table
from comity.ledger.ledger import StoredEntry

_MAX_INDEX = 2**63 - 1  # what a database column holds
_SHOWN = (
    ("requester", "requester"),
    ("responder", "responder"),
    ("official", "official"),
    ("role", "official_role"),
    ("purpose", "purpose"),
    ("category", "category"),
    ("subject_category", "subject_category"),
    ("action", "action"),
    ("outcome", "outcome"),
    ("disclosure", "disclosure"),
    ("released_fields", "released_fields"),
    ("refusal_codes", "refusal_codes"),
    ("agreement", "agreement_id"),
    ("revision", "agreement_revision"),
    ("note", "note"),
)


@click.group("ledger")
def command() -> None:
    """The node's tamper-evident ledger: status, entries, whole verification, proofs."""


@command.command("status")
@json_option
@click.pass_context
def status(ctx: click.Context, as_json: bool) -> None:
    """Show size, root and the signed checkpoint."""
    with opened(ctx) as node:
        checkpoint = node.ledger.checkpoint()
        vkey = node.ledger.vkey
    origin, size, root = checkpoint.decode().split("\n")[:3]
    document = {"origin": origin, "size": int(size), "root": root, "key": vkey, "checkpoint": checkpoint.decode()}

    def render() -> None:
        click.echo(f"{origin}: {size} entries, root {root}\nkey {vkey}\n\n{checkpoint.decode()}", nl=False)

    show(document, as_json, render)


@command.command("show")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="Newest entries.")
@click.option("--index", type=click.IntRange(0, _MAX_INDEX), help="One entry, whole.")
@json_option
@click.pass_context
def show_(ctx: click.Context, limit: int, index: int | None, as_json: bool) -> None:
    """Show the newest entries, or one entry whole."""
    with opened(ctx) as node:
        if index is not None:
            entries = [node.ledger.entry(index)]
        else:
            size = int(node.ledger.checkpoint().split(b"\n")[1])
            entries = node.ledger.range(max(0, size - limit), size)
    documents = [_document(stored) for stored in entries]

    def render() -> None:
        if index is not None:
            for name, value in documents[0].items():
                click.echo(f"{name}: {', '.join(value) if isinstance(value, list) else value}")
            return
        columns = ("index", "time", "kind", "from", "to", "category", "outcome", "released or refused for", "agreement")
        table(columns, [_row(d) for d in documents], "the ledger is empty")

    show(documents if index is None else documents[0], as_json, render)


@command.command("verify")
@json_option
@click.pass_context
def verify(ctx: click.Context, as_json: bool) -> None:
    """Verify the whole ledger and the sealed messages. Exit code 5, with the place, if anything was changed."""
    from comity.ledger.verify import verify_ledger, verify_vault  # noqa: PLC0415

    with opened(ctx) as node:
        findings = [*verify_ledger(node.store, node.ledger.vkey), *verify_vault(node.store, node.vault)]
        size = 0 if findings else int(node.ledger.checkpoint().split(b"\n")[1])
    document = {
        "verified": not findings,
        "size": size,
        "findings": [{"where": f.where, "problem": f.problem} for f in findings],
    }

    def render() -> None:
        if not findings:
            click.echo(f"verified: {size} entries, every leaf, the root, the checkpoint and the sealed messages")
        for finding in findings:
            click.echo(f"{finding.where}: {finding.problem}")

    show(document, as_json, render)
    if findings:
        ctx.exit(UNVERIFIED)


@command.command("prove")
@click.argument("index", type=click.IntRange(0, _MAX_INDEX))
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File; default standard output.")
@json_option
@click.pass_context
def prove(ctx: click.Context, index: int, output: Path | None, as_json: bool) -> None:
    """Prove that entry INDEX is in the ledger: a C2SP tlog-proof that `comity receipt verify` checks offline."""
    with opened(ctx) as node:
        receipt = node.ledger.receipt(index)
    text = receipt.to_text()
    if output is not None:
        output.write_text(text)
    document = {
        "index": index,
        "entry": receipt.entry.hex(),
        "proof": [node_hash.hex() for node_hash in receipt.proof],
        "checkpoint": receipt.checkpoint.decode(),
        "file": str(output) if output else None,
    }
    said = f"{output}: proof of entry {index}\n" if output else text
    show(document, as_json, lambda: click.echo(said, nl=False))


def _document(stored: StoredEntry) -> dict[str, Any]:
    entry = stored.entry
    time = datetime.fromtimestamp(entry.time_ms / 1000, UTC).isoformat(timespec="milliseconds")
    document: dict[str, Any] = {"index": stored.index, "time": time, "kind": entry.kind.name.lower()}
    if entry.exchange_id.int:
        document["exchange"] = str(entry.exchange_id)
    for shown, name in _SHOWN:
        value = getattr(entry, name)
        if value:
            document[shown] = list(value) if isinstance(value, tuple) else value
    for name in ("agreement_digest", "policy_digest", "request_commitment", "answer_commitment", "object_digest"):
        if value := getattr(entry, name):
            document[name] = value.hex()
    return document


def _row(document: dict[str, Any]) -> tuple[Any, ...]:
    released = ", ".join(document.get("released_fields", []) or document.get("refusal_codes", []))
    return (
        document["index"],
        document["time"][:19],
        document["kind"],
        _domain(document.get("requester", "")),
        _domain(document.get("responder", "")),
        document.get("category", ""),
        document.get("outcome", ""),
        released,
        document.get("agreement", ""),
    )


def _domain(node: str) -> str:
    """Return the trust domain of a node id: enough for a table."""
    return node.removeprefix("spiffe://").partition("/")[0]
