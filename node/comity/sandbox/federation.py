"""Make a federation: a home for each country, people, agreements, and everybody everybody's peer."""

import shutil
import socket
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from comity.app import add_staff_member, create_node, load_agreements, open_node
from comity.clock import system_clock
from comity.errors import Conflict, Malformed
from comity.identity.store import StaffMember, add_peer
from comity.sandbox.layout import COUNTRIES, FILE, Sandbox
from comity.sandbox.people import generate
from comity.sandbox.processes import start_node, stop_all, wait_until_running

STAFF = (
    ("investigator", "investigator"),
    ("prosecutor", "prosecutor"),
    ("desk", "desk-officer"),
    ("policy", "policy-officer"),
    ("policy-second", "policy-officer"),
    ("auditor", "auditor"),
    ("operator", "operator"),
)

SUSPENDED = (("ee-lt-police-2025", "EE", "LT", "breach of data protection under inquiry"),)
"""Agreements that the sandbox shows suspended: by which country, towards which, and why."""

Say = Callable[[str], None]


def make(
    path: Path,
    countries: list[str],
    *,
    people: int,
    engine: str,
    say: Say,
    databases: Mapping[str, str] | None = None,
) -> Sandbox:
    """Make the homes of a sandbox in an empty folder; raises `Conflict` if there is one.

    `databases` gives the SQLAlchemy URL of a country's database; without one it is SQLite in the country's home.
    """
    unknown = sorted(set(countries) - COUNTRIES.keys())
    if unknown or not countries:
        raise Malformed(f"--countries: {', '.join(unknown) or 'none'} not known; known are {', '.join(COUNTRIES)}")
    if (path / FILE).exists():
        raise Conflict(f"{path} already holds a sandbox: `comity sandbox reset` makes it anew")
    path.mkdir(parents=True, exist_ok=True)
    ports = iter(_free_ports(2 * len(countries)))
    rows: dict[str, Any] = {"engine": engine, "people": people, "complete": False, "countries": {}}
    for code in countries:
        rows["countries"][code] = {"peer_port": next(ports), "desk_port": next(ports)}
    sandbox = Sandbox(path.resolve(), rows)
    sandbox.save()  # first: an attempt that is cut short can be found and removed
    for code in countries:
        _make_country(sandbox, code, engine, (databases or {}).get(code, ""))
        say(f"{code}: home, CA, keys, database, {_fill(sandbox, code, people)} records")
    _introduce(sandbox)
    rows["complete"] = True
    sandbox.save()
    say(f"every country has the {len(countries) - 1} others as peers")
    return sandbox


def start(sandbox: Sandbox, say: Say) -> None:
    """Start every node and wait until all answer; on failure stop what was started."""
    started = {code: start_node(sandbox, code) for code in sandbox.countries}
    try:
        for code, process in started.items():
            wait_until_running(sandbox.home(code), process)
            say(f"{code}: answers peers on port {sandbox.rows['countries'][code]['peer_port']} (process {process.pid})")
        _suspend(sandbox, say)
    except BaseException:
        stop_all(sandbox)
        raise


def _suspend(sandbox: Sandbox, say: Say) -> None:
    """Suspend what the sandbox shows suspended, at its first start, as the policy officer of one party."""
    from comity.wire.desk_agreements import method_of, request_of  # noqa: PLC0415  gRPC
    from comity.wire.desk_client import DeskClient  # noqa: PLC0415

    for agreement, by, other, reason in SUSPENDED:
        if agreement in sandbox.rows.get("suspended", []) or not {by, other} <= set(sandbox.countries):
            continue
        with open_node(sandbox.home(by)) as node, DeskClient.connect(node, "policy") as desk:
            desk.call(method_of("Suspend"), request_of("Suspend", agreement=agreement, reason=reason))
        sandbox.rows["suspended"] = [*sandbox.rows.get("suspended", []), agreement]
        sandbox.save()
        say(f"{by}: suspends {agreement}, {reason}")


def remove(sandbox: Sandbox) -> None:
    """Stop everything and delete the sandbox's own folders; nothing else in the folder is touched."""
    stop_all(sandbox)
    for code in sandbox.countries:
        shutil.rmtree(sandbox.path / code, ignore_errors=True)
    (sandbox.path / FILE).unlink(missing_ok=True)


def agreement_files() -> list[Path]:
    """Return the sandbox's agreement files: packaged, or in the source tree."""
    packaged = Path(str(files("comity"))) / "sandbox" / "agreements"
    folder = packaged if packaged.is_dir() else Path(str(files("comity"))).parent.parent / "policy" / "agreements"
    return sorted(folder.glob("*.yaml"))


def _make_country(sandbox: Sandbox, code: str, engine: str, database: str) -> None:
    country, ports = COUNTRIES[code], sandbox.rows["countries"][code]
    home = sandbox.home(code)
    rows = {
        "authority": country.authority,
        "listen": f"127.0.0.1:{ports['peer_port']}",
        "desk_listen": f"127.0.0.1:{ports['desk_port']}",
        "languages": list(country.languages),
        "policy": {"engine": engine},
        **({"database": database} if database else {}),
    }
    create_node(home, country=code, trust_domain=country.trust_domain, rows=rows, clock=system_clock)
    for file in agreement_files():
        shutil.copy(file, home.agreements / file.name)
    for held in load_agreements(home.agreements):
        if code not in held.parties:  # a node holds only what its own country signed
            next(file for file in home.agreements.iterdir() if file.stem == held.id).unlink()
    with open_node(home) as node:
        for name, role in STAFF:
            authority = country.prosecution if role == "prosecutor" else country.authority
            add_staff_member(home, node, StaffMember(name, role, authority))


def _fill(sandbox: Sandbox, code: str, people: int) -> int:
    with open_node(sandbox.home(code)) as node:
        by_category: dict[str, list[dict[str, Any]]] = {}
        for category, entity in generate(code, people, seed=2026):
            by_category.setdefault(category, []).append(entity)
        for category, entities in by_category.items():
            node.records.import_objects(entities, category=category, source="sandbox", at=node.clock())
        return sum(node.records.count().values())


def _introduce(sandbox: Sandbox) -> None:
    envelopes = {}
    for code in sandbox.countries:
        with open_node(sandbox.home(code)) as node:
            envelopes[code] = node.envelope()
    for code in sandbox.countries:
        with open_node(sandbox.home(code)) as node, node.store.write() as tx:
            for other, envelope in envelopes.items():
                if other != code:
                    add_peer(tx, envelope, own_country=code, at=node.clock())


def _free_ports(count: int) -> list[int]:
    """Return free ports of the loopback address: all held at once, so that they differ."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for made in sockets:
            made.bind(("127.0.0.1", 0))
        return [made.getsockname()[1] for made in sockets]
    finally:
        for made in sockets:
            made.close()
