"""`comity bench`: the measured figures, as ratios."""

import json
from pathlib import Path
from typing import Any

import click

from comity.cli.output import json_option, table


@click.group("bench")
def command() -> None:
    """Measured figures, as ratios in one run."""


@command.command("exchange")
@click.option("--seconds", type=click.FloatRange(0.2, 600), default=4.0, show_default=True, help="Each round.")
@click.option("--rounds", type=click.IntRange(1, 100), default=5, show_default=True)
@json_option
def exchange(seconds: float, rounds: int, as_json: bool) -> None:
    """The whole exchange against a bare grpcio mTLS echo: same payload, 1 and 32 callers."""
    from comity.sandbox.bench import bench_exchange  # noqa: PLC0415

    figures = bench_exchange(seconds, rounds, lambda line: click.echo(line, err=True))
    if as_json:
        click.echo(json.dumps(figures, indent=2))
        return
    machine = figures["machine"]
    click.echo(f"{machine['cpus']} cores, Python {machine['python']}, grpcio {machine['grpcio']}")
    click.echo(figures["durability"])
    columns = ("callers", "exchange ÷ echo", "min-max", "echo/s", "exchange/s", "added p50", "p99 exchange")
    table(columns, [_row(callers, figure) for callers, figure in figures["callers"].items()])
    click.echo("\nWhere the time goes (one call alone, median):")
    table(("part", "µs"), list(figures["parts_us"].items()))


@command.command("node")
@json_option
def node(as_json: bool) -> None:
    """One node: seconds from start to first answer, resident size idle and after it."""
    from comity.sandbox.bench import bench_node  # noqa: PLC0415

    figures = bench_node(lambda line: click.echo(line, err=True))
    if as_json:
        click.echo(json.dumps(figures, indent=2))
        return
    click.echo(f"first answer {figures['first_answer_s']} s after start")
    click.echo(f"resident: {figures['idle_mb']} MB idle, {figures['after_first_answer_mb']} MB after the first answer")


@command.command("policy")
@click.option("--rounds", type=click.IntRange(1, 10_000), default=40, show_default=True)
@click.option(
    "--agreements",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of agreement files; default the sandbox's.",
)
@json_option
def policy(rounds: int, agreements: Path | None, as_json: bool) -> None:
    """One decision by each engine and from the cache, against a bare call of an OPA server."""
    from comity.app import load_agreements  # noqa: PLC0415
    from comity.sandbox.bench_policy import bench_policy  # noqa: PLC0415
    from comity.sandbox.federation import agreement_files  # noqa: PLC0415

    held = load_agreements(agreements or agreement_files()[0].parent)
    figures = bench_policy(held, rounds, lambda line: click.echo(line, err=True))
    if as_json:
        click.echo(json.dumps(figures, indent=2))
        return
    machine = figures["machine"]
    click.echo(f"{machine['cpus']} cores, Python {machine['python']}, wasmtime {machine['wasmtime']}")
    click.echo(
        f"{figures['questions']} questions under {figures['agreements']} agreements, {rounds} rounds, one caller"
    )
    table(("way", "p50 µs", "p99 µs", "÷ bare OPA", "aim"), [_way(*item) for item in figures["ways"].items()])
    if not any("ratio" in each for each in figures["ways"].values()):
        click.echo("no ratios: OPA is not here, `make tools` gets it")


def _way(name: str, figure: dict[str, Any]) -> tuple[Any, ...]:
    aim = f"≤ {figure['aim']}: {'met' if figure['met'] else 'MISSED'}" if "aim" in figure else ""
    return name, figure["p50_us"], figure["p99_us"], figure.get("ratio", ""), aim


def _row(callers: int, figure: dict[str, Any]) -> tuple[Any, ...]:
    ratio, rate = figure["throughput_ratio"], figure["per_second"]
    return (
        callers,
        ratio["median"],
        f"{ratio['min']}-{ratio['max']}",
        rate["echo"],
        rate["exchange"],
        f"{figure['added_p50_ms']} ms",
        f"{figure['p99_ms']['exchange']} ms",
    )
