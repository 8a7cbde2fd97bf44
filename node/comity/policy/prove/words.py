"""A counterexample in words: who asks whom for what, and what makes the question special. Pure."""

from collections.abc import Mapping
from typing import Any

from comity.policy.prove.facts import facts, usual, value_of

_SAID = {"direction", "action", "time", "self.country", "peer.country", "category", "purpose", "requester.country"}
_SAID |= {"requester.authority", "requester.role", "undertakings"}


def question_in_words(document: Mapping[str, Any]) -> str:
    """Return one line: who asks whom, for what."""
    own, other = document["self"]["country"], document["peer"]["country"]
    asks, answers = (other, own) if document["direction"] == "inbound" else (own, other)
    who = f"{document['requester']['role'] or 'no role'}, {document['requester']['authority'] or 'no authority'}"
    side = "" if document["direction"] == "inbound" else ", on the asking side"
    what = f"{document['action'] or 'no action'} of {document['category'] or 'no category'}"
    return f"{asks} ({who}) asks {answers} for {what}, purpose {document['purpose'] or 'none'}{side}"


def special_in_words(document: Mapping[str, Any]) -> list[str]:
    """Return the facts that are not those of the usual question, as `fact: value`."""
    common = usual()
    common["requester"]["country"] = document["requester"]["country"]
    return [
        f"{name}: {_plain(value_of(document, name))}"
        for name in facts()
        if name not in _SAID and value_of(document, name) != value_of(common, name)
    ]


def decision_in_words(decision: Mapping[str, Any]) -> str:
    """Return one line: what was decided, under which text."""
    basis = decision["basis"]
    under = f", {basis['agreement']} {basis['article']}, term {basis['term']}" if basis else ""
    codes = ", ".join(reason["code"] for reason in decision["reasons"])
    human = f" by a {decision['human']['role']}" if decision["human"] else ""
    given = f": {codes}" if codes else f", disclosure {decision['disclosure']}"
    return f"{decision['outcome']}{human}{given}{under}"


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(_row, value)) or "none"
    return str(value) if value not in ("", None) else "none"


def _row(value: Any) -> str:
    if not isinstance(value, dict):
        return str(value)
    return f"{value['kind']} {value['status']} until {value['expires']}"
