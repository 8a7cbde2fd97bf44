"""`comity query`: one question to several countries; each country's result is shown as it arrives."""

from collections.abc import Callable
from typing import Any

import click

from comity.cli import results
from comity.cli.context import home_of, opened, staff_name
from comity.cli.output import json_option
from comity.errors import ComityError, Malformed, Violation

_SUBJECTS = ["suspect", "convicted", "victim", "witness", "missing", "unidentified-remains", "other"]
_AIMS = ["identify", "learn-more", "locate", "evidence", "preserve", "notice"]
_PROCEEDINGS = ["investigation", "prosecution", "trial", "execution", "administrative", "none"]


def _of_agreements(field: str) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    """Return a completion from the words that this node's agreements use; nothing where there is no node."""

    def complete(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
        from comity.app import load_agreements  # noqa: PLC0415

        try:
            held = load_agreements(home_of(ctx).agreements)
        except ComityError:
            return []
        words = {word for agreement in held for term in agreement.document["terms"] for word in term[field]}
        return sorted(word for word in words if word.startswith(incomplete))

    return complete


_WHY: list[Callable[[Any], Any]] = [
    click.option(
        "--category",
        required=True,
        help="Data category, e.g. wanted-persons.",
        shell_complete=_of_agreements("categories"),
    ),
    click.option(
        "--purpose",
        required=True,
        help="Purpose code, e.g. criminal-investigation.",
        shell_complete=_of_agreements("purposes"),
    ),
    click.option("--case", "case", default="", help="Case reference."),
    click.option("--proceeding", type=click.Choice(_PROCEEDINGS), default="investigation", show_default=True),
    click.option("--offence", default="", help="List category (murder), ICCS code (0701), or own CC:statute."),
    click.option(
        "--penalty",
        type=click.IntRange(0, 1200),
        default=0,
        help="Maximum penalty in months; a statute brings its own.",
    ),
    click.option("--offence-kind", multiple=True, help="political, military, fiscal: what agreements may exclude."),
    click.option("--nexus", default="", help="Why this person and this country: the link to the case."),
    click.option("--subject", type=click.Choice(_SUBJECTS), default="suspect", show_default=True),
    click.option("--age-band", type=click.Choice(["adult", "minor", "unknown"]), default="adult", show_default=True),
    click.option("--aim", type=click.Choice(_AIMS), default="identify", show_default=True),
    click.option("--use", type=click.Choice(["intelligence", "evidence"]), default="intelligence", show_default=True),
    click.option("--urgent", metavar="REASON", default="", help="Makes the question urgent."),
    click.option("--authorisation", metavar="TYPE:REF", default="", help="An order, e.g. judge:12-3456."),
    click.option("--assurance", multiple=True, help="e.g. no-death-penalty."),
    click.option("--to", default="all", show_default=True, help="Countries, e.g. FI,SE; or all."),
    click.option("--deadline", type=click.IntRange(50, 120_000), help="Milliseconds each peer has."),
    click.option("--as", "staff", metavar="NAME", help="Staff member who asks."),
    json_option,
]


def _why(function: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_WHY):
        function = option(function)
    return function


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
@_why
@click.pass_context
def person(ctx: click.Context, /, **given: Any) -> None:
    """Ask about a person."""
    _ask(ctx, "Person", given)


@command.command("company")
@click.option("--name", "names", multiple=True)
@click.option("--id", "identifiers", multiple=True, metavar="KIND:VALUE[:CC]", help="e.g. registration:10345833:EE.")
@_why
@click.pass_context
def company(ctx: click.Context, /, **given: Any) -> None:
    """Ask about a company."""
    _ask(ctx, "Company", given)


@command.command("vehicle")
@click.option("--plate", metavar="VALUE[:CC]", help="Registration plate.")
@click.option("--vin", help="Vehicle identification number.")
@_why
@click.pass_context
def vehicle(ctx: click.Context, /, plate: str | None, vin: str | None, **given: Any) -> None:
    """Ask about a vehicle."""
    _ask(ctx, "Vehicle", {**given, "identifiers": _kinds(plate=plate, vin=vin)})


@command.command("document")
@click.option("--passport", metavar="VALUE[:CC]")
@click.option("--national-id", metavar="VALUE[:CC]")
@_why
@click.pass_context
def document(ctx: click.Context, /, passport: str | None, national_id: str | None, **given: Any) -> None:
    """Ask about a document."""
    _ask(ctx, "Document", {**given, "identifiers": _kinds(passport=passport, national_id=national_id)})


@command.command("account")
@click.option("--iban")
@click.option("--account", metavar="VALUE[:CC]", help="Account number that is no IBAN.")
@_why
@click.pass_context
def account(ctx: click.Context, /, iban: str | None, account: str | None, **given: Any) -> None:
    """Ask about a bank account."""
    _ask(ctx, "BankAccount", {**given, "identifiers": _kinds(iban=iban, account=account)})


def _kinds(**values: str | None) -> tuple[str, ...]:
    return tuple(f"{kind.replace('_', '-')}:{value}" for kind, value in values.items() if value)


def _ask(ctx: click.Context, schema: str, given: dict[str, Any]) -> None:
    from comity.wire.desk_client import DeskClient  # noqa: PLC0415  gRPC: only a question needs it

    with opened(ctx) as node:
        request = _request(schema, given, node.country)
        with DeskClient.connect(node, staff_name(node, given["staff"])) as desk:
            ctx.exit(results.show_results(desk.ask(request), as_json=given["as_json"]))


def _request(schema: str, given: dict[str, Any], country: str) -> Any:
    from comity.policy.offences import stated  # noqa: PLC0415
    from comity.wire.desk_client import ask_request  # noqa: PLC0415

    offence = stated(given["offence"], country, penalty=given["penalty"], kinds=given["offence_kind"])
    kind, _, reference = given["authorisation"].partition(":")
    return ask_request(
        schema=schema,
        names=given.get("names", ()),
        birth_date=given.get("birth_date", ""),
        nationalities=tuple(value.lower() for value in given.get("nationalities", ())),
        identifiers=tuple(parse_identifier(text) for text in given.get("identifiers", ())),
        category=given["category"],
        purpose=given["purpose"],
        case={"reference": given["case"], "proceeding": given["proceeding"]},
        offence={
            "code": offence.code,
            "iccs": offence.iccs,
            "list_category": offence.list_category,
            "max_penalty_months": offence.max_penalty_months,
            "kinds": offence.kinds,
        },
        subject={"category": given["subject"], "age_band": given["age_band"]},
        aim=given["aim"],
        intended_use=given["use"],
        urgency_reason=given["urgent"],
        nexus=given["nexus"],
        authorisation=(kind, reference),
        assurances=given["assurance"],
        to=() if given["to"].lower() == "all" else tuple(cc.strip().upper() for cc in given["to"].split(",")),
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
