"""`make demo`: the main job, shown as a user would type it. Exit code 0 only if everything was as it should be."""

import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from comity.sandbox import demo_story

COMITY = [sys.executable, "-m", "comity.cli.main"]


class Demo:
    """Runs commands, shows them, and keeps count of what was not as expected."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.failures: list[str] = []
        self.environment = {**os.environ, "COMITY_SANDBOX": str(folder / "sandbox"), "XDG_DATA_HOME": str(folder)}

    def say(self, text: str) -> None:
        """Print a heading."""
        print(f"\n── {text}", flush=True)  # noqa: T201

    def run(self, *arguments: str, quiet: bool = False) -> tuple[int, str]:
        """Run one command and show it with its output."""
        if not quiet:
            print(f"\n$ comity {shlex.join(arguments)}", flush=True)  # noqa: T201
        done = subprocess.run([*COMITY, *arguments], env=self.environment, capture_output=True, text=True, check=False)
        if not quiet:
            print((done.stdout + done.stderr).rstrip(), flush=True)  # noqa: T201
        return done.returncode, done.stdout

    def json(self, *arguments: str) -> Any:
        """Run a command for its JSON document, unseen."""
        _, output = self.run(*arguments, "--json", quiet=True)
        return json.loads(output)

    def ask(self, *arguments: str) -> dict[str, Any]:
        """Show the question as a person sees it, then ask again for the document that the checks read."""
        self.run(*arguments)
        document: dict[str, Any] = self.json(*arguments)
        return document

    def expect(self, fact: bool, what: str) -> None:
        """Note what is so and what is not."""
        print(f"   {'✓' if fact else '✗ NOT SO:'} {what}", flush=True)  # noqa: T201
        if not fact:
            self.failures.append(what)


def main() -> int:
    """Play the story; return the exit code."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="comity-demo-") as folder:
        demo = Demo(Path(folder))
        try:
            demo_story.play(demo)
        finally:
            demo.say("Tidy up")
            demo.run("sandbox", "down", "--delete", "--dir", str(demo.folder / "sandbox"))
    for failure in demo.failures:
        print(f"NOT SO: {failure}", file=sys.stderr)  # noqa: T201
    print(f"\n{'All as it should be' if not demo.failures else 'FAILED'}, {time.monotonic() - started:.0f} s")  # noqa: T201
    return 1 if demo.failures else 0


if __name__ == "__main__":
    sys.exit(main())
