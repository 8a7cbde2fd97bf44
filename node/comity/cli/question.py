"""The options by which an officer says who asks for what and why: the facts of a question, never who is searched."""

from collections.abc import Callable
from typing import Any

import click
from click.shell_completion import CompletionItem

from comity.cli.context import home_of
from comity.cli.output import json_option
from comity.errors import ComityError, Malformed, Violation

_SUBJECTS = ["suspect", "convicted", "victim", "witness", "missing", "unidentified-remains", "other"]
_AIMS = ["identify", "learn-more", "locate", "evidence", "preserve", "notice"]
_PROCEEDINGS = ["investigation", "prosecution", "trial", "execution", "administrative", "none"]


def _word(option: str, words: list[str], usual: str, text: str) -> Callable[[Any], Any]:
    return click.option(option, type=click.Choice(words), default=usual, show_default=True, help=text)


def _fact(path: str) -> list[str]:
    """Return the words that policy knows for a fact."""
    from comity.policy.library import vocabulary  # noqa: PLC0415  the vocabulary is a file: `comity --help` reads none

    rows = vocabulary()["input"]
    words: list[str] = next(row["of"] for row in rows if ".".join(row["path"]) == path)
    return words


def _of_agreements(field: str) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    """Return a completion from the words that this node's agreements use; nothing where there is no node."""

    def complete(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
        from comity.app import load_agreements  # noqa: PLC0415

        try:
            held = load_agreements(home_of(ctx).agreements)
        except ComityError:
            return []
        words = {word for agreement in held for term in agreement.document["terms"] for word in term[field]}
        return sorted(word for word in words if word.startswith(incomplete))

    return complete


def _offences(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the statutes and list categories that begin so, statutes with their titles."""
    from comity.policy import library, offences  # noqa: PLC0415

    known = [CompletionItem(each.code, help=each.title) for cc in offences.tables() for each in offences.statutes(cc)]
    known += [CompletionItem(word) for word in library.vocabulary()["list_offences"]]
    return [item for item in known if item.value.startswith(incomplete)]


def _options() -> list[Callable[[Any], Any]]:
    return [
        click.option(
            "--category",
            required=True,
            help="Data category, e.g. wanted-persons.",
            shell_complete=_of_agreements("categories"),
        ),
        click.option(
            "--purpose",
            required=True,
            help="Purpose code, e.g. criminal-investigation.",
            shell_complete=_of_agreements("purposes"),
        ),
        click.option("--case", "case", default="", help="Case reference."),
        _word("--proceeding", _PROCEEDINGS, "investigation", "Kind of proceeding."),
        click.option(
            "--offence",
            default="",
            help="List category (murder), ICCS code (0701), or own CC:statute.",
            shell_complete=_offences,
        ),
        click.option(
            "--penalty",
            type=click.IntRange(0, 1200),
            default=0,
            help="Maximum penalty in months; a statute has its own.",
        ),
        click.option(
            "--offence-kind", multiple=True, help="political, military, capital: what agreements may exclude."
        ),
        click.option("--attempt", is_flag=True, help="Attempt or complicity."),
        click.option("--transnational", is_flag=True, help="The offence touches more than one state."),
        click.option("--organised", is_flag=True, help="An organised criminal group is involved."),
        click.option("--convention", is_flag=True, help="An offence of the convention itself."),
        _word("--gravity", _fact("offence.gravity"), "ordinary", "How grave the case is."),
        _word("--bar", _fact("offence.bar"), "none", "What bars prosecution."),
        click.option("--nexus", default="", help="Why this person and this country: the link to the case."),
        click.option("--summary", default="", help="The facts in short; names nobody."),
        click.option("--language", default="", help="Language of nexus and summary, BCP 47, e.g. en."),
        _word("--subject", _SUBJECTS, "suspect", "What kind of person is searched."),
        _word("--age-band", ["adult", "minor", "unknown"], "adult", "Age of the person searched."),
        _word(
            "--national-of",
            _fact("subject.nationality"),
            "unknown",
            "Whose national the person is, seen from the country asked; --nationality goes before.",
        ),
        click.option("--vulnerable", is_flag=True, help="The person is known to be vulnerable."),
        _word("--scope", _fact("scope"), "individual", "One person, a named group, or many."),
        _word("--aim", _AIMS, "identify", "What you want to learn."),
        _word("--use", ["intelligence", "evidence"], "intelligence", "Whether the answer may become evidence."),
        _word("--channel", _fact("channel"), "spoc", "How the question goes."),
        _word("--assistance", _fact("assistance"), "police-information", "Type of assistance."),
        _word("--procedure", _fact("procedure"), "domestic", "Whether a special procedure is wished."),
        _word("--privilege", _fact("privilege.kind"), "none", "Immunity or privilege that covers what is asked."),
        click.option("--waived", is_flag=True, help="The privilege was waived."),
        click.option("--onward", is_flag=True, help="You mean to pass the answer on."),
        click.option("--automated", is_flag=True, help="A machine asks, or will decide on the answer."),
        _word("--necessity", _fact("necessity"), "ordinary", "strict: strictly necessary (sensitive data)."),
        click.option("--confidential", is_flag=True, help="The question itself must stay secret."),
        click.option("--field", "fields", multiple=True, metavar="NAME", help="Ask for this field only; repeatable."),
        click.option(
            "--most", type=click.IntRange(0, 1000), default=0, help="Most matches wanted; 0: the term's limit."
        ),
        click.option("--keep-days", type=click.IntRange(0, 36_500), default=0, help="Days you need it; 0: the term's."),
        click.option("--urgent", metavar="REASON", default="", help="Makes the question urgent."),
        click.option("--authorisation", metavar="TYPE:REF", default="", help="An order, e.g. judge:12-3456."),
        click.option(
            "--assurance", multiple=True, metavar="KIND", help="Attach one that `comity assurance give` made."
        ),
        click.option("--to", default="all", show_default=True, help="Countries, e.g. FI,SE; or all."),
        click.option("--deadline", type=click.IntRange(50, 120_000), help="Milliseconds each peer has."),
        click.option("--as", "staff", metavar="NAME", help="Staff member who asks."),
        json_option,
    ]


def question_options(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command every option of a question but the subject's."""
    for option in reversed(_options()):
        function = option(function)
    return function


def circumstances(given: dict[str, Any], country: str) -> Any:
    """Return the `Circumstances` of the options of an officer of `country`; the node itself says who asks."""
    from comity.exchange.model import (  # noqa: PLC0415  cryptography: only a question needs it
        Ask,
        Authorisation,
        Case,
        Circumstances,
        Offence,
        Official,
        Privilege,
        Subject,
    )
    from comity.policy.offences import stated  # noqa: PLC0415

    named = stated(given["offence"], country, penalty=given["penalty"], kinds=given["offence_kind"])
    kind, _, reference = given["authorisation"].partition(":")
    return Circumstances(
        official=Official("", "", ""),
        purpose=given["purpose"],
        intended_use=given["use"],
        aim=given["aim"],
        subject=Subject(given["subject"], given["age_band"], given["national_of"], given["vulnerable"]),
        urgency="urgent" if given["urgent"] else "normal",
        urgency_reason=given["urgent"],
        case=Case(given["case"], given["proceeding"]),
        offence=Offence(
            code=named.code,
            iccs=named.iccs,
            list_category=named.list_category,
            max_penalty_months=named.max_penalty_months,
            attempt=given["attempt"],
            kinds=named.kinds,
            transnational=given["transnational"],
            organised=given["organised"],
            convention=given["convention"],
            gravity=given["gravity"],
            bar=given["bar"],
        ),
        authorisation=Authorisation(kind, reference),
        confidentiality="do-not-disclose" if given["confidential"] else "",
        language=given["language"],
        assurances=given["assurance"],
        nexus=given["nexus"],
        channel=given["channel"],
        assistance=given["assistance"],
        scope=given["scope"],
        summary=given["summary"],
        privilege=Privilege(given["privilege"], given["waived"]),
        onward=given["onward"],
        automated=given["automated"],
        necessity=given["necessity"],
        ask=Ask(given["fields"], given["most"], given["keep_days"]),
        procedure=given["procedure"],
    )


def countries(text: str) -> tuple[str, ...]:
    """Return the countries of `--to`, none for all; raises `Malformed` where it names none."""
    if text.lower() == "all":
        return ()
    named = tuple(word.strip().upper() for word in text.split(",") if word.strip())
    if not named:
        problem = "names no country: give some, e.g. FI,SE, or all"
        raise Malformed(f"--to {problem}", violations=(Violation("to", problem),))
    return named
