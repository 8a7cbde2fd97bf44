"""`comity policy impact`: what a draft would have done to the exchanges of the past."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from comity.cli.context import opened
from comity.cli.output import json_option, progress, show, table
from comity.errors import Malformed, Violation

_SINCE = re.compile(r"^([1-9][0-9]{0,4})([hdw])\Z")
_HOURS = {"h": 1, "d": 24, "w": 168}


@click.command("impact")
@click.argument("draft", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--since", default="90d", show_default=True, help="How far back: 12h, 90d, 26w.")
@click.option("--peer", metavar="CC", help="Exchanges with this country only.")
@click.option(
    "--against",
    type=click.Choice(["recorded", "current"]),
    default="recorded",
    show_default=True,
    help="Compare with what was decided then, or with what the texts in force now would decide.",
)
@json_option
@click.pass_context
def impact(ctx: click.Context, draft: Path, since: str, peer: str | None, against: str, as_json: bool) -> None:
    """Replay this node's past decisions under the agreement file DRAFT; show which flip, why, by peer and term.

    Only the recorded policy inputs are read, no data of any subject. The draft is taken as in force at any time; the
    other agreements and the national modules are those in force now.
    """
    from comity.exchange.decisions import count_decisions, decisions_since  # noqa: PLC0415
    from comity.policy.agreement import load_agreement  # noqa: PLC0415
    from comity.policy.bundle import build  # noqa: PLC0415
    from comity.policy.impact import boundaries, recast, with_draft  # noqa: PLC0415
    from comity.policy.impact import impact as replayed  # noqa: PLC0415
    from comity.policy.replay import decide_all  # noqa: PLC0415

    text = load_agreement(draft.read_bytes(), str(draft))
    with opened(ctx) as node:
        start = node.clock() - _span(since)
        held, law = node.agreements(), node.national()
        with node.store.read() as tx:
            total = count_decisions(tx, start)
            pasts = [row.past for row in decisions_since(tx, start) if peer in (None, row.past.peer)]
    if against == "current":
        now = build(held, national=law)
        with progress("decided now", total) as advance:
            moments = () if law else boundaries(held)
            pasts = recast(pasts, lambda questions: decide_all(now, questions, advance), moments)
    with_it = with_draft(held, text)
    drafted, moments = build(with_it, national=law), () if law else boundaries(with_it)
    with progress("decided under the draft", total) as advance:
        found = replayed(pasts, lambda questions: decide_all(drafted, questions, advance), moments)
    flips = [_flip(flip, count) for flip, count in sorted(found.flips.items(), key=lambda each: (-each[1], each[0]))]
    document = {
        "draft": text.id,
        "revision": text.revision,
        "digest": text.digest,
        "since": start.isoformat(),
        "against": against,
        "decisions": found.decisions,
        "distinct": found.distinct,
        "flipped": found.flipped,
        "flips": flips,
    }

    def render() -> None:
        click.echo(
            f"{found.decisions} decision(s) since {start:%Y-%m-%d}, {found.distinct} different question(s): "
            f"{found.flipped} would be decided otherwise under {text.id} revision {text.revision}"
        )
        table(("times", "effect", "peer", "question", "before", "after", "why"), [_row(each) for each in flips], "")

    show(document, as_json, render)


def _span(text: str) -> timedelta:
    match = _SINCE.match(text)
    if match is None:
        problem = "is not a number of hours, days or weeks, e.g. 90d"
        raise Malformed(f"--since {problem}", violations=(Violation("since", problem),))
    return timedelta(hours=int(match[1]) * _HOURS[match[2]])


def _flip(flip: Any, count: int) -> dict[str, Any]:
    keys = ("outcome", "disclosure", "term", "codes")
    return {
        "count": count,
        "effect": flip.effect,
        "direction": flip.direction,
        "peer": flip.peer,
        "action": flip.action,
        "category": flip.category,
        "before": dict(zip(keys, flip.before, strict=True)),
        "after": dict(zip(keys, flip.after, strict=True)),
        "articles": list(flip.articles),
    }


def _row(each: dict[str, Any]) -> tuple[Any, ...]:
    question = f"{each['direction']} {each['action']} {each['category']}"
    why = ", ".join([*each["after"]["codes"], *(article for article in each["articles"] if article)])
    return each["count"], each["effect"], each["peer"], question, _said(each["before"]), _said(each["after"]), why


def _said(answer: dict[str, Any]) -> str:
    if answer["outcome"] == "refused":
        return f"refused ({', '.join(answer['codes'])})"
    return f"{answer['outcome']} {answer['disclosure']} under {answer['term']}"
