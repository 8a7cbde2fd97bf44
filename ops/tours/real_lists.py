"""A tour with real data: one node for each publisher of a sanctions list; find a person across all of them.

Run from the project's folder: `.venv/bin/python ops/tours/real_lists.py --lists ../shared/data/lists`. Every command
is printed as it is run; nothing here is more than what an operator would type. The persons were named by the
publishers on the day of the list, not by this project; a listing may since have been withdrawn.
"""

import argparse
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
COMITY = [sys.executable, "-m", "comity.cli.main"]
START_SECONDS = 60
QUESTIONS = ("Ramzan Kadyrov", "Рамзан Кадыров", "Igor Girkin", "Ivan Kubrakou")


def comity(home: Path, *arguments: str, quiet: bool = False) -> str:
    """Run one command of one node; print it unless told not to."""
    if not quiet:
        print(f"$ comity --home {home.name} {shlex.join(arguments)}", flush=True)
    done = subprocess.run([*COMITY, "--home", str(home), *arguments], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 3, 4):
        sys.exit(f"failed with {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def free_ports(count: int) -> list[int]:
    """Return free loopback ports."""
    sockets = [socket.socket() for _ in range(count)]
    for made in sockets:
        made.bind(("127.0.0.1", 0))
    ports = [int(made.getsockname()[1]) for made in sockets]
    for made in sockets:
        made.close()
    return ports


def make(folder: Path, code: str, file: Path, ports: list[int]) -> None:
    """Make one publisher's node and import its list."""
    home = folder / code
    arguments = ["init", str(home), "--country", code, "--trust-domain", f"lists.{code.lower()}"]
    arguments += ["--authority", "publisher", "--listen", f"127.0.0.1:{ports.pop()}"]
    comity(home, *arguments, "--desk-listen", f"127.0.0.1:{ports.pop()}")
    shutil.copy(HERE / "sanctions-lists.yaml", home / "agreements")
    print(comity(home, "records", "import", str(file), "--category", "sanctions"), end="")
    comity(home, "peer", "export", "-o", str(folder / f"{code}.json"), quiet=True)


def introduce(folder: Path, codes: list[str]) -> None:
    """Hand every descriptor to every other node, fingerprint compared."""
    for code in codes:
        for other in codes:
            if other != code:
                fingerprint = json.loads(
                    comity(folder / other, "peer", "export", "-o", os.devnull, "--json", quiet=True)
                )
                file = str(folder / f"{other}.json")
                comity(folder / code, "peer", "add", file, "--fingerprint", fingerprint["fingerprint"], quiet=True)
        print(f"{code} has {len(codes) - 1} peers", flush=True)


def start(folder: Path, codes: list[str]) -> list[subprocess.Popen[bytes]]:
    """Start every node and wait until all answer."""
    running = []
    for code in codes:
        with (folder / code / "node.log").open("wb") as log:
            command = [*COMITY, "--home", str(folder / code), "run"]
            running.append(subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True))
    deadline = time.monotonic() + START_SECONDS
    while not all((folder / code / "running.json").exists() for code in codes):
        if time.monotonic() > deadline:
            sys.exit("the nodes did not start: " + (folder / codes[0] / "node.log").read_text())
        time.sleep(0.1)
    return running


def ask(folder: Path, asker: str, name: str) -> dict[str, Any]:
    """Ask all publishers about one name; print who knows the person under which name."""
    why = ["--category", "sanctions", "--purpose", "criminal-investigation", "--case", "TOUR-1", "--subject", "other"]
    question = ["query", "person", "--name", name, *why, "--nexus", "tour of public lists"]
    document: dict[str, Any] = json.loads(comity(folder / asker, *question, "--json"))
    for peer in document["peers"]:
        best = peer["hits"][0] if peer.get("hits") else None
        found = f"{best['score']:.2f}  {', '.join(best['fields'].get('name', []))}" if best else peer["outcome"]
        print(f"   {peer['country']}  {found}   (receipt {peer['receipt']})", flush=True)
    return document


def main() -> None:
    """Make, introduce, start, ask, verify, stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lists", type=Path, required=True, help="folder of <cc>.ftm.jsonl files")
    parser.add_argument("--only", default="", help="publishers, e.g. gb,eu,ch; default all that are there")
    given = parser.parse_args()
    wanted = (
        given.only.split(",") if given.only else sorted(file.name.split(".")[0] for file in given.lists.glob("*.jsonl"))
    )
    codes = [code.upper() for code in wanted]
    with tempfile.TemporaryDirectory(prefix="comity-lists-") as name:
        folder = Path(name)
        ports = free_ports(2 * len(codes))
        for code in codes:
            make(folder, code, given.lists / f"{code.lower()}.ftm.jsonl", ports)
        introduce(folder, codes)
        running = start(folder, codes)
        try:
            answers = [ask(folder, codes[0], question) for question in QUESTIONS]
        finally:
            for process in running:
                os.kill(process.pid, signal.SIGTERM)
            for process in running:
                process.wait()
        for code in codes:
            print(code, comity(folder / code, "ledger", "verify", quiet=True), end="")
    found = [sum(bool(peer.get("hits")) for peer in answer["peers"]) for answer in answers]
    print("found by:", dict(zip(QUESTIONS, found, strict=True)))


main()
