"""`comity policy prove`: invariants proved over every question there can be, or broken by one."""

import json
import re
from pathlib import Path
from typing import Any

import click

from comity.cli.held import agreements_option, held
from comity.cli.output import FAILED, json_option, progress, show, table

_NO_NAME = re.compile(r"[^a-z0-9]+")


@click.command("prove")
@click.argument("rules", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--counterexample",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write each counterexample to this folder, as an input document for `comity policy simulate`.",
)
@agreements_option
@json_option
@click.pass_context
def prove(ctx: click.Context, rules: Path, folder: Path | None, agreements: Path | None, as_json: bool) -> None:
    """Prove the invariants in RULES (YAML) over every question there can be.

    An invariant is `never: {…}`, or `whenever: {…}` with `then: {…}`; each is a condition on facts of the question
    (`category`, `authorisation.type`, `offence.kinds: {contains: capital}`) and on the decision (`decision.outcome`,
    `decision.disclosure: {at-least: hit}`, `decision.fields`, `decision.obligations`, `decision.human`,
    `decision.agreement`, `decision.term`), with `provider`, `requester`, `any-of`, `all-of` and `not`.
    policy/PROVE.md says how to write one.

    Proved means: no well-formed input document, at any time, from any country, with any text in it, is decided
    against the invariant by this library, these agreements, the offence tables and this node's national modules.
    Not proved: that facts are true, that the node asks policy and obeys it, OPA's compiler and the engine itself,
    daily quotas, and what other agreements or a later revision would do. False means: the engine itself decides the
    document that is shown against the invariant.

    Exit code 0: all proved, 1: one is false or nothing could be proved, 2: RULES has a word that policy does not know.
    """
    from comity.policy.bundle import build  # noqa: PLC0415  solver and engine: only who proves needs them
    from comity.policy.embedded import EmbeddedEngine  # noqa: PLC0415
    from comity.policy.prove.invariants import load_invariants  # noqa: PLC0415
    from comity.policy.prove.verdicts import prove as prove_all  # noqa: PLC0415

    invariants = load_invariants(rules.read_bytes(), str(rules))
    found, law = held(ctx, agreements)
    policy = build(found, national=law)
    engine = EmbeddedEngine(policy, machines=1)
    try:
        with progress("proving", 1 + len(invariants)) as advance:
            verdicts = prove_all(policy, engine, invariants, advance)
    finally:
        engine.close()
    files = _write(folder, verdicts) if folder else {}
    document = {
        "policy": policy.digest,
        "invariants": [_document(verdict, files.get(verdict.invariant.name)) for verdict in verdicts],
    }
    show(document, as_json, lambda: _render(document["invariants"]))
    if not all(verdict.proved for verdict in verdicts):
        ctx.exit(FAILED)


def _document(verdict: Any, file: str | None) -> dict[str, Any]:
    from comity.policy.prove.words import decision_in_words, question_in_words, special_in_words  # noqa: PLC0415

    row = {
        "name": verdict.invariant.name,
        "article": verdict.invariant.article,
        "proved": verdict.proved,
        "classes": verdict.classes,
        "seconds": round(verdict.seconds, 2),
    }
    if verdict.counterexample is None:
        return row
    question, decision = verdict.counterexample.document, verdict.counterexample.decision
    words = {
        "question": question_in_words(question),
        "special": special_in_words(question),
        "decision": decision_in_words(decision),
    }
    return {**row, "counterexample": {**words, "file": file, "input": question, "decided": decision}}


def _render(rows: Any) -> None:
    cells = [
        ("proved" if row["proved"] else "FALSE", row["name"], row["article"], f"{row['seconds']:.1f} s") for row in rows
    ]
    table(("", "invariant", "article", "took"), cells)
    if rows and any(row["proved"] for row in rows):
        click.echo(f"proved: over {rows[0]['classes']:.1e} classes of questions, all that policy can tell apart")
    for row in rows:
        if not row["proved"]:
            shown = row["counterexample"]
            click.echo(f"\n{row['name']}: false")
            click.echo(f"  {shown['question']}")
            for line in shown["special"]:
                click.echo(f"    {line}")
            click.echo(f"  decided: {shown['decision']}")
            if shown["file"]:
                click.echo(f"  comity policy simulate {shown['file']}")


def _write(folder: Path, verdicts: Any) -> dict[str, str]:
    """Write the input document of each counterexample; return the files by name of the invariant."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    for number, verdict in enumerate(verdicts, 1):
        if not verdict.proved:
            name = _NO_NAME.sub("-", verdict.invariant.name.lower()).strip("-")[:60]
            file = folder / f"{number:02}-{name}.json"
            file.write_text(json.dumps(verdict.counterexample.document, indent=2, ensure_ascii=False) + "\n")
            files[verdict.invariant.name] = str(file)
    return files
