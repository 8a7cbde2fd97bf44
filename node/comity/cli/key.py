"""`comity key`: the node's keys and certificates."""

from typing import Any

import click
from cryptography.hazmat.primitives.asymmetric import ec

from comity.cli.context import opened
from comity.cli.output import json_option, show, table


@click.group("key")
def command() -> None:
    """The node's keys and certificates."""


@command.command("list")
@json_option
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """List keys with what they are for, their ids and how long their certificates last."""
    from comity.identity.certificates import load_certificates  # noqa: PLC0415
    from comity.identity.keys import key_id  # noqa: PLC0415

    with opened(ctx) as node:
        identity = node.identity
        ca = load_certificates(identity.ca_pem)[0]
        ca_key = ca.public_key()
        assert isinstance(ca_key, ec.EllipticCurvePublicKey)  # noqa: S101  our own CA is P-256
        now = node.clock()
        document: list[dict[str, Any]] = [
            {
                "key": "node",
                "use": "identity and message signatures",
                "algorithm": "ECDSA P-256",
                "id": identity.key_id,
                "days_left": (identity.certificate.not_valid_after_utc - now).days,
            },
            {
                "key": "ca",
                "use": "issues this country's certificates",
                "algorithm": "ECDSA P-256",
                "id": key_id(ca_key),
                "days_left": (ca.not_valid_after_utc - now).days,
            },
            {
                "key": "ledger",
                "use": "signs checkpoints",
                "algorithm": "Ed25519",
                "id": node.ledger.vkey,
                "days_left": None,
            },
            {
                "key": "bundle",
                "use": "signs policy bundles",
                "algorithm": "ECDSA P-256",
                "id": node.activations().signer.key_id,
                "days_left": None,
            },
        ]
    columns = ("key", "algorithm", "days left", "id")
    rows = [(d["key"], d["algorithm"], d["days_left"] or "-", d["id"]) for d in document]
    show(document, as_json, lambda: table(columns, rows))
