"""`comity policy bundle | activate | status`: signed bundles, and what is in force."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from comity.cli.context import home_of, opened
from comity.cli.held import agreements_option
from comity.cli.output import json_option, show, table
from comity.errors import ComityError, NotFound

_file = click.Path(exists=True, dir_okay=False, path_type=Path)
_output = click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write.")


@click.group("bundle", invoke_without_command=True)
@_output
@agreements_option
@json_option
@click.pass_context
def bundle(ctx: click.Context, output: Path | None, agreements: Path | None, as_json: bool) -> None:
    """Signed OPA bundles: build, verify. With -o alone: build."""
    if ctx.invoked_subcommand is None:
        if output is None:
            raise click.UsageError("where to? -o FILE")
        ctx.invoke(build, output=output, agreements=agreements, as_json=as_json)


@bundle.command("build")
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="File to write.")
@agreements_option
@click.option(
    "--national",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of national modules; default the node's own, none with --agreements.",
)
@click.option("--sequence", type=click.IntRange(0), help="Its number; default the next one of this node, else 0.")
@click.option("--key", type=_file, help="Bundle key to sign with (P-256, PEM, 0600); default the node's own.")
@json_option
@click.pass_context
def build(
    ctx: click.Context,
    output: Path,
    agreements: Path | None,
    as_json: bool,
    national: Path | None = None,
    sequence: int | None = None,
    key: Path | None = None,
) -> None:
    """Write library, agreements, national modules and schemas as a signed bundle that any OPA loads.

    Entry point data.comity.decision. Without a node's home and without --key it is not signed, and no node takes it.
    """
    from comity.policy.bundle import revision_of, write_bundle  # noqa: PLC0415

    policy_set, number, signer = _material(ctx, agreements, national)
    number = number if sequence is None else sequence
    signer = _signer(key) if key else signer
    write_bundle(policy_set, output, number, signer)
    document = {
        "file": str(output),
        "revision": revision_of(policy_set, number),
        "sequence": number,
        "digest": policy_set.digest,
        "signed": signer is not None,
        "key_id": signer.key_id if signer else "",
    }

    def render() -> None:
        click.echo(f"{output}: revision {document['revision']}")
        click.echo(f"signed by bundle key {signer.key_id}" if signer else "not signed: no node here and no --key")

    show(document, as_json, render)


@bundle.command("verify")
@click.argument("file", type=_file)
@click.option("--key", type=_file, help="Public bundle keys in PEM; default those that the node has pinned.")
@json_option
@click.pass_context
def verify(ctx: click.Context, file: Path, key: Path | None, as_json: bool) -> None:
    """Prove the bundle in FILE, offline where --key is given. Exit code 5 if it is not what a pinned key signed."""
    from comity.identity.bundle_key import BUNDLE_PINS, load_public_keys  # noqa: PLC0415
    from comity.policy.opening import open_bundle  # noqa: PLC0415

    found = open_bundle(file.read_bytes(), load_public_keys(key or home_of(ctx).keys / BUNDLE_PINS))
    policy = found.policy
    document = {
        "file": str(file),
        "revision": found.revision,
        "sequence": found.sequence,
        "digest": policy.digest,
        "key_id": found.key_id,
        **_contents(policy),
    }

    def render() -> None:
        click.echo(f"{file}: proven, revision {found.revision}, signed by bundle key {found.key_id}")
        _show_contents(document)

    show(document, as_json, render)


@click.command("activate")
@click.argument("file", required=False, type=_file)
@json_option
@click.pass_context
def activate(ctx: click.Context, file: Path | None, as_json: bool) -> None:
    """Activate the bundle in FILE, or without FILE the agreements in force with the national modules of the home.

    A running node takes it up with its next message. Exit code 5 if the bundle is not proven or goes back, 1 if a
    golden scenario fails; then the set before stays in force and the ledger holds an alarm.
    """
    from comity.enactment import activate_bundle, activate_own  # noqa: PLC0415

    with opened(ctx) as node:
        made = activate_bundle(node, file.read_bytes()) if file else activate_own(node)
    document = {"revision": made.revision, "sequence": made.sequence, "digest": made.digest, "key_id": made.key_id}
    show(document, as_json, lambda: click.echo(f"in force: revision {made.revision}, signed by {made.key_id[:16]}"))


@click.command("status")
@json_option
@click.pass_context
def status(ctx: click.Context, as_json: bool) -> None:
    """Show the policy in force: revision, number, digest, engine, bundle key, since when, and what it holds."""
    from comity.enactment import policy_standing  # noqa: PLC0415
    from comity.identity.bundle_key import BUNDLE_PINS  # noqa: PLC0415

    with opened(ctx) as node:
        standing = policy_standing(node)
        fault = "" if standing.in_step else _fault(node, standing)
        policy = node.settings.policy
        engine = "opa" if policy.engine == "opa" and not policy.opa_url else policy.opa_url or policy.engine
        keys = str(node.home.keys / BUNDLE_PINS)
    newest = standing.newest
    since = datetime.fromtimestamp(newest.activated_at / 1000, tz=UTC).isoformat() if newest else ""
    document: dict[str, Any] = {
        "engine": engine,
        "revision": newest.revision if newest else "",
        "sequence": newest.sequence if newest else 0,
        "digest": newest.digest if newest else "",
        "key_id": newest.key_id if newest else "",
        "since": since,
        "in_step": standing.in_step,
        "fault": fault,
        "wanted": standing.wanted.digest,
        "bundle_keys": keys,
        **_contents(standing.wanted),
    }

    def render() -> None:
        click.echo(f"revision {document['revision'] or 'none yet'}, engine {engine}")
        click.echo(f"signed by bundle key {document['key_id']}, since {since}; keys that count: {keys}")
        if not standing.in_step:
            click.echo(fault or "agreements changed since: a node that runs follows with its next message")
        _show_contents(document)

    show(document, as_json, render)


def _fault(node: Any, standing: Any) -> str:
    """Return why what counts now cannot be activated; empty where it can."""
    from comity.enactment import policy_tried  # noqa: PLC0415

    try:
        with policy_tried(node, standing):
            return ""
    except ComityError as problem:
        return str(problem)


def _material(ctx: click.Context, agreements: Path | None, national: Path | None) -> Any:
    """Return the policy set, the number it would get, and who signs: of this node, or of folders without one."""
    from comity.app import load_agreements  # noqa: PLC0415
    from comity.enactment import policy_standing  # noqa: PLC0415
    from comity.policy.bundle import build as make  # noqa: PLC0415
    from comity.policy.national import load_national  # noqa: PLC0415

    law = load_national(national) if national else None
    given = load_agreements(agreements) if agreements else None
    try:
        with opened(ctx) as node:
            newest, signer = node.activations().newest(), node.activations().signer
            if given is None:
                wanted = policy_standing(node).wanted
                own = law if national else node.national()
                offences = wanted.data["comity"]["offences"]
                made = make(wanted.agreements, offences=offences, suspended=wanted.suspended, national=own)
            else:
                made = make(given, national=law)
    except NotFound:
        if given is None:
            raise
        return make(given, national=law), 0, None
    known = newest is not None and newest.digest == made.digest
    return made, (newest.sequence + (not known) if newest else 1), signer


def _signer(file: Path) -> Any:
    from comity.identity.keys import key_id, load_identity_key  # noqa: PLC0415
    from comity.policy.signing import BundleSigner  # noqa: PLC0415

    key = load_identity_key(file)
    return BundleSigner(key, key_id(key.public_key()))


def _contents(policy: Any) -> dict[str, Any]:
    """Return what a set holds: agreements and the names of national modules."""
    held = [
        {
            "agreement": each.id,
            "revision": each.revision,
            "digest": each.digest,
            "suspended": each.id in policy.suspended,
        }
        for each in policy.agreements
    ]
    return {"agreements": held, "national": list(policy.national.names) if policy.national else []}


def _show_contents(document: dict[str, Any]) -> None:
    rows = [
        (each["agreement"], each["revision"], each["digest"][:16], "suspended" if each["suspended"] else "")
        for each in document["agreements"]
    ]
    table(("agreement", "revision", "digest", ""), rows, "no agreements")
    click.echo(f"national modules: {', '.join(document['national']) or 'none'}")
