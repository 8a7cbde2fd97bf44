"""Which agreements a policy command works on: the node's own, or those of a folder."""

from pathlib import Path
from typing import Any

import click

from comity.cli.context import opened

agreements_option = click.option(
    "--agreements",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of agreement files; default the node's own.",
)


def held(ctx: click.Context, folder: Path | None) -> tuple[Any, Any]:
    """Return agreements and national modules: those of a folder, which has no national law, or the node's own."""
    from comity.app import load_agreements  # noqa: PLC0415

    if folder is not None:
        return load_agreements(folder), None
    with opened(ctx) as node:
        return node.agreements(), node.national()
