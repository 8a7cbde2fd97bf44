"""`comity policy explain`: why, rule by rule, down to the article."""

import uuid
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from comity.cli.context import opened
from comity.cli.held import agreements_option, held
from comity.cli.output import json_option, lang_option, plain, show
from comity.errors import NotFound, Tampered
from comity.policy.document import decode


@click.command("explain")
@click.argument("what", metavar="EXCHANGE|FILE")
@click.option("--peer", metavar="CC", help="Of an exchange with several countries: this one only.")
@agreements_option
@lang_option
@json_option
@click.pass_context
def explain(ctx: click.Context, what: str, peer: str | None, agreements: Path | None, lang: str, as_json: bool) -> None:
    """Explain each decision of an exchange, or of an input document in FILE: every rule, every ground, its article.

    The recorded policy input is decided again, with a trace, by the very policy that decided then; where that was
    another version of the library, by this one over the texts of then, and it is said where the answer differs.
    `--lang` gives grounds and remedies in another language.
    """
    if _is_exchange(what):
        document = _of_exchange(ctx, what, peer)
    else:
        texts, law = held(ctx, agreements)
        with ExitStack() as stack:
            document = [_explained(_engine(stack, texts, law), _read(Path(what)))]

    document = [_in_language(each, lang) for each in document]

    def render() -> None:
        for each in document:
            _render(each)

    show(document, as_json, render)


def _of_exchange(ctx: click.Context, exchange_id: str, peer: str | None) -> list[dict[str, Any]]:
    from comity.exchange.decisions import decisions_of  # noqa: PLC0415

    with opened(ctx) as node, ExitStack() as stack:
        with node.store.read() as tx:
            found = [row for row in decisions_of(tx, exchange_id) if peer in (None, row.past.peer)]
        if not found:
            raise NotFound(f"no decision of exchange {exchange_id} is recorded here: `comity exchange list` shows all")
        explained = []
        for row in found:
            at = datetime.fromtimestamp(row.decided_at / 1000, UTC)
            again = _explained(_engine_of(stack, node, row.policy_digest, at), row.past.document)
            recorded = {"outcome": row.past.outcome, "disclosure": row.past.disclosure, "codes": list(row.past.codes)}
            again["exchange"] = exchange_id
            again["decided_at"] = at.isoformat()
            again["recorded"] = {**recorded, "policy_digest": row.policy_digest}
            again["same"] = recorded == {key: again["decision"][key] for key in recorded}
            explained.append(again)
        return explained


def _engine_of(stack: ExitStack, node: Any, digest: str, at: datetime) -> Any:
    """Return an engine over the very set that decided; of another library's set, over the texts of that moment."""
    from comity.enactment import parts_in_force  # noqa: PLC0415

    activations = node.activations()
    activation = activations.of_digest(digest)
    if activation is not None:
        try:
            return _started(stack, activations.opened(activation).policy)
        except Tampered as other:
            if other.detail.get("code") != "library":
                raise
    return _engine(stack, node.agreements_at(at), parts_in_force(node).national)


def _engine(stack: ExitStack, texts: Any, law: Any) -> Any:
    from comity.policy.bundle import build  # noqa: PLC0415

    return _started(stack, build(texts, national=law))


def _started(stack: ExitStack, policy_set: Any) -> Any:
    from comity.policy.embedded import EmbeddedEngine  # noqa: PLC0415

    engine = EmbeddedEngine(policy_set, machines=1)
    stack.callback(engine.close)
    return engine


def _explained(engine: Any, question: Mapping[str, Any]) -> dict[str, Any]:
    decision = engine.decide(question)
    trace = engine.trace(question)
    basis = asdict(decision.basis) if decision.basis else None
    return {
        "question": question,
        "decision": {
            "outcome": decision.outcome,
            "disclosure": decision.disclosure,
            "codes": sorted(set(decision.codes)),
            "reasons": [asdict(reason) for reason in decision.reasons],
            "basis": basis,
            "human": asdict(decision.human) if decision.human else None,
            "fault": decision.fault,
        },
        "nearest": trace["nearest"],
        "rules": trace["rules"],
        "candidates": sorted(trace["candidates"], key=lambda each: (each["key"] != trace["nearest"], each["key"])),
    }


def _in_language(each: dict[str, Any], language: str) -> dict[str, Any]:
    """Return an explanation with its grounds in a language; raises `Malformed` where there is no catalogue for it."""
    from comity.policy.reasons import translate_reason  # noqa: PLC0415

    reasons = [translate_reason(reason, language) for reason in each["decision"]["reasons"]]
    candidates = [
        {**candidate, "grounds": [translate_reason(ground, language) for ground in candidate["grounds"]]}
        for candidate in each["candidates"]
    ]
    return {**each, "decision": {**each["decision"], "reasons": reasons}, "candidates": candidates}


def _render(each: dict[str, Any]) -> None:
    asked, decision = each["question"], each["decision"]
    role, authority, country = (_told(asked, "requester", part) for part in ("role", "authority", "country"))
    if "exchange" in each:
        click.echo(
            f"exchange {each['exchange']}, {asked['direction']}, {asked['peer']['country']}, {each['decided_at']}"
        )
    click.echo(
        f"{role} of {authority} ({country}) asks {_told(asked, 'action')} in {_told(asked, 'category')} "
        f"for {_told(asked, 'purpose')}: {decision['outcome']}, disclosure {decision['disclosure']}"
    )
    if not each.get("same", True):
        said = each["recorded"]
        click.echo(
            f"  recorded then: {said['outcome']}, {', '.join(said['codes']) or said['disclosure']}; changed since"
        )
    if not each["candidates"]:
        for reason in decision["reasons"]:
            click.echo(f"  {reason['code']}, {reason['article']}: {reason['message']}; {reason['remedy']}")
    for candidate in each["candidates"]:
        _render_candidate(candidate, each)


def _told(question: Any, *path: str) -> str:
    """Return a word of a question as it was handed in, `?` where it says none."""
    for key in path:
        question = question.get(key) if isinstance(question, Mapping) else None
    return plain(question) if isinstance(question, str) else "?"


def _render_candidate(candidate: dict[str, Any], each: dict[str, Any]) -> None:
    basis = candidate["basis"]
    mark = "the decision stands on" if candidate["key"] == each["nearest"] else "considered"
    click.echo(f"  {mark} {basis['agreement']} revision {basis['revision']}, {basis['article']} ({basis['term']})")
    against = {ground["rule"] for ground in candidate["grounds"]}
    for ground in candidate["grounds"]:
        click.echo(f"    {ground['rule']}: {ground['code']}, {ground['article']}: {ground['message']}")
        click.echo(f"      remedy: {ground['remedy']}")
    holds = [rule for rule in each["rules"] if rule not in against]
    click.echo(f"    holds: {', '.join(holds)}")
    if candidate["human"]:
        click.echo(f"    a person decides: {', '.join(candidate['human'])}")


def _is_exchange(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def _read(file: Path) -> dict[str, Any]:
    if not file.is_file():
        raise NotFound(f"{file}: neither an exchange id nor a file: `comity exchange list` shows the exchanges")
    return decode(file.read_bytes())
