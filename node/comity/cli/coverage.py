"""`comity policy coverage`: whether the golden cases notice when a text changes."""

from pathlib import Path
from typing import Any

import click

from comity.cli.held import agreements_option, held
from comity.cli.output import FAILED, json_option, progress, show, table
from comity.errors import Malformed


@click.command("coverage")
@click.option("--agreement", "only", metavar="ID", help="This agreement only.")
@click.option(
    "--suggest",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write scenarios that notice the rest to this YAML file, for an officer to read and take over.",
)
@click.option("--min-score", type=click.FloatRange(0, 1), default=0.0, help="Exit code 1 below this share.")
@agreements_option
@json_option
@click.pass_context
def coverage(
    ctx: click.Context, only: str | None, suggest: Path | None, min_score: float, agreements: Path | None, as_json: bool
) -> None:
    """Change every part of each agreement in turn; show which changes no golden case notices, and the score.

    A list word left out, a number moved by one, a level one step up or down, a rule set to each of its other words:
    each such change should give at least one scenario another answer. With --suggest, what then still goes unnoticed
    has no effect of its own: another part of the text says the same.
    """
    from comity.policy.bundle import build  # noqa: PLC0415
    from comity.policy.coverage import count_changes, cover  # noqa: PLC0415
    from comity.policy.embedded import EmbeddedEngine  # noqa: PLC0415

    found, _ = held(ctx, agreements)
    chosen = [each for each in found if only in (None, each.id)]
    if not chosen:
        raise Malformed(f"no agreement {only} here: {', '.join(sorted(each.id for each in found)) or 'there is none'}")

    def engine_over(agreement: Any) -> EmbeddedEngine:
        return EmbeddedEngine(build([agreement]), machines=1)

    with progress("changes", count_changes(chosen)) as advance:
        results = cover(chosen, engine_over, advance)
    written = _write(suggest, results, chosen, engine_over) if suggest else {}
    document: list[dict[str, Any]] = [
        {
            "agreement": each.agreement,
            "changes": each.changes,
            "noticed": each.changes - len(each.unnoticed),
            "score": round(each.score, 4),
            "unnoticed": [{"path": mutant.path, "change": mutant.change} for mutant in each.unnoticed],
            **({"suggested": written[each.agreement]} if suggest else {}),
        }
        for each in results
    ]

    def render() -> None:
        table(("agreement", "changes", "noticed", "score"), [_row(each) for each in document])
        for each in document:
            for mutant in each["unnoticed"]:
                click.echo(f"  {each['agreement']}: {mutant['path']}: {mutant['change']}: nobody would notice")

    show(document, as_json, render)
    if any(each.score < min_score for each in results):
        ctx.exit(FAILED)


def _row(each: dict[str, Any]) -> tuple[Any, ...]:
    return each["agreement"], each["changes"], each["noticed"], f"{each['score']:.2f}"


def _write(file: Path, results: Any, agreements: Any, engine_over: Any) -> dict[str, int]:
    """Write the suggested scenarios of each agreement; return how many there are."""
    import yaml  # noqa: PLC0415

    from comity.policy.coverage import suggest  # noqa: PLC0415

    by_id = {each.id: each for each in agreements}
    with progress("suggestions", len(results)) as advance:
        made = {}
        for each in results:
            made[each.agreement] = list(suggest(each, by_id[each.agreement], engine_over))
            advance(1)
    lines = []
    for name, scenarios in made.items():
        lines.append(f"{name}:\n")
        for scenario in scenarios:
            flow = yaml.safe_dump(scenario, default_flow_style=True, sort_keys=False, width=10**6, allow_unicode=True)
            lines.append(f"  - {flow}")
    file.write_text("".join(lines))
    return {name: len(scenarios) for name, scenarios in made.items()}
