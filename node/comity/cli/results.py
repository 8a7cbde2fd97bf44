"""How the results of a question are shown: per country, never merged; and the exit code they add up to."""

from collections.abc import Iterator
from typing import Any

import click

from comity.cli.output import DONE, REFUSED, UNANSWERED, UNVERIFIED, as_json_text, cleaned, plain
from comity.wire.desk_client import Asked, result_document

_ANSWERED = ("permitted", "review", "refused")
_MARKS = {"permitted": "✓", "review": "…", "refused": "✗", "unreachable": "!", "late": "!", "unverified": "!!"}


def show_results(steps: Iterator[Asked | Any], *, as_json: bool) -> int:
    """Print every result as it arrives (or one JSON document at the end); return the exit code."""
    exchange, countries, shown = "", set[str](), dict[str, dict[str, Any]]()
    for step in steps:
        if isinstance(step, Asked):
            exchange, countries = step.exchange_id, {*step.countries}
            if not as_json:
                click.echo(f"exchange {exchange}: asked {', '.join(step.countries)}")
            continue
        document = without_tricks(result_document(step))
        if not as_json and _changed(document, shown.get(document["country"])):
            print_result(document)
        shown[document["country"]] = document
    peers = list(shown.values())
    asked = len(countries | shown.keys())  # fetched later: those asked then, and those that had answered before
    answered = sum(peer["outcome"] in _ANSWERED and peer.get("decided_by") != "home" for peer in peers)
    if as_json:
        whole = {"exchange": exchange, "asked": asked, "answered": answered, "peers": peers}
        click.echo(as_json_text(whole))
    else:
        click.echo(f"{answered} of {asked} answered")
    return exit_code([peer["outcome"] for peer in peers])


def without_tricks(peer: dict[str, Any]) -> dict[str, Any]:
    """Return a peer's result with its prose cleaned; the values of records stay as they are held there."""
    hits = [{**cleaned(hit), "fields": hit["fields"]} for hit in peer.get("hits", [])]
    return {**cleaned(peer), **({"hits": hits} if "hits" in peer else {})}


def exit_code(outcomes: list[str]) -> int:
    """Return the exit code: what is worst, and 3 only where nobody permitted anything."""
    if "unverified" in outcomes:
        return UNVERIFIED
    if any(outcome not in _ANSWERED for outcome in outcomes):
        return UNANSWERED
    return REFUSED if outcomes and all(outcome == "refused" for outcome in outcomes) else DONE


def _changed(document: dict[str, Any], before: dict[str, Any] | None) -> bool:
    """Whether a country's result says something new: how long it took is no news."""
    return before is None or {**document, "took_ms": 0} != {**before, "took_ms": 0}


def print_result(peer: dict[str, Any]) -> None:
    """Print one country's result."""
    head = f"{_MARKS.get(peer['outcome'], '?')} {peer['country']}  {peer['outcome']}"
    if peer["outcome"] == "permitted":
        hits = peer["hits"]
        found = f"{peer.get('count') or len(hits)} match(es)" if hits else "no match"
        head += f" ({peer['disclosure']}): {found}"
    if peer.get("basis"):
        head += f"   [{peer['basis']['agreement']}, {peer['basis']['article']}]"
    _say(f"{head}   receipt {peer['receipt']}, {peer['took_ms']:.0f} ms")
    for hit in peer.get("hits", []):
        why = "; ".join(f"{feature['text']}" for feature in hit["explanation"])
        _say(f"     {hit['reference']}  score {hit['score']:.2f}  {why}")
        for name, values in hit["fields"].items():
            _say(f"        {name}: {', '.join(values)}")
    if peer.get("terms"):
        terms = peer["terms"]
        duties = ", ".join(terms["obligations"]) or "none"
        _say(f"     only for {terms['purpose']}; duties: {duties}; erase by {terms['erase_by'] or 'no date'}")
    if peer.get("withheld"):
        _say(f"     not released under this term: {', '.join(peer['withheld'])}")
    for reason in peer.get("reasons", []):
        by = "" if peer.get("decided_by") != "home" else " (our own policy; nothing was sent)"
        _say(f"     {reason['code']} — {reason['article']}: {reason['message']}{by}")
        _say(f"        remedy: {reason['remedy']}")
    _print_review(peer)
    if peer.get("error"):
        _say(f"     {peer['error']['reason']}: {peer['error']['message']}")


def _print_review(peer: dict[str, Any]) -> None:
    if peer.get("review"):
        many = f"{peer['review']['officers']} officers of the role " if peer["review"]["officers"] > 1 else "a "
        _say(f"     waits for {many}{peer['review']['role']} there, within {peer['review']['deadline']}")
        if peer["review"].get("asks"):
            _say(f"     who asks you for more: {peer['review']['asks']}")
    if peer.get("reviewed"):
        _say(f"     decided by a {peer['reviewed']['role']} there")


def _say(line: str) -> None:
    click.echo(plain(line))
