"""`comity policy mirror`: where two countries read their agreement differently."""

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from comity.cli.context import opened
from comity.cli.output import FAILED, UNANSWERED, json_option, plain, progress, show, table
from comity.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_SHOWN = 40


@click.command("mirror")
@click.argument("peer", metavar="CC")
@click.option("--agreement", "only", metavar="ID", help="This agreement only; default all in force with the peer.")
@json_option
@click.pass_context
def mirror(ctx: click.Context, peer: str, only: str | None, as_json: bool) -> None:
    """Decide the same questions here and at the peer; show where the readings differ.

    The questions are the scenarios of the text and each term's own questions with every fact changed in turn. Each
    country reads questions to itself as it would answer, national law included, and the others as the text alone
    says. Exit code 1 if the readings differ, 4 if the peer does not answer.
    """
    from comity.exchange.ports import Undelivered  # noqa: PLC0415  gRPC: only who calls a peer needs it

    with opened(ctx) as node, _office(node) as office:
        other = node.peers.get(peer.upper())
        pair = {node.country, other.country}
        held = [each for each in node.agreements() if pair <= set(each.parties) and only in (None, each.id)]
        if not held:
            raise NotFound(f"no agreement {only or ''} with {other.country} is in force here: `comity agreement list`")
        try:
            document = [_compared(node, office, other, each) for each in held]
        except Undelivered as problem:
            said = f"{other.country}: {problem}"
            show({"error": {"reason": problem.reason, "message": said}}, as_json, lambda: None)
            click.echo(f"comity: {plain(said)}", err=True)
            ctx.exit(UNANSWERED)

    def render() -> None:
        for each in document:
            found = each["differences"]
            click.echo(
                f"{each['agreement']} revision {each['revision']}: {each['questions']} questions, "
                f"{len(found)} read differently"
            )
            if found:
                table(("question", "answers", "facts", "here", "there"), [_row(row) for row in found[:_MOST_SHOWN]])
            if len(found) > _MOST_SHOWN:
                click.echo(f"… and {len(found) - _MOST_SHOWN} more: --json lists all")

    show(document, as_json, render)
    if any(each["differences"] for each in document):
        ctx.exit(FAILED)


@contextmanager
def _office(node: Any) -> "Iterator[Any]":
    from comity.app import office_of  # noqa: PLC0415
    from comity.cli.agreement_life import undecided  # noqa: PLC0415
    from comity.wire.courier import GrpcCourier  # noqa: PLC0415

    courier = GrpcCourier(node.identity)
    node.peers.refresh()
    try:
        yield office_of(node, node.own(undecided), courier)
    finally:
        courier.close()


def _compared(node: Any, office: Any, other: Any, agreement: Any) -> dict[str, Any]:
    from comity.casework.agreement_messages import Comparison  # noqa: PLC0415
    from comity.casework.mirror import MAX_QUESTIONS, differences, encoded, read, shared_questions  # noqa: PLC0415
    from comity.policy.witness import unusual  # noqa: PLC0415

    questions = shared_questions(agreement, (node.country, other.country))
    theirs: list[Any] = []
    with progress(f"{agreement.id} at {other.country}", len(questions)) as advance:
        for start in range(0, len(questions), MAX_QUESTIONS):
            some = questions[start : start + MAX_QUESTIONS]
            theirs += office.outbox.compare(other, Comparison(agreement.id, agreement.digest, encoded(some)))
            advance(len(some))
    with office.readers(agreement) as engines:
        ours = read(node.country, engines, [each.document for each in questions])
    return {
        "agreement": agreement.id,
        "revision": agreement.revision,
        "peer": other.country,
        "questions": len(questions),
        "differences": [
            {
                "question": each.question.name,
                "provider": each.question.provider,
                "facts": unusual(each.question.document),
                "ours": dict(each.ours),
                "theirs": dict(each.theirs),
            }
            for each in differences(questions, ours, theirs)
        ],
    }


def _row(each: dict[str, Any]) -> tuple[str, ...]:
    hidden = {"self", "peer", "requester", "time", "basis", "assurances", "authorisation"}
    facts = ", ".join(f"{key}: {value}" for key, value in each["facts"].items() if key not in hidden)
    return each["question"], each["provider"], facts[:60], _said(each["ours"]), _said(each["theirs"])


def _said(parts: dict[str, Any]) -> str:
    shown = [parts[key] for key in ("outcome", "disclosure", "reasons", "articles", "human") if key in parts]
    texts = [", ".join(value) if isinstance(value, tuple) else str(value) for value in shown]
    return "; ".join(text for text in texts if text) or ", ".join(parts)
