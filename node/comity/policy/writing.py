"""An agreement document as a file that people read: YAML with what each part means, and its article, above it. Pure."""

import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from comity.policy.agreement import Agreement
from comity.policy.effective import effective
from comity.policy.rendering import Sentence, render
from comity.policy.speech import SOURCE

_WIDTH = 110
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.()/ -]*[A-Za-z0-9)]|[A-Za-z]|\d{4}-\d{2}-\d{2}|[a-z0-9]+(-[a-z0-9]+)+")
_WORDS = {"true", "false", "null", "yes", "no", "on", "off"}
_OWN = {"authorities": "competent authorities", "terms": "permissions: nothing is permitted without one"}


def write_agreement(agreement: Agreement, about: str) -> bytes:
    """Return the file of an agreement; reading it again gives the same document."""
    rendering = render(effective(agreement), SOURCE)
    whole = [each for article in rendering.articles if not article.term for each in article.sentences]
    lines = [*_comment(about), "# Comments say in words what each part does; `comity agreement text` says it all."]
    for key, value in agreement.document.items():
        lines += _told(whole, key, "")
        if key == "terms":
            lines.append("terms:")
            for term in value:
                (article,) = (each for each in rendering.articles if each.term == term["id"])
                lines += _term(term, article.sentences)
        elif value and key in ("scenarios", "refusals", "assurances", "declarations"):
            lines += [f"{key}:", *(f"  - {flow(each)}" for each in value)]
        elif key in ("instrument", "authorities", "languages"):
            lines += [f"{key}:", *(f"  {name}: {flow(each)}" for name, each in value.items())]
        else:
            lines.append(f"{key}: {flow(value)}")
    return "\n".join([*lines, ""]).encode()


def flow(value: Any) -> str:
    """Return a value on one line."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{flow(key)}: {flow(each)}' for key, each in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(flow, value))}]"
    if not isinstance(value, str):
        return json.dumps(value)
    return value if _PLAIN.fullmatch(value) and value.lower() not in _WORDS else _quoted(value)


def _quoted(text: str) -> str:
    """Return a text as a double-quoted scalar."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(letter if letter.isprintable() else f"\\U{ord(letter):08x}" for letter in escaped) + '"'


def _term(term: Mapping[str, Any], sentences: tuple[Sentence, ...]) -> Iterator[str]:
    """Yield a term: above each key what it says, at the end what silence says."""
    article = str(term["article"])
    yield ""
    for number, (key, value) in enumerate(term.items()):
        yield from (f"    {line}" for line in _told(sentences, f"terms.{key}", f"{article}: "))
        yield f"  {'- ' if number == 0 else '  '}{key}: {flow(value)}"
    for sentence in sentences:
        if sentence.part.split(".")[1] not in term:
            yield from (f"    {line}" for line in _comment(f"{article}, not written: {sentence.text}"))


def _told(sentences: Any, key: str, article: str) -> Iterator[str]:
    if key in _OWN:
        yield f"# {_OWN[key]}"
    elif key not in ("scenarios", "agreement", "revision", "title"):
        for sentence in sentences:
            if sentence.part == key or sentence.part.startswith(f"{key}."):
                yield from _comment(f"{article}{sentence.text}")


def _comment(text: str) -> Iterator[str]:
    yield from textwrap.wrap(text, _WIDTH, initial_indent="# ", subsequent_indent="#   ")
