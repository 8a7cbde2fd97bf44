"""`comity agreement draft | approve | propose | countersign | …`: the steps of officers.

A running node takes them at its desk port, with the officer's certificate; where it does not run, the same step is
taken on its home. Either way the database decides, so that a suspension counts from the next message on.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from comity.app import OpenNode
from comity.cli.context import opened
from comity.cli.output import FAILED, json_option, show, table
from comity.errors import Malformed, NotFound, Unavailable, Violation
from comity.exchange.policy import PolicyInForce

_as_option = click.option("--as", "staff", metavar="NAME", help="Staff member who acts.")
_reason_option = click.option("--reason", default="", help="For the other parties; never about a person.")


def _step(*options: Callable[[Any], Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add what every step takes: who acts, `--json`, the context."""

    def wrap(function: Callable[..., None]) -> Callable[..., None]:
        for option in (*options, _as_option, json_option, click.pass_context):
            function = option(function)
        return function

    return wrap


_ID = click.argument("agreement_id")
_DIGEST = click.argument("digest")


@click.command("draft")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--replaces", default="", help="Digest of the draft that you have seen and replace, or its first digits.")
@_step()
def draft(ctx: click.Context, file: Path, replaces: str, staff: str | None, as_json: bool) -> None:
    """Save FILE as the draft of its agreement; it is linted, its scenarios run, and its effect is simulated.

    Exit code 1 if a scenario does not give what the text says: the draft is kept, but cannot be approved.
    """
    _perform(ctx, "Draft", staff, as_json, text=file.read_bytes(), replaces=replaces)


@click.command("discard")
@_step(_DIGEST, _ID)
def discard(ctx: click.Context, agreement_id: str, digest: str, staff: str | None, as_json: bool) -> None:
    """Throw the draft with DIGEST away."""
    _perform(ctx, "Discard", staff, as_json, agreement=agreement_id, digest=digest)


@click.command("approve")
@_step(_DIGEST, _ID)
def approve(ctx: click.Context, agreement_id: str, digest: str, staff: str | None, as_json: bool) -> None:
    """Approve the draft, or the peer's proposal, with DIGEST: whoever wrote the draft cannot."""
    _perform(ctx, "Approve", staff, as_json, agreement=agreement_id, digest=digest)


@click.command("propose")
@_step(_DIGEST, _ID)
def propose(ctx: click.Context, agreement_id: str, digest: str, staff: str | None, as_json: bool) -> None:
    """Sign the approved draft with DIGEST for this country and send it to the other parties."""
    _perform(ctx, "Propose", staff, as_json, agreement=agreement_id, digest=digest)


@click.command("countersign")
@_step(_DIGEST, _ID)
def countersign(ctx: click.Context, agreement_id: str, digest: str, staff: str | None, as_json: bool) -> None:
    """Sign the proposal with DIGEST for this country: another officer than the one who approved it must."""
    _perform(ctx, "Countersign", staff, as_json, agreement=agreement_id, digest=digest)


@click.command("activate")
@_step(_ID)
def activate(ctx: click.Context, agreement_id: str, staff: str | None, as_json: bool) -> None:
    """Put an agreed text whose day has come into force now; a running node does it by itself."""
    _perform(ctx, "Activate", staff, as_json, agreement=agreement_id)


@click.command("suspend")
@_step(_reason_option, _ID)
def suspend(ctx: click.Context, agreement_id: str, reason: str, staff: str | None, as_json: bool) -> None:
    """Suspend an agreement: from the next message on nothing is answered or asked under it."""
    _perform(ctx, "Suspend", staff, as_json, agreement=agreement_id, reason=reason)


@click.command("resume")
@_step(_reason_option, _ID)
def resume(ctx: click.Context, agreement_id: str, reason: str, staff: str | None, as_json: bool) -> None:
    """Take this country's suspension back; a peer's stays until the peer resumes."""
    _perform(ctx, "Resume", staff, as_json, agreement=agreement_id, reason=reason)


