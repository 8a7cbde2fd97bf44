"""`comity assurance`: signed promises between two countries about a case, and what became of them."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from comity.app import OpenNode
from comity.cli.context import opened, staff_name
from comity.cli.output import json_option, show, table
from comity.errors import ComityError, Malformed, NotFound, Violation

if TYPE_CHECKING:
    from comity.exchange.assurance_store import Held
    from comity.exchange.model import Official

_as = click.option("--as", "staff", metavar="NAME", required=True, help="Officer who acts.")


@click.group("assurance")
def command() -> None:
    """Assurances: signed, with an end, attached to questions by `comity query --assurance KIND`.

    The asking country gives one. The country asked proves it, may hold it for verified, and may mark it withdrawn or
    breached: from then on it satisfies nothing.
    """


@command.command("give")
@click.argument("kind")
@click.option("--to", required=True, metavar="CC", help="Country that it is given to.")
@click.option("--agreement", default="", help="Agreement it stands under; default: the only one with that country.")
@click.option("--case", "case", default="", metavar="REF", help="Case it is about; without: every case.")
@click.option("--until", required=True, metavar="DATE", help="Last day it holds, ISO 8601.")
@click.option("--text", required=True, help="What is promised, in words.")
@_as
@json_option
@click.pass_context
def give(ctx: click.Context, /, **given: Any) -> None:
    """Give an assurance of a KIND.

    Kinds: no-death-penalty, no-torture, no-life-without-review, retrial-after-in-absentia, safe-conduct.
    """
    from comity.exchange.assurances import Wish  # noqa: PLC0415

    with opened(ctx) as node:
        country = given["to"].upper()
        node.peers.refresh()
        wish = Wish(
            given["kind"], _agreement(node, given["agreement"], country), given["case"], given["text"],
            _end_of(given["until"], node.clock()),
        )  # fmt: skip
        made = node.assurances.give(wish, node.peers.get(country), _officer(node, given["staff"]), node.clock())
        document = _document(node, node.assurances.get(made.id))
    text = f"{made.id}: {made.kind} to {country} under {made.agreement} until {document['expires_at']}"
    show(document, given["as_json"], lambda: click.echo(text))


@command.command("list")
@click.option("--peer", "country", default="", metavar="CC", help="Only those given to or by this country.")
@json_option
@click.pass_context
def list_(ctx: click.Context, country: str, as_json: bool) -> None:
    """List assurances, given and received, newest first."""
    with opened(ctx) as node:
        document = [_document(node, held) for held in node.assurances.every(country.upper())]
    columns = ("assurance", "kind", "giver", "recipient", "agreement", "until", "status")
    rows = [
        tuple(each[key] for key in ("id", "kind", "giver", "recipient", "agreement", "expires_at", "status"))
        for each in document
    ]
    show(document, as_json, lambda: table(columns, rows, "none yet: `comity assurance give` makes one"))


@command.command("show")
@click.argument("assurance_id")
@json_option
@click.pass_context
def show_(ctx: click.Context, assurance_id: str, as_json: bool) -> None:
    """Show one assurance: its text, whether its signature proves, what happened to it."""
    with opened(ctx) as node:
        held = node.assurances.get(assurance_id)
        given, envelope = node.assurances.open(held)
        document = {
            **_document(node, held),
            "authority": given.authority,
            "official": given.official,
            "case": given.case,
            "text": given.text,
            "signature": _signature(node, held),
            "key": envelope.key_id,
            "note": node.assurances.note(held),
        }

    def render() -> None:
        lines = [(name, value) for name, value in document.items() if name != "events" and value]
        events = [(each["status"], f"{each['at']} {each['role']} {each['official']}") for each in document["events"]]
        table(("", ""), [*lines, *events])

    show(document, as_json, render)


@command.command("verify")
@click.argument("assurance_id")
@_as
@json_option
@click.pass_context
def verify(ctx: click.Context, assurance_id: str, staff: str, as_json: bool) -> None:
    """Prove the signature of an assurance that was given to us, and hold it for verified."""
    _step(ctx, assurance_id, as_json, lambda node, peer: node.assurances.verify(
        assurance_id, peer, _officer(node, staff), node.clock()
    ))  # fmt: skip


@command.command("withdraw")
@click.argument("assurance_id")
@_as
@json_option
@click.pass_context
def withdraw(ctx: click.Context, assurance_id: str, staff: str, as_json: bool) -> None:
    """Take back an assurance of ours, signed and told with the next question; or stop counting one of theirs."""
    _step(ctx, assurance_id, as_json, lambda node, peer: node.assurances.withdraw(
        assurance_id, peer, _officer(node, staff), node.clock()
    ))  # fmt: skip


@command.command("breach")
@click.argument("assurance_id")
@click.option("--note", required=True, help="What was done against it; kept sealed.")
@_as
@json_option
@click.pass_context
def breach(ctx: click.Context, assurance_id: str, note: str, staff: str, as_json: bool) -> None:
    """Mark an assurance that was given to us as broken."""
    _step(ctx, assurance_id, as_json, lambda node, peer: node.assurances.breach(
        assurance_id, peer, note, _officer(node, staff), node.clock()
    ))  # fmt: skip


def _step(ctx: click.Context, assurance_id: str, as_json: bool, act: Callable[[OpenNode, Any], "Held"]) -> None:
    with opened(ctx) as node:
        node.peers.refresh()
        held = node.assurances.get(assurance_id)
        other = held.recipient if held.giver == node.country else held.giver
        document = _document(node, act(node, node.peers.get(other)))
    show(document, as_json, lambda: click.echo(f"{assurance_id} is {document['status']}"))


def _officer(node: OpenNode, name: str) -> "Official":
    from comity.exchange.model import Official  # noqa: PLC0415
    from comity.identity.node import load_staff  # noqa: PLC0415
    from comity.identity.store import find_staff  # noqa: PLC0415

    load_staff(node.home.staff, staff_name(node, name))  # who acts holds the key
    with node.store.read() as tx:
        member = find_staff(tx, name)
    return Official(node.identity.staff_pseudonym(node.country, name), member.role, member.authority)


def _agreement(node: OpenNode, named: str, country: str) -> str:
    """Return the agreement that an assurance stands under; raises `NotFound`, or `Malformed` where it must be named."""
    held = sorted(each.id for each in node.agreements() if {node.country, country} <= set(each.parties))
    if named:
        if named not in held:
            raise NotFound(f"no agreement {named} with {country}: there are {', '.join(held) or 'none'}")
        return named
    if len(held) != 1:
        problem = f"name one with --agreement: with {country} there are {', '.join(held) or 'none'}"
        raise Malformed(f"agreement: {problem}", violations=(Violation("agreement", problem),))
    return held[0]


def _end_of(day: str, now: datetime) -> datetime:
    """Return the last second of an ISO 8601 day; raises `Malformed` for no such day or a past one."""
    try:
        end = datetime.fromisoformat(f"{day}T23:59:59").replace(tzinfo=UTC)
    except ValueError:
        end = None
    if end is None or end <= now:
        problem = "is no day to come: write it as 2027-03-31"
        raise Malformed(f"until {problem}", violations=(Violation("until", problem),))
    return end


def _signature(node: OpenNode, held: "Held") -> str:
    """Return whether the giver's own node signed it when it says so: proven, or why not."""
    from comity.exchange.assurance import prove  # noqa: PLC0415
    from comity.identity.certificates import load_certificates, verify_party  # noqa: PLC0415

    given, envelope = node.assurances.open(held)
    try:
        if held.giver == node.country:
            bundle = load_certificates(node.identity.ca_pem)
            domain = node.settings.trust_domain
            prove(envelope, given.issued_at, lambda leaf, at: verify_party(leaf, bundle, domain, at))
        else:
            node.peers.refresh()
            prove(envelope, given.issued_at, node.peers.get(held.giver).prove)
    except ComityError as error:
        return str(error)
    return "proven"


def _document(node: OpenNode, held: "Held") -> dict[str, Any]:
    expired = held.expires_at <= int(node.clock().timestamp())
    return {
        "id": held.id,
        "kind": held.kind,
        "giver": held.giver,
        "recipient": held.recipient,
        "agreement": held.agreement,
        "status": held.status,
        "expired": expired,
        "issued_at": _day(held.issued_at),
        "expires_at": _day(held.expires_at),
        "events": [
            {"status": each.status, "at": _time(each.at), "official": each.official, "role": each.role}
            for each in held.events
        ],
    }


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
