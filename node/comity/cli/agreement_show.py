"""`comity agreement list | show | status | of`: where agreements stand, at any moment as known at any other."""

from datetime import UTC, datetime, time
from typing import Any

import click

from comity.app import OpenNode, load_agreements
from comity.cli import agreement_view as view
from comity.cli.context import opened
from comity.cli.output import FAILED, UNANSWERED, json_option, show, table
from comity.errors import ComityError, Malformed, NotFound, Violation
from comity.identity.store import utc_from_ms
from comity.policy.lifecycle import Standing, State
from comity.policy.store import AgreementBook, read_content, read_events, to_ms


@click.command("list")
@json_option
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """List the agreements of this node, and where each stands."""
    with opened(ctx) as node:
        book, now = AgreementBook(node.store, node.country), to_ms(node.clock())
        document = [view.summary(book, standing, now) for standing in book.standings()]
        if not book.generation():
            document = [view.file_summary(held) for held in load_agreements(node.home.agreements)]
    columns = ("agreement", "revision", "state", "parties", "in force", "terms", "digest")
    rows = [
        (
            d["agreement"],
            d["revision"],
            view.said(d),
            ", ".join(d["parties"]),
            d["in_force"],
            d["terms"],
            d["digest"][:16],
        )
        for d in document
    ]
    show(document, as_json, lambda: table(columns, rows, "no agreements: put files in the home's agreements/"))


@click.command("show")
@click.argument("agreement_id")
@click.option("--at", "at", metavar="DATE", help="The text in force on that day or moment; default now.")
@click.option("--known-at", "known_at", metavar="DATE", help="As this node knew it by the end of that day or moment.")
@click.option("--digest", default="", help="One text by its digest or first digits.")
@click.option("--yaml", "as_yaml", is_flag=True, help="Print the text exactly as it was written.")
@json_option
@click.pass_context
def show_(
    ctx: click.Context,
    agreement_id: str,
    at: str | None,
    known_at: str | None,
    digest: str,
    as_yaml: bool,
    as_json: bool,
) -> None:
    """Show one agreement: the text in force, or the newest; every known text; what happened to it."""
    with opened(ctx) as node:
        moment = _moment("at", at, node.clock(), time.min)
        known = _moment("known-at", known_at, node.clock(), time.max)
        book = AgreementBook(node.store, node.country)
        standing = book.standing(agreement_id, known if known_at else None)
        if not standing.texts:
            _show_file(node, agreement_id, as_json)
            return
        held = view.chosen(standing, to_ms(moment), digest, asked=at is not None)
        agreement = book.agreement(held.text.digest)
        with node.store.read() as tx:
            events = [event for event in read_events(tx, agreement_id) if event.seq <= standing.seq]
            content = read_content(tx, held.text.digest)
    if as_yaml:
        click.echo(content.decode(), nl=False)
        return
    life = view.life_document(standing, agreement, events, to_ms(moment))
    show({**agreement.document, "digest": agreement.digest, **life}, as_json, lambda: view.render(agreement, life))


@click.command("status")
@click.argument("agreement_id")
@json_option
@click.pass_context
def status(ctx: click.Context, agreement_id: str, as_json: bool) -> None:
    """Ask the other parties where an agreement stands there. Exit code 4 if one did not answer, 1 if texts differ."""
    from comity.app import office_of  # noqa: PLC0415  gRPC: only this command of the group calls anyone
    from comity.cli.agreement_life import undecided  # noqa: PLC0415
    from comity.wire.courier import GrpcCourier  # noqa: PLC0415

    with opened(ctx) as node:
        courier = GrpcCourier(node.identity)
        office = office_of(node, node.own(undecided), courier)
        standing, now = office.book.standing(agreement_id), to_ms(node.clock())
        held = view.chosen(standing, now, "", asked=False)
        try:
            node.peers.refresh()
            others = [party for party in held.text.parties if party != node.country]
            answers = [_asked(node, office, country, standing, now) for country in others]
        finally:
            courier.close()
    ours = {"country": node.country, **view.texts_document(standing, now)}
    document = {"agreement": agreement_id, "here": ours, "peers": answers}
    rows = [(d["country"], *_status_row(d)) for d in [ours, *answers]]
    show(document, as_json, lambda: table(("country", "in force", "newest", "suspended by", "finding"), rows))
    if any("error" in answer for answer in answers):
        ctx.exit(UNANSWERED)
    if not all(answer["same"] for answer in answers):
        ctx.exit(FAILED)


