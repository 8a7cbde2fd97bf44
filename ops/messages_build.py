"""Bring the message catalogues in step with the English of `locale/source.json` and the policy catalogue.

    messages_build.py            writes messages.pot and updates every comity.po: new messages are left empty
    messages_build.py --check    says what is missing, superfluous or has other placeholders; writes nothing

A new language: `pybabel init -D comity -i node/comity/policy/locale/messages.pot -d node/comity/policy/locale -l fi`.
"""

import io
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

REPO = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPO / "node"))

from comity.policy.speech import FOLDER, template  # noqa: E402  the path is set first

HEADER = "# Messages of Comity: agreements in plain language, and why a question is refused.\n#"


def main() -> int:
    """Build or check; returns the exit code."""
    made = made_template()
    written = {FOLDER / "messages.pot": as_po(made)}
    for path in sorted(FOLDER.glob("*/LC_MESSAGES/comity.po")):
        catalogue = read_catalogue(path)
        catalogue.update(made, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        written[path] = as_po(catalogue)
    stale = [path for path, content in written.items() if not path.exists() or path.read_bytes() != content]
    if "--check" not in sys.argv[1:]:
        for path in stale:
            path.write_bytes(written[path])
            print(f"wrote {path.relative_to(REPO)}")
    elif stale:
        names = ", ".join(str(path.relative_to(REPO)) for path in stale)
        print(f"the message catalogues are stale ({names}): run `python ops/messages_build.py`", file=sys.stderr)
        return 1
    return 0


def made_template() -> Catalog:
    """Return the catalogue of every message, none translated."""
    catalogue = Catalog(header_comment=HEADER, project="comity", fuzzy=False)
    for context, english, where in template():
        catalogue.add(english, context=context or None, locations=[(where, None)])
    return catalogue


def read_catalogue(path: Path) -> Catalog:
    """Return a language's catalogue with our header."""
    with path.open("rb") as file:
        catalogue = read_po(file, locale=path.parent.parent.name)
    catalogue.header_comment, catalogue.fuzzy = HEADER, False
    return catalogue


def as_po(catalogue: Catalog) -> bytes:
    """Return a catalogue as a .po file that does not change with the day it is written on."""
    buffer = io.BytesIO()
    write_po(buffer, catalogue, width=110, omit_header=False)
    lines = buffer.getvalue().decode().splitlines(keepends=True)
    dated = (
        '"POT-Creation-Date:',
        '"PO-Revision-Date:',
        '"Generated-By:',
        '"Report-Msgid-Bugs-To:',
        '"Last-Translator:',
    )
    return "".join(line for line in lines if not line.startswith(dated)).encode()


if __name__ == "__main__":
    sys.exit(main())
