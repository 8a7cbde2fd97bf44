"""`comity policy who`: who could get a field or a category, under which term, on which conditions."""

from pathlib import Path
from typing import Any

import click

from comity.cli.held import agreements_option, held
from comity.cli.output import json_option, progress, show, table


@click.command("who")
@click.argument("word", metavar="FIELD|CATEGORY")
@click.option("--provider", metavar="CC", help="Only what this country gives.")
@click.option("--requester", metavar="CC", help="Only what this country gets.")
@agreements_option
@json_option
@click.pass_context
def who(
    ctx: click.Context,
    word: str,
    provider: str | None,
    requester: str | None,
    agreements: Path | None,
    as_json: bool,
) -> None:
    """Show who could get a field (`address`) or data of a category (`dna-profiles`), and what they must state.

    Every row (who answers, who asks, term, action) is one that the engine confirmed on a question; `--json` shows it.
    Conditions are what every such question has in common: an order, an assurance, a person's decision.
    """
    from comity.policy.bundle import build  # noqa: PLC0415  solver and engine: only who asks needs them
    from comity.policy.embedded import EmbeddedEngine  # noqa: PLC0415
    from comity.policy.who import who as who_gets  # noqa: PLC0415

    found, law = held(ctx, agreements)
    policy = build(found, national=law)
    engine = EmbeddedEngine(policy, machines=1)
    asked = {"provider": provider and provider.upper(), "requester": requester and requester.upper()}
    try:
        with progress("terms", sum(len(each.data["terms"]) for each in found)) as advance:
            offers = who_gets(policy, engine, word, **asked, advance=advance)
    finally:
        engine.close()
    rows = [_document(each) for each in offers]
    document = {"word": word, "offers": rows}
    columns = ("answers", "asks", "agreement", "term", "action", "gives", "for", "on condition of")
    show(document, as_json, lambda: table(columns, list(map(_row, rows)), f"nobody could get {word}"))


def _document(offer: Any) -> dict[str, Any]:
    return {
        "agreement": offer.agreement,
        "term": offer.term,
        "article": offer.article,
        "action": offer.action,
        "levels": list(offer.levels),
        "without_a_person": offer.direct,
        "humans": list(offer.humans),
        "orders": list(offer.orders),
        "assurances": [{"kind": kind, "when": when} for kind, when in offer.assurances],
        "needs": list(offer.needs),
        "roles": list(offer.roles),
        "purposes": list(offer.purposes),
        "pairs": [
            {
                "provider": provider,
                "requester": requester,
                "outcome": example.decision["outcome"],
                "input": example.document,
            }
            for provider, requester, example in offer.pairs
        ],
    }


def _row(each: dict[str, Any]) -> tuple[str, ...]:
    answers = sorted({pair["provider"] for pair in each["pairs"]})
    asks = sorted({pair["requester"] for pair in each["pairs"]})
    return (
        " ".join(answers),
        " ".join(asks),
        each["agreement"],
        f"{each['term']}, {each['article']}",
        each["action"],
        " or ".join(each["levels"]),
        f"{', '.join(each['roles'])}: {', '.join(each['purposes'])}",
        "; ".join(_conditions(each)) or "none",
    )


def _conditions(each: dict[str, Any]) -> list[str]:
    found = []
    if each["orders"]:
        found.append(f"an order of a {' or '.join(each['orders'])}")
    for assurance in each["assurances"]:
        when = "" if assurance["when"] == "always" else f" where {assurance['when']}"
        found.append(f"the assurance {assurance['kind']}{when}")
    if each["humans"]:
        found.append(f"{'perhaps ' if each['without_a_person'] else ''}a {' or '.join(each['humans'])} decides")
    return [*found, *each["needs"]]