@click.command("end")
@click.option("--from", "since", metavar="DATE", default="", help="First day on which it does not count; default now.")
@_step(_reason_option, _ID)
def end(ctx: click.Context, agreement_id: str, reason: str, since: str, staff: str | None, as_json: bool) -> None:
    """End an agreement for this country. What was given before stays bound by its terms."""
    _perform(ctx, "End", staff, as_json, agreement=agreement_id, reason=reason, from_ms=_first_moment(since))


STEPS = (draft, discard, approve, propose, countersign, activate, suspend, resume, end)


def undecided() -> PolicyInForce:
    """The policy of a command that decides nothing."""
    raise Unavailable("this command decides nothing")


def _perform(ctx: click.Context, verb: str, staff: str | None, as_json: bool, **fields: Any) -> None:
    """Take a step at the running node, or on its home; show what it came to."""
    from comity.wire.desk_agreements import method_of, outcome_document, request_of  # noqa: PLC0415
    from comity.wire.desk_client import DeskClient  # noqa: PLC0415

    request = request_of(verb, **fields)
    with opened(ctx) as node:
        name = _officer(node, staff)
        with DeskClient.if_running(node, name) as desk:
            reply = desk.call(method_of(verb), request) if desk else _on_home(node, name, verb, request)
    document = outcome_document(verb, reply)
    show(document, as_json, lambda: _render(document))
    if not all(case["passed"] for case in document.get("scenarios", [])):
        ctx.exit(FAILED)


def _on_home(node: OpenNode, name: str, verb: str, request: bytes) -> bytes:
    """Take the step here: nobody runs the node. The officer's key must lie in this home, as for the desk port."""
    from comity.app import adopt_files, office_of, policy_in_force  # noqa: PLC0415
    from comity.identity.node import load_staff  # noqa: PLC0415
    from comity.identity.store import find_staff  # noqa: PLC0415
    from comity.settings import PolicySettings  # noqa: PLC0415
    from comity.wire.courier import GrpcCourier  # noqa: PLC0415

    load_staff(node.home.staff, name)
    with node.store.read() as tx:
        member = find_staff(tx, name)
    adopt_files(node)
    courier = GrpcCourier(node.identity)
    try:
        with policy_in_force([], PolicySettings()) as policy:
            office = office_of(node, node.own(lambda: policy), courier)
            return office.acts.perform_here(verb, member, request)
    finally:
        courier.close()


def _officer(node: OpenNode, given: str | None) -> str:
    """Return who acts: the one named, else the only policy officer whose key lies in this home."""
    from comity.identity.store import list_staff  # noqa: PLC0415

    if given:
        return given
    with node.store.read() as tx:
        officers = [member.name for member in list_staff(tx) if member.role == "policy-officer"]
    here = [name for name in officers if (node.home.staff / f"{name}.pem").exists()]
    if len(here) != 1:
        named = ", ".join(here) or "`comity staff add NAME --role policy-officer` makes one"
        raise NotFound(f"who acts? `--as NAME`: {named}")
    return here[0]


def _render(document: dict[str, Any]) -> None:
    click.echo(f"{document['agreement']} revision {document['revision']} is {document['state']}")
    click.echo(f"digest {document['digest']}; signed by {', '.join(document['signed_by']) or 'nobody yet'}")
    if document["suspended_by"]:
        click.echo(f"suspended by {', '.join(document['suspended_by'])}")
    if document["ended_by"]:
        click.echo(f"ended by {', '.join(document['ended_by'])}")
    if "scenarios" in document:
        failed = [case for case in document["scenarios"] if not case["passed"]]
        click.echo(f"{len(document['scenarios']) - len(failed)} of {len(document['scenarios'])} scenarios pass; "
                   f"{document['flips']} questions of the text in force would be decided otherwise")  # fmt: skip
        for case in failed:
            click.echo(f"  FAILED {case['scenario']}: {case['difference']}")
    if "told" in document:
        rows = [(told["country"], told["state"], told.get("message", "")) for told in document["told"]]
        table(("party", "", "why not"), rows)


def _first_moment(day: str) -> int:
    """Return the first millisecond of a day in UTC, 0 for none; raises `Malformed`."""
    if not day:
        return 0
    try:
        parsed = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        problem = "is no day, e.g. 2027-01-01"
        raise Malformed(f"--from {problem}", violations=(Violation("from", problem),)) from None
    return int(parsed.timestamp() * 1000)
