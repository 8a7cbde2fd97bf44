"""How pre-flight is shown: per country, what would come and by which article."""

from typing import Any

import click

from comity.cli.output import DONE, REFUSED, plain, show
from comity.wire.desk_client import foreseen_document

NOTE = "by the agreements alone: national law of a peer may refuse more, and its own record of the quota counts"


def show_foreseen(found: list[Any], as_json: bool) -> int:
    """Print what each country would answer; return the exit code."""
    peers = [foreseen_document(each) for each in found]
    document = {"foreseen": len(peers), "peers": peers, "note": NOTE}
    show(document, as_json, lambda: _print(peers))
    return REFUSED if all(peer["outcome"] == "refused" for peer in peers) else DONE


def _print(peers: list[dict[str, Any]]) -> None:
    for peer in peers:
        for line in _lines(peer):
            click.echo(plain(line))
    click.echo(NOTE, err=True)


def _lines(peer: dict[str, Any]) -> list[str]:
    basis = peer.get("basis")
    where = f"   [{basis['agreement']}, {basis['article']}]" if basis else ""
    quota = f"   {peer['quota']['left']} of {peer['quota']['per_day']} left today" if "quota" in peer else ""
    if peer["outcome"] == "refused":
        who = "our own policy would not ask" if peer["decided_by"] == "home" else "would be refused"
        lines = [f"✗ {peer['country']}  {who}{where}{quota}"]
        for reason in peer["reasons"]:
            lines.append(f"     {reason['code']} — {reason['article']}: {reason['message']}")
            lines.append(f"        remedy: {reason['remedy']}")
        return lines
    mark, how = ("✓", "would answer") if peer["outcome"] == "permitted" else ("…", "would wait for a person")
    lines = [f"{mark} {peer['country']}  {how}, at most {peer['disclosure']}{where}{quota}"]
    if peer["fields"]:
        lines.append(f"     fields: {', '.join(peer['fields'])}; kept {peer['retention']}")
    if peer["withheld"]:
        lines.append(f"     not released under this term: {', '.join(peer['withheld'])}")
    if "review" in peer:
        lines.append(f"     a {peer['review']['role']} there decides, within {peer['review']['deadline']}")
    return lines