@click.command("of")
@click.argument("exchange_id")
@json_option
@click.pass_context
def of(ctx: click.Context, exchange_id: str, as_json: bool) -> None:
    """Show which text was in force for an exchange, as this node knew it at that moment."""
    with opened(ctx) as node:
        entries = [stored.entry for stored in node.ledger.by_exchange(exchange_id)]
        if not entries:
            raise NotFound(f"no exchange {exchange_id}: `comity exchange list` shows them")
        book = AgreementBook(node.store, node.country)
        document: dict[str, Any] = {"exchange": exchange_id, "texts": []}
        for entry in entries:
            digest = entry.agreement_digest.hex()
            if not digest or digest in {found["digest"] for found in document["texts"]}:
                continue
            agreement = book.agreement(digest)
            at = utc_from_ms(entry.time_ms)
            then = book.standing(agreement.id, known_at=at).in_force(entry.time_ms)
            document["texts"].append({
                "agreement": agreement.id,
                "revision": agreement.revision,
                "digest": digest,
                "decided_at": at.isoformat(timespec="milliseconds"),
                "in_force_then": then is not None and then.text.digest == digest,
                "document": agreement.document,
            })  # fmt: skip

    def render() -> None:
        for found in document["texts"]:
            counted = "in force then" if found["in_force_then"] else "NOT the text in force then"
            click.echo(f"{found['agreement']} revision {found['revision']}: {counted} ({found['decided_at']})")
            click.echo(f"digest {found['digest']}; `comity agreement show {found['agreement']} --digest` shows it")

    show(document, as_json, render)


COMMANDS = (list_, show_, status, of)


def _show_file(node: OpenNode, agreement_id: str, as_json: bool) -> None:
    """Show a text of a home whose node never ran; raises `NotFound`."""
    book = AgreementBook(node.store, node.country)
    known = [standing.agreement for standing in book.standings()]
    found = {} if known else {held.id: held for held in load_agreements(node.home.agreements)}
    if agreement_id not in found:
        names = ", ".join(sorted(known or found)) or "there is none"
        raise NotFound(f"no agreement {agreement_id} here, or not known then: {names}")
    held = found[agreement_id]
    show(
        {**held.document, "digest": held.digest, "state": "file"}, as_json, lambda: view.render(held, {"state": "file"})
    )


def _asked(node: OpenNode, office: Any, country: str, standing: Standing, now: int) -> dict[str, Any]:
    """Return what a party says of an agreement, and whether it holds what we hold."""
    from comity.exchange.ports import Undelivered  # noqa: PLC0415

    try:
        texts = office.outbox.ask(node.peers.get(country), standing.agreement).texts
    except (Undelivered, ComityError) as problem:
        return {"country": country, "same": False, "error": {"reason": str(problem.reason), "message": str(problem)}}
    bound = [text for text in texts if text.state in ("agreed", "in-force")]
    in_force = [text for text in bound if text.state == "in-force"]
    begun = [held for held in standing.texts.values() if held.state is State.IN_FORCE]
    ours = max(begun, key=lambda held: held.text.revision).text.digest if begun else ""
    theirs = in_force[-1].digest if in_force else ""
    return {
        "country": country,
        "in_force": theirs,
        "texts": [
            {"revision": t.revision, "digest": t.digest, "state": t.state, "signed_by": list(t.signed_by)}
            for t in texts
        ],
        "suspended_by": list(texts[-1].suspended_by),
        "ended_by": list(texts[-1].ended_by),
        "same": theirs == ours and set(texts[-1].suspended_by) == standing.suspended_by(now),
    }


def _status_row(document: dict[str, Any]) -> tuple[str, ...]:
    if "error" in document:
        return "", "", "", f"no answer: {document['error']['message']}"
    newest = document["texts"][-1] if document["texts"] else {"revision": "", "state": ""}
    finding = {True: "the same here", False: "NOT the same here", None: ""}[document.get("same")]
    named = f"revision {newest['revision']} {newest['state']}"
    return document["in_force"][:16], named, ", ".join(document["suspended_by"]), finding


def _moment(option: str, given: str | None, now: datetime, day: time) -> datetime:
    """Return the moment that an ISO date (its begin or its end) or time names; raises `Malformed`."""
    if not given:
        return now
    try:
        parsed = datetime.fromisoformat(given)
    except ValueError:
        problem = "is no ISO 8601 date or time, e.g. 2026-03-01 or 2026-03-01T12:00:00Z"
        raise Malformed(f"--{option} {problem}", violations=(Violation(option, problem),)) from None
    if len(given) == len("2026-03-01"):
        parsed = datetime.combine(parsed.date(), day)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
