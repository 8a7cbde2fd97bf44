"""Where agreements stand, as documents for programs and as lines for people."""

from datetime import UTC, datetime, timedelta
from typing import Any

import click

from comity.cli.output import table
from comity.errors import NotFound
from comity.policy.agreement import Agreement
from comity.policy.lifecycle import Event, Standing, State, TextStanding
from comity.policy.store import AgreementBook

_SURVIVAL = (
    "data given under it before stay bound by the purpose, retention, duties and onward-transfer rule of the text "
    "under which they were given"
)


def life_document(standing: Standing, agreement: Agreement, events: list[Event], at: int) -> dict[str, Any]:
    """Return where an agreement and one of its texts stand at a moment, for `--json`."""
    held = standing.text(agreement.digest)
    document: dict[str, Any] = {
        "state": _state(standing, held, at),
        "suspended_by": sorted(standing.suspended_by(at)),
        "ended_by": {country: _iso(since) for country, since in sorted(standing.ended.items())},
        "signed_by": sorted(held.signed_by),
        "texts": texts_document(standing, at)["texts"],
        "events": [
            {
                "time": _iso(event.recorded_at),
                "effective": _iso(event.effective_at),
                "step": event.step.value,
                "revision": event.revision,
                "digest": event.digest,
                "country": event.country,
                "official": event.official,
                "role": event.role,
                "note": event.note,
            }
            for event in events
        ],
    }
    if standing.ended:
        document["survival"] = _SURVIVAL
        document["survival_terms"] = [
            {"term": term["id"], "retention": term.get("retention", ""), "obligations": term.get("obligations", [])}
            for term in agreement.document["terms"]
        ]
    return document


def chosen(standing: Standing, at: int, digest: str, *, asked: bool) -> TextStanding:
    """Return the text that is meant; raises `NotFound`."""
    if digest:
        found = [held for held in standing.texts.values() if held.text.digest.startswith(digest)]
        return found[0] if len(found) == 1 else standing.text(digest)
    held = standing.in_force(at)
    if asked and held is None:
        raise NotFound(f"{standing.agreement}: no text of it was in force then: `comity agreement show` lists all")
    waiting = [text for text in standing.texts.values() if text.state is not State.DISCARDED]
    newest = max(waiting, key=lambda text: text.text.revision, default=None)
    found_one = held or standing.newest or newest
    if found_one is None:
        raise NotFound(f"{standing.agreement}: there is no such agreement here: `comity agreement list`")
    return found_one


def _state(standing: Standing, held: TextStanding, at: int) -> str:
    """Return where a text stands, as people say it."""
    if not held.agreed:
        return held.state.value
    left = set(held.text.parties) - standing.left_by(at)
    if standing.home not in left or len(left) < 2:
        return "ended"
    current = standing.in_force(at)
    if current is None or current.text.digest != held.text.digest:
        if held.begins > at:
            return "agreed"
        return "expired" if current is None else "superseded"
    return "suspended" if standing.suspended_by(at) else "in-force"


def summary(book: AgreementBook, standing: Standing, at: int) -> dict[str, Any]:
    """Return one agreement's line for `list`."""
    waiting = [text for text in standing.texts.values() if text.state is not State.DISCARDED] or [
        *standing.texts.values()
    ]
    held = standing.in_force(at) or standing.newest or max(waiting, key=lambda text: text.text.revision)
    document = file_summary(book.agreement(held.text.digest))
    pending = [
        {"revision": text.text.revision, "digest": text.text.digest, "state": text.state.value}
        for text in waiting
        if text.text.revision > held.text.revision
    ]
    return {
        **document,
        "state": _state(standing, held, at),
        "suspended_by": sorted(standing.suspended_by(at)),
        "ended_by": sorted(standing.left_by(at)),
        "pending": pending,
    }


def file_summary(held: Agreement) -> dict[str, Any]:
    """Return the line of a text that only lies in the home."""
    instrument = held.document["instrument"]
    return {
        "agreement": held.id,
        "revision": held.revision,
        "parties": list(held.parties),
        "in_force": str(instrument["in_force"]),
        "until": str(instrument.get("until", "")),
        "terms": len(held.document["terms"]),
        "digest": held.digest,
        "state": "file",
        "suspended_by": [],
        "ended_by": [],
        "pending": [],
    }


def said(found: dict[str, Any]) -> str:
    """Return an agreement's state for a table."""
    by = f" by {', '.join(found['suspended_by'])}" if found["suspended_by"] else ""
    more = "".join(f"; revision {text['revision']} {text['state']}" for text in found["pending"])
    return f"{found['state']}{by}{more}"


def render(agreement: Agreement, life: dict[str, Any]) -> None:
    """Print a text and its life for people."""
    click.echo(f"{agreement.id} revision {agreement.revision}, {life['state']}: {agreement.document['title']}")
    click.echo(f"parties {', '.join(agreement.parties)}; digest {agreement.digest}")
    if life.get("suspended_by"):
        click.echo(f"suspended by {', '.join(life['suspended_by'])}")
    for country, since in life.get("ended_by", {}).items():
        click.echo(f"ended by {country} from {since[:10]}: {life['survival']}")
    columns = ("term", "article", "providers", "categories", "disclosure", "fields")
    table(columns, [_term(term) for term in agreement.document["terms"]])
    if life.get("texts"):
        click.echo()
        rows = [(t["revision"], t["state"], ", ".join(t["signed_by"]), t["digest"][:16]) for t in life["texts"]]
        table(("revision", "state", "signed by", "digest"), rows)
        click.echo()
        steps = [(e["time"][:19], e["step"], e["country"], e["revision"], e["role"], e["note"]) for e in life["events"]]
        table(("time", "step", "by", "revision", "role", "note"), steps)


def texts_document(standing: Standing, at: int) -> dict[str, Any]:
    """Return the texts of an agreement and which is in force at a moment."""
    texts = [
        {
            "revision": held.text.revision,
            "digest": held.text.digest,
            "state": _state(standing, held, at),
            "signed_by": sorted(held.signed_by),
        }
        for held in sorted(standing.texts.values(), key=lambda held: held.text.revision)
    ]
    current = standing.in_force(at)
    return {
        "in_force": current.text.digest if current else "",
        "texts": texts,
        "suspended_by": sorted(standing.suspended_by(at)),
        "ended_by": sorted(standing.left_by(at)),
    }


def _term(term: dict[str, Any]) -> tuple[str, ...]:
    return (
        term["id"],
        term["article"],
        ", ".join(term["providers"]),
        ", ".join(term["categories"]),
        ", ".join(f"{action}: {level}" for action, level in term["disclosure"].items()),
        ", ".join(term.get("fields", [])),
    )


def _iso(milliseconds: int) -> str:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    return moment.isoformat(timespec="milliseconds")
