"""`comity inbox`: peers' questions that wait for a person of this node's desk."""

from typing import Any

import click

from comity.cli.context import officer_name, opened
from comity.cli.output import DONE, REFUSED, json_option, plain, show, table

_as_option = click.option("--as", "staff", metavar="NAME", help="The officer. Default: the desk officer of this home.")


@click.group("inbox")
def command() -> None:
    """Questions of peers that a person must decide before anything leaves."""


@command.command("list")
@click.option("--all", "answered", is_flag=True, help="Those that are answered, too.")
@_as_option
@json_option
@click.pass_context
def list_(ctx: click.Context, answered: bool, staff: str | None, as_json: bool) -> None:
    """List what waits for your role, first due first. Nothing here tells who is searched."""
    from comity.wire.desk_casework import list_inbox  # noqa: PLC0415
    from comity.wire.desk_client import DeskClient  # noqa: PLC0415

    with opened(ctx) as node, DeskClient.connect(node, officer_name(node, staff)) as desk:
        document = list_inbox(desk, answered=answered)

    def render() -> None:
        columns = ("due", "", "from", "exchange", "category", "purpose", "article", "state")
        table(columns, [_row(item) for item in document["items"]], "nothing waits for you")
        click.echo(f"{document['open']} open, {document['overdue']} of them overdue")

    show(document, as_json, render)


@command.command("show")
@click.argument("exchange_id")
@_as_option
@json_option
@click.pass_context
def show_(ctx: click.Context, exchange_id: str, staff: str | None, as_json: bool) -> None:
    """Open one question: who asks, why, and who is searched. Your access is logged first."""
    from comity.wire.desk_casework import show_inbox_item  # noqa: PLC0415
    from comity.wire.desk_client import DeskClient  # noqa: PLC0415

    with opened(ctx) as node, DeskClient.connect(node, officer_name(node, staff)) as desk:
        document = show_inbox_item(desk, exchange_id)
    show(document, as_json, lambda: _print_question(document))


@command.command("approve")
@click.argument("exchange_id")
@_as_option
@json_option
@click.pass_context
def approve(ctx: click.Context, exchange_id: str, staff: str | None, as_json: bool) -> None:
    """Let a question be answered, as far as policy allows it now. Exit code 3 if policy refuses by now."""
    _decide(ctx, exchange_id, "approve", staff, as_json)


@command.command("refuse")
@click.argument("exchange_id")
@click.option("--ground", required=True, help="Refusal code that the agreement keeps, e.g. ongoing_investigation.")
@_as_option
@json_option
@click.pass_context
def refuse(ctx: click.Context, exchange_id: str, ground: str, staff: str | None, as_json: bool) -> None:
    """Refuse a question on a ground of the agreement; the asker reads its article and remedy."""
    _decide(ctx, exchange_id, "refuse", staff, as_json, ground=ground)


@command.command("return")
@click.argument("exchange_id")
@click.option("--ask", "consultation", required=True, metavar="TEXT", help="What the asker should add.")
@_as_option
@json_option
@click.pass_context
def return_(ctx: click.Context, exchange_id: str, consultation: str, staff: str | None, as_json: bool) -> None:
    """Send a question back for more facts. It stays open and its clock goes on; the asker reads what you ask."""
    _decide(ctx, exchange_id, "return", staff, as_json, consultation=consultation)


def _decide(  # the parts of a decision
    ctx: click.Context, exchange_id: str, act: str, staff: str | None, as_json: bool, **what: str
) -> None:
    from comity.casework.review import Act  # noqa: PLC0415
    from comity.wire.desk_casework import decide_inbox_item  # noqa: PLC0415
    from comity.wire.desk_client import DeskClient  # noqa: PLC0415

    with opened(ctx) as node, DeskClient.connect(node, officer_name(node, staff)) as desk:
        document = decide_inbox_item(desk, exchange_id, Act(act), **what)
    decision = document.get("decision")

    def render() -> None:
        if decision is None:
            click.echo("approved; another officer must agree before it is answered")
            return
        click.echo(f"the answer went out: {decision['outcome']} ({decision['disclosure']})")
        for reason in decision["reasons"]:
            click.echo(plain(f"  {reason['code']} — {reason['article']}: {reason['message']}"))

    show(document, as_json, render)
    against = act == "approve" and decision is not None and decision["outcome"] == "refused"
    ctx.exit(REFUSED if against else DONE)


def _row(item: dict[str, Any]) -> tuple[str, ...]:
    mark = "late" if item["late"] else ("urgent" if item["urgency"] == "urgent" else "")
    state = f"{item['state']} ({item['outcome']})" if item["outcome"] else item["state"]
    article = f"{item['basis']['agreement']}, {item['basis']['article']}"
    return item["due_at"], mark, item["country"], item["exchange"], item["category"], item["purpose"], article, state


def _notable(asked: dict[str, Any]) -> list[str]:
    """Return what an officer should weigh: what the asker stated beyond the usual question."""
    subject, offence, privilege = asked["subject"], asked["offence"], asked["privilege"]
    facts = {
        "vulnerable": subject["vulnerable"],
        f"national of the {subject['nationality']}": subject["nationality"] != "unknown",
        f"scope {asked['scope']}": asked["scope"] != "individual",
        f"privilege {privilege['kind']}{' (waived)' if privilege['waived'] else ''}": privilege["kind"] != "none",
        "onward transfer": asked["onward"],
        "a machine asks": asked["automated"],
        "strictly necessary": asked["necessity"] == "strict",
        "special procedure": asked["procedure"] == "special",
        "confidential": bool(asked["confidentiality"]),
        f"assistance {asked['assistance']}": asked["assistance"] != "police-information",
        f"{offence['gravity']} case": offence["gravity"] != "ordinary",
        f"barred: {offence['bar']}": offence["bar"] != "none",
        **{f"offence {kind}": True for kind in offence["kinds"]},
    }
    return [words for words, stands in facts.items() if stands]


def _print_question(document: dict[str, Any]) -> None:
    asked, query = document["asked"], document["query"]
    official, subject, offence, case = (asked[name] for name in ("official", "subject", "offence", "case"))
    lines = [
        f"{document['country']} asks, due {document['due_at']}{' (late)' if document['late'] else ''}",
        f"  under    {document['basis']['agreement']}, {document['basis']['article']}",
        f"  who asks {official['role']} {official['id']} of {official['authority']}",
        f"  why      {asked['purpose']}, case {case['reference'] or 'not stated'} ({case['proceeding'] or 'none'})",
        f"  offence  {offence['list_category'] or offence['iccs'] or offence['code'] or 'not stated'}",
        f"  link     {asked['nexus'] or 'not stated'}",
        f"  facts    {asked['summary'] or 'not stated'}",
        f"  notable  {', '.join(_notable(asked)) or 'nothing'}",
        f"  subject  {subject['category']}, {subject['age_band']}",
        f"  searched {query['schema']}: {', '.join(query['names']) or 'no name'}; born {query['birth_date'] or '-'}",
        *(f"           {i['kind']} {i['value']} {i['country'] or ''}" for i in query["identifiers"]),
        *(f"  {s['at']} {s['role']} {s['official']}: {s['act']} {s['ground']}" for s in document["steps"]),
        f"decide with `comity inbox approve|refuse|return {document['exchange']}`",
    ]
    for line in lines:
        click.echo(plain(line))
