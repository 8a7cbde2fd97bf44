"""`comity agreement new`: an agreement from a template, asked step by step or answered by options and a file."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from comity.cli.output import json_option, show
from comity.errors import Conflict, Malformed

_TEMPLATES = ("police", "prum", "judicial", "assets")


@click.command("new")
@click.option("--from", "template", type=click.Choice(_TEMPLATES), help="What to start from; asked for on a terminal.")
@click.option("--answers", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Answers as YAML.")
@click.option("--set", "given", multiple=True, metavar="KEY=VALUE", help="One answer; lists with commas. Repeatable.")
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The new file.")
@json_option
def new(template: str | None, answers: Path | None, given: tuple[str, ...], output: Path, as_json: bool) -> None:
    r"""Make an agreement: step by step, with the strict choice as default, or by --set and --answers.

    \b
    Templates: police    police information, searches first, core data after confirmation
               prum      hit or no hit, then core data in 48 hours
               judicial  judicial assistance through central authorities, with orders
               assets    tracing and recovery of assets

    Must be answered: parties, agreement, instrument.name, instrument.signed, instrument.in_force, instrument.until,
    authorities.CC and languages.CC of each party. All else has a default; keys are those of the schema, e.g.
    terms.wanted-persons.subjects.minors=review or terms.registers.keep=no. Answers in YAML have the same keys, nested.
    Without a terminal nothing is asked: what is missing is named.

    The file says above each part what it means, with its article; for each permission it holds a case that must be
    answered and one that must be refused, checked by the policy engine. Then: `comity agreement text`, `lint`.

    With --json: {file, agreement, revision, digest, template, terms: [id], scenarios: count, warnings: count}.
    """
    from comity.policy.drafting import check_known, document  # noqa: PLC0415  slow to import
    from comity.policy.templates import template_named  # noqa: PLC0415

    if output.exists():
        raise Conflict(f"{output} is there already: choose another name, or remove it")
    said = _answers(answers, given)
    chosen = template or said.pop("template", None) or _asked_template()
    base = template_named(chosen)
    settled = _settled(base, said)
    check_known(base, said, set(settled))
    result = _made(document(base, settled), f"Made by `comity agreement new --from {chosen}`: {base['about']}.")
    output.write_bytes(result.pop("content"))
    result = {"file": str(output), "template": chosen, **result}
    show(result, as_json, lambda: click.echo(_summary(result)))


def _settled(base: Mapping[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    """Return every answer: those given, those asked for on a terminal, else the defaults; names all that is missing."""
    from comity.policy.drafting import questions, read  # noqa: PLC0415

    settled: dict[str, Any] = {}
    missing: list[str] = []
    asking = _interactive()
    for question in questions(base, settled, said):
        if missing and question.key.startswith("terms."):
            break  # from here on everything has a default
        if question.key in said:
            settled[question.key] = read(question, said[question.key])
        elif asking:
            settled[question.key] = _asked(question)
        elif question.default is None:
            missing.append(question.key)
            settled[question.key] = [] if question.key == "parties" else ""
        else:
            settled[question.key] = question.default
    if missing:
        named = ", ".join(missing)
        raise Malformed(f"not answered: {named}; give each by --set KEY=VALUE or --answers FILE, or use a terminal")
    settled["title"] = settled["title"].replace("{parties}", _names(settled["parties"]))
    return settled


def _names(parties: list[str]) -> str:
    from comity.policy.speech import SOURCE, speech  # noqa: PLC0415

    names = [speech(SOURCE).country(party) for party in parties]
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _made(document: dict[str, Any], about: str) -> dict[str, Any]:
    """Return the checked file with its scenarios, and what to tell of it; raises `Malformed` where parts do not fit."""
    import json  # noqa: PLC0415

    from comity.app import policy_in_force  # noqa: PLC0415
    from comity.policy.advice import advice  # noqa: PLC0415
    from comity.policy.agreement import load_agreement  # noqa: PLC0415
    from comity.policy.golden import golden_cases  # noqa: PLC0415
    from comity.policy.scenarios import run_scenarios  # noqa: PLC0415
    from comity.policy.writing import write_agreement  # noqa: PLC0415
    from comity.settings import PolicySettings  # noqa: PLC0415

    bare = {**document, "scenarios": [{"name": "to be made", "input": {}, "expect": {"outcome": "refused"}}]}
    draft = load_agreement(json.dumps(bare).encode(), "answers")
    with policy_in_force([draft], PolicySettings()) as policy:
        cases = golden_cases(draft, policy.engine)
    draft = load_agreement(json.dumps({**document, "scenarios": cases}).encode(), "answers")
    content = write_agreement(draft, about)
    made = load_agreement(content, "the new file")
    if made.digest != draft.digest:
        raise RuntimeError("the written file says something else than the answers")
    with policy_in_force([made], PolicySettings()) as policy:
        failed = [each.name for each in run_scenarios([made], policy.engine) if not each.passed]
    if failed:
        raise RuntimeError(f"scenarios that the engine does not confirm: {', '.join(failed)}")
    return {
        "content": content,
        "agreement": made.id,
        "revision": made.revision,
        "digest": made.digest,
        "terms": [term["id"] for term in made.document["terms"]],
        "scenarios": len(cases),
        "warnings": len(advice(content, "the new file")),
    }


def _summary(result: Mapping[str, Any]) -> str:
    file, terms = result["file"], ", ".join(result["terms"])
    return (
        f"{file}: {result['agreement']} with {terms}; {result['scenarios']} cases, all confirmed by the engine\n"
        f"next: comity agreement text {file}\n"
        f"      comity agreement lint {file}    ({result['warnings']} things to look at again)"
    )


def _answers(file: Path | None, given: tuple[str, ...]) -> dict[str, Any]:
    from comity.policy.drafting import flattened  # noqa: PLC0415
    from comity.policy.yamltree import parse  # noqa: PLC0415

    said: dict[str, Any] = {}
    if file is not None:
        found = parse(file.read_bytes(), str(file)).plain()
        if not isinstance(found, dict):
            raise Malformed(f"{file}: answers are a mapping of keys, see `comity agreement new --help`")
        said = flattened(found)
    for each in given:
        key, equals, value = each.partition("=")
        if not equals:
            raise Malformed(f"--set {each}: write KEY=VALUE")
        said[key] = value
    return said


def _interactive() -> bool:
    return sys.stdin.isatty()


def _asked_template() -> str:
    if not _interactive():
        raise Malformed(f"no template: give --from {'|'.join(_TEMPLATES)}")
    return str(click.prompt("What to start from", type=click.Choice(_TEMPLATES), default=_TEMPLATES[0], err=True))


def _asked(question: Any) -> Any:
    """Ask on the terminal until the answer fits; Enter takes the default."""
    from comity.policy.drafting import read  # noqa: PLC0415

    click.echo(f"\n{question.prompt}", err=True)
    for line in question.help.splitlines():
        click.echo(f"    {line}", err=True)
    for code, name in (question.choices or {}).items():
        click.echo(f"    {code:32} {name}", err=True)
    while True:
        answer = click.prompt(question.key, default=_shown(question.default), err=True)
        if answer == _shown(question.default) and question.default is not None:
            return question.default
        try:
            return read(question, answer)
        except Malformed as problem:
            click.echo(f"  {problem}", err=True)


def _shown(default: Any) -> str | None:
    """Return a default as a person would type it."""
    if isinstance(default, bool):
        return "yes" if default else "no"
    if isinstance(default, list):
        rows = [f"{each['when']}={each['role']}" if isinstance(each, dict) else str(each) for each in default]
        return ", ".join(rows)
    if isinstance(default, dict):
        return ", ".join(f"{key}={value}" for key, value in default.items())
    return None if default is None else str(default)
