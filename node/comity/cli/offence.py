"""`comity policy offence`: what a statute is, and what other countries punish as the same conduct."""

from dataclasses import asdict
from typing import Any

import click

from comity.cli.output import json_option, show
from comity.policy import offences
from comity.policy.offences import StatuteFacts

_LIFE = 1200


@click.command("offence")
@click.argument("code", metavar="CC:STATUTE")
@click.option("--to", default="", metavar="CC", help="One country to compare with; default all that have a table.")
@json_option
def offence(code: str, to: str, as_json: bool) -> None:
    """Show what a statute is, and by which statutes other countries punish the same conduct."""
    facts = offences.look_up(code)
    own = code.partition(":")[0]
    countries = [to.upper()] if to else [each for each in offences.tables() if each != own]
    found = {country: offences.counterparts(code, country) for country in countries}
    document = {
        **_plain(facts),
        "counterparts": {country: [_plain(each) for each in statutes] for country, statutes in found.items()},
    }

    def render() -> None:
        click.echo(f"{facts.code} {facts.title}: {_words(facts)}")
        for country, statutes in found.items():
            named = "; ".join(f"{each.code} {each.title} ({_most(each)})" for each in statutes)
            click.echo(f"  {country}: {named or 'no statute punishes the same conduct'}")

    show(document, as_json, render)


def _plain(facts: StatuteFacts) -> dict[str, Any]:
    return {**asdict(facts), "kinds": list(facts.kinds)}


def _words(facts: StatuteFacts) -> str:
    listed = f"list category {facts.list_category}" if facts.list_category else "none of the 32 list categories"
    kinds = f", {', '.join(facts.kinds)}" if facts.kinds else ""
    return f"ICCS {facts.iccs}, {listed}, {_most(facts)}{kinds}"


def _most(facts: StatuteFacts) -> str:
    return "up to life" if facts.max_penalty_months == _LIFE else f"up to {facts.max_penalty_months} months"
