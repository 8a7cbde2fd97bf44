"""`comity query`: one question to several countries; each country's result is shown as it arrives."""

from collections.abc import Callable, Iterator
from typing import Any

import click

from comity.cli import results
from comity.cli.context import opened, staff_name
from comity.cli.question import circumstances, countries, question_options
from comity.errors import Malformed, Violation


def _asking(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command every option of a question but the subject's, and of waiting for its answer."""
    watch = click.option("--watch", is_flag=True, help="Stay until every question left to a person is answered.")
    return question_options(watch(function))


@click.group("query")
def command() -> None:
    """Ask peers about a person, company, vehicle, document or account.

    Exit code: 0 answered, 3 refused by policy everywhere, 4 some did not answer, 5 an answer did not verify.
    """


@command.command("person")
@click.option("--name", "names", multiple=True, help="In any script; may be repeated.")
@click.option("--birth-date", default="", help="ISO 8601, may be partial.")
@click.option("--nationality", "nationalities", multiple=True, metavar="CC")
@click.option("--id", "identifiers", multiple=True, metavar="KIND:VALUE[:CC]", help="e.g. passport:X123:EE.")
@_asking
@click.pass_context
def person(ctx: click.Context, /, **given: Any) -> None:
    """Ask about a person."""
    _ask(ctx, "Person", given)


@command.command("company")
@click.option("--name", "names", multiple=True)
@click.option("--id", "identifiers", multiple=True, metavar="KIND:VALUE[:CC]", help="e.g. registration:10345833:EE.")
@_asking
@click.pass_context
def company(ctx: click.Context, /, **given: Any) -> None:
    """Ask about a company."""
    _ask(ctx, "Company", given)


@command.command("vehicle")
@click.option("--plate", metavar="VALUE[:CC]", help="Registration plate.")
@click.option("--vin", help="Vehicle identification number.")
@_asking
@click.pass_context
def vehicle(ctx: click.Context, /, plate: str | None, vin: str | None, **given: Any) -> None:
    """Ask about a vehicle."""
    _ask(ctx, "Vehicle", {**given, "identifiers": _kinds(plate=plate, vin=vin)})


@command.command("document")
@click.option("--passport", metavar="VALUE[:CC]")
@click.option("--national-id", metavar="VALUE[:CC]")
@_asking
@click.pass_context
def document(ctx: click.Context, /, passport: str | None, national_id: str | None, **given: Any) -> None:
    """Ask about a document."""
    _ask(ctx, "Document", {**given, "identifiers": _kinds(passport=passport, national_id=national_id)})


@command.command("account")
@click.option("--iban")
@click.option("--account", metavar="VALUE[:CC]", help="Account number that is no IBAN.")
@_asking
@click.pass_context
def account(ctx: click.Context, /, iban: str | None, account: str | None, **given: Any) -> None:
    """Ask about a bank account."""
    _ask(ctx, "BankAccount", {**given, "identifiers": _kinds(iban=iban, account=account)})


@command.command("preflight")
@click.option(
    "--identification",
    type=click.Choice(["weak", "moderate", "strong"]),
    default="weak",
    show_default=True,
    help="How well you will identify the person: name; name and whole birth date; an exact identifier.",
)
@click.option("--nationality", "nationalities", multiple=True, metavar="CC", help="Nationality you will search.")
@question_options
@click.pass_context
def preflight(ctx: click.Context, /, identification: str, nationalities: tuple[str, ...], **given: Any) -> None:
    """Say which peers would answer, how fully and by which article, without asking them.

    The policy and the agreements are the same on both sides. National law of a peer is not known here: it may refuse
    more. Exit code: 0 somebody would answer, 3 nobody would.
    """
    from comity.cli.foresight import show_foreseen  # noqa: PLC0415
    from comity.wire.desk_client import DeskClient, preflight_request  # noqa: PLC0415

    with opened(ctx) as node:
        request = preflight_request(
            circumstances(given, node.country),
            category=given["category"],
            identification=identification,
            nationalities=tuple(value.lower() for value in nationalities),
            to=countries(given["to"]),
        )
        with DeskClient.connect(node, staff_name(node, given["staff"])) as desk:
            ctx.exit(show_foreseen(desk.preflight(request), given["as_json"]))


def _kinds(**values: str | None) -> tuple[str, ...]:
    return tuple(f"{kind.replace('_', '-')}:{value}" for kind, value in values.items() if value)


def _ask(ctx: click.Context, schema: str, given: dict[str, Any]) -> None:
    from comity.wire.desk_client import DeskClient  # noqa: PLC0415  gRPC: only a question needs it

    with opened(ctx) as node:
        request = _request(schema, given, node.country)
        with DeskClient.connect(node, staff_name(node, given["staff"])) as desk:
            steps = _with_later(desk, request) if given["watch"] else desk.ask(request)
            ctx.exit(results.show_results(steps, as_json=given["as_json"]))


def _with_later(desk: Any, request: Any) -> Iterator[Any]:
    """Yield what a question brings at once, then what people decide, until nobody is left to decide."""
    from comity.wire.desk_casework import watch  # noqa: PLC0415
    from comity.wire.desk_client import Asked  # noqa: PLC0415

    exchange, waits = "", False
    for step in desk.ask(request):
        if isinstance(step, Asked):
            exchange = step.exchange_id
        else:
            waits = waits or step.outcome == "review"
        yield step
    if waits:
        yield from watch(desk, exchange)


def _request(schema: str, given: dict[str, Any], country: str) -> Any:
    from comity.wire.desk_client import ask_request  # noqa: PLC0415

    return ask_request(
        circumstances(given, country),
        schema=schema,
        category=given["category"],
        names=given.get("names", ()),
        birth_date=given.get("birth_date", ""),
        nationalities=tuple(value.lower() for value in given.get("nationalities", ())),
        identifiers=tuple(parse_identifier(text) for text in given.get("identifiers", ())),
        to=countries(given["to"]),
        deadline_ms=given["deadline"] or 0,
    )


def parse_identifier(text: str) -> tuple[str, str, str]:
    """Return (kind, value, country) of `KIND:VALUE[:CC]`; raises `Malformed`."""
    kind, found, rest = text.partition(":")
    if not found or not rest:
        problem = "is not KIND:VALUE or KIND:VALUE:CC, e.g. passport:X123:EE"
        raise Malformed(f"--id {problem}", violations=(Violation("id", problem),))
    value, _, country = rest.rpartition(":")
    if value and len(country) == 2 and country.isalpha():
        return kind, value, country.lower()
    return kind, rest, ""
