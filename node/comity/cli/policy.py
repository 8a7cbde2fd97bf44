"""`comity policy`: what would be decided, and the bundle that decides it."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from comity.cli.coverage import coverage
from comity.cli.explain import explain
from comity.cli.held import agreements_option
from comity.cli.held import held as held_by
from comity.cli.impact import impact
from comity.cli.mirror import mirror
from comity.cli.national import command as national
from comity.cli.offence import offence
from comity.cli.output import FAILED, REFUSED, json_option, show, table
from comity.cli.policy_bundle import activate, bundle, status
from comity.cli.policy_prove import prove
from comity.cli.policy_who import who
from comity.policy.document import decode


@click.group("policy")
def command() -> None:
    """What would be decided and why: test, explain, replay, compare, prove; national law, offences, OPA bundles."""


command.add_command(activate)
command.add_command(bundle)
command.add_command(coverage)
command.add_command(explain)
command.add_command(impact)
command.add_command(mirror)
command.add_command(national)
command.add_command(offence)
command.add_command(prove)
command.add_command(status)
command.add_command(who)


@command.command("simulate")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--engine", type=click.Choice(["embedded", "opa", "both"]), default="embedded", show_default=True)
@agreements_option
@json_option
@click.pass_context
def simulate(ctx: click.Context, file: Path, engine: str, agreements: Path | None, as_json: bool) -> None:
    """Decide the input document in FILE. Exit code 3 if it is refused, 1 if two engines disagree."""
    document = decode(file.read_bytes())
    engines = ["embedded", "opa"] if engine == "both" else [engine]
    decided = {name: _decide(ctx, name, agreements, document) for name in engines}
    decisions = list(decided.values())
    agree = all(decision == decisions[0] for decision in decisions)
    shown = decisions[0] if engine != "both" else {"agree": agree, **decided}

    def render() -> None:
        for name, decision in decided.items():
            click.echo(f"{name}: {decision['outcome']}, disclosure {decision['disclosure']}")
            if decision.get("basis"):
                click.echo(f"  basis: {decision['basis']['agreement']}, {decision['basis']['article']}")
            for reason in decision["reasons"]:
                click.echo(f"  {reason['code']} — {reason['article']}: {reason['message']}")
                click.echo(f"    remedy: {reason['remedy']}")

    show(shown, as_json, render)
    if not agree:
        ctx.exit(FAILED)
    if decisions[0]["outcome"] == "refused":
        ctx.exit(REFUSED)


@command.command("test")
@click.option("--engine", type=click.Choice(["embedded", "opa"]), default="embedded", show_default=True)
@agreements_option
@json_option
@click.pass_context
def test(ctx: click.Context, engine: str, agreements: Path | None, as_json: bool) -> None:
    """Run the golden scenarios that travel with the agreements. Exit code 1 if one differs."""
    from comity.policy.scenarios import run_scenarios  # noqa: PLC0415

    with ExitStack() as stack:
        held, policy = _policy(ctx, stack, engine, agreements)
        results = run_scenarios(held, policy.engine)
    document = [
        {"agreement": r.agreement, "scenario": r.name, "passed": r.passed, "difference": "; ".join(r.problems)}
        for r in results
    ]
    rows = [("ok" if d["passed"] else "FAILED", d["agreement"], d["scenario"], d["difference"]) for d in document]
    show(document, as_json, lambda: table(("", "agreement", "scenario", "difference"), rows, "no scenarios"))
    if not all(result.passed for result in results):
        ctx.exit(FAILED)


def _decide(ctx: click.Context, engine: str, agreements: Path | None, document: dict[str, Any]) -> dict[str, Any]:
    with ExitStack() as stack:
        _, policy = _policy(ctx, stack, engine, agreements)
        return dict(policy.engine.decide_raw(document))


def _policy(ctx: click.Context, stack: ExitStack, engine: str, agreements: Path | None) -> Any:
    from comity.app import policy_in_force  # noqa: PLC0415
    from comity.exchange.holder import Parts  # noqa: PLC0415
    from comity.settings import PolicySettings  # noqa: PLC0415

    held, law = held_by(ctx, agreements)
    settings = PolicySettings.model_validate({"engine": engine})
    return held, stack.enter_context(policy_in_force(held, settings, Parts(law)))
