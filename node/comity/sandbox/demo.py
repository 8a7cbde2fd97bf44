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

from comity.sandbox.people import stars

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
            _story(demo)
        finally:
            demo.say("Tidy up")
            demo.run("sandbox", "down", "--delete", "--dir", str(demo.folder / "sandbox"))
    for failure in demo.failures:
        print(f"NOT SO: {failure}", file=sys.stderr)  # noqa: T201
    print(f"\n{'All as it should be' if not demo.failures else 'FAILED'}, {time.monotonic() - started:.0f} s")  # noqa: T201
    return 1 if demo.failures else 0


def _story(demo: Demo) -> None:
    star = stars()[0]
    person = ("--node", "EE", "query", "person", "--name", star.names["EE"], "--birth-date", star.birth_date)
    why = ("--category", "wanted-persons", "--purpose", "criminal-investigation", "--case", "K-2026-117")
    link = ("--nexus", "phone contact with the suspect", "--offence", "fraud")
    question = (*person, *why, *link)

    demo.say("Four countries, each its own process, CA, keys, database and people")
    code, _ = demo.run("sandbox", "up", "--dir", str(demo.folder / "sandbox"))
    demo.expect(code == 0, "the sandbox is up")
    if code:
        return

    demo.say("A person known in two countries under other spellings: a hit in both")
    first = _ask(demo, (*question, "--penalty", "60"))
    known = [country for country in star.names if country != "EE"]
    hits = sorted(peer["country"] for peer in first["peers"] if peer.get("hits"))
    spellings = ", ".join(f"{country}: {star.names[country]}" for country in known)
    demo.expect(hits == sorted(known), f"EE asks for «{star.names['EE']}»; hits in {hits} ({spellings})")

    demo.say("The same question about an offence below the threshold: refused, with the article")
    second = _ask(demo, (*question, "--penalty", "6"))
    refused = [peer for peer in second["peers"] if any(r["code"] == "threshold" for r in peer.get("reasons", []))]
    articles = {reason["article"] for peer in refused for reason in peer["reasons"] if reason["code"] == "threshold"}
    demo.expect(bool(refused) and all(articles), f"refused under {', '.join(sorted(articles))}")
    demo.expect(all(not peer.get("hits") for peer in refused), "nothing came with a refusal")

    demo.say("One country down: reported, the others answer")
    demo.run("sandbox", "down", "--node", "LV")
    third = _ask(demo, (*question, "--penalty", "60"))
    outcomes = {peer["country"]: peer["outcome"] for peer in third["peers"]}
    demo.expect(outcomes.pop("LV", "") == "unreachable", "LV is unreachable")
    demo.expect(set(outcomes.values()) == {"permitted"}, f"the others answered: {outcomes}")

    demo.say("Every receipt, offline, with public keys only")
    _verify_receipts(demo, [first, second, third])

    demo.say("Every ledger, leaf by leaf")
    for country in ("EE", "FI", "SE", "LV"):
        code, _ = demo.run("--node", country, "ledger", "verify")
        demo.expect(code == 0, f"{country}'s ledger verifies")


def _ask(demo: Demo, arguments: tuple[str, ...]) -> dict[str, Any]:
    """Show the question as a person sees it, then ask again for the document that the checks read."""
    demo.run(*arguments)
    document: dict[str, Any] = demo.json(*arguments)
    return document


def _verify_receipts(demo: Demo, exchanges: list[dict[str, Any]]) -> None:
    descriptors = {}
    for country in ("EE", "FI", "SE", "LV"):
        file = demo.folder / f"{country}.json"
        demo.run("--node", country, "peer", "export", "-o", str(file), quiet=True)
        descriptors[country] = file
    verified = 0
    for exchange in exchanges:
        for peer in exchange["peers"]:
            if peer["receipt"] != "verified":
                continue
            file = demo.folder / f"{exchange['exchange']}-{peer['country']}.proof"
            save = ("--node", "EE", "receipt", "save", exchange["exchange"], "--peer", peer["country"], "-o", str(file))
            demo.run(*save, quiet=True)
            check = ("receipt", "verify", str(file), "--key", str(descriptors[peer["country"]]))
            code, _ = demo.run(*check, quiet=verified > 0)
            demo.expect(code == 0, f"{peer['country']} logged {exchange['exchange']} as {peer['outcome']}")
            verified += code == 0
    demo.expect(verified > 0, f"{verified} receipts verified")


if __name__ == "__main__":
    sys.exit(main())
