"""The only place that joins the parts: a node from its home, opened for one command or running."""

import ctypes
import gc
import json
import logging
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any

from comity.clock import Clock, system_clock
from comity.errors import Conflict, Malformed, NotFound, Unavailable
from comity.exchange.assurances import Assurances
from comity.exchange.own import OwnNode
from comity.exchange.policy import PolicyInForce
from comity.exchange.search import search_records
from comity.identity.descriptor import Descriptor, seal_descriptor
from comity.identity.node import NodeIdentity, create_identity, issue_staff, load_identity
from comity.identity.spiffe import SpiffeId, check_trust_domain
from comity.identity.store import PeerBook, Reciprocity, StaffMember, add_staff, set_reciprocity
from comity.ledger.entry import EntryKind, LedgerEntry
from comity.ledger.ledger import Ledger
from comity.ledger.vault import Vault
from comity.policy.agreement import Agreement, load_agreement
from comity.policy.library import vocabulary
from comity.policy.store import AgreementBook, InForce
from comity.records.query import Query
from comity.records.store import Candidate, ImportReport, Record, Records
from comity.settings import Home, PolicySettings, Settings, load_settings, make_settings
from comity.store import Store

if TYPE_CHECKING:  # the engines are heavy, and most commands need none
    from comity.exchange.activation import Activations
    from comity.exchange.holder import Book, Parts, PolicyHolder
    from comity.exchange.ports import Courier
    from comity.office import Office
    from comity.policy.engine import Engine
    from comity.policy.national import National

log = logging.getLogger(__name__)

_POOL = 8
_M_ARENA_MAX = -8  # malloc.h


def create_node(home: Home, *, country: str, trust_domain: str, rows: dict[str, Any], clock: Clock) -> NodeIdentity:
    """Make a node home: settings, keys, CA, database, empty ledger; raises `Conflict` if there is one."""
    if home.config.exists():
        raise Conflict(f"{home.path} already holds a node: choose an empty folder")
    settings = make_settings({"country": country, "trust_domain": trust_domain, **rows}, "settings")
    check_trust_domain(settings.trust_domain)
    home.path.mkdir(parents=True, exist_ok=True, mode=0o700)
    home.path.chmod(0o700)  # the folder may have been there: the database in it is nobody else's to read
    create_identity(home.keys, country, trust_domain, settings.name, clock())
    home.agreements.mkdir(exist_ok=True)
    home.staff.mkdir(exist_ok=True, mode=0o700)
    store = Store.open(home.database_url(settings))
    store.migrate()
    store.close()
    home.config.write_text(_toml({"country": country, "trust_domain": trust_domain, **rows}))  # last: it marks a home
    with open_node(home, clock) as node:
        node.ledger.recover()
        return node.identity


def upgrade_database(home: Home) -> tuple[str, str]:
    """Bring the database of a home to the newest schema; return the revisions before and after.

    Nobody else may be at work on it. Raises `Unavailable` where there is no database of a node, or a newer one.
    """
    store = Store.open(home.database_url(load_settings(home)))
    try:
        before = store.revision()
        store.migrate()
        return before, store.revision()
    finally:
        store.close()


def add_staff_member(home: Home, node: "OpenNode", member: StaffMember) -> None:
    """Make a staff member's certificate and enter the person; both or neither."""
    with node.store.write() as tx:
        add_staff(tx, member)
        issue_staff(home.keys, home.staff, node.settings.trust_domain, member.name, node.clock())


@dataclass(frozen=True, slots=True)
class OpenNode:
    """A node's parts without its servers: what a command works on."""

    home: Home
    settings: Settings
    identity: NodeIdentity
    store: Store
    ledger: Ledger
    vault: Vault
    records: Records
    peers: PeerBook
    clock: Clock

    @property
    def country(self) -> str:
        """The node's own country."""
        return self.settings.country

    def descriptor(self) -> Descriptor:
        """Return how the node introduces itself."""
        settings = self.settings
        return Descriptor(
            country=settings.country,
            authority=settings.authority,
            node=str(self.identity.node_id),
            ca_pem=self.identity.ca_pem.decode(),
            certificate_pem=self.identity.certificate_pem.decode(),
            addresses=tuple(settings.advertise or [settings.listen]),
            ledger_vkey=self.ledger.vkey,
            languages=tuple(settings.languages),
        )

    def envelope(self) -> bytes:
        """Return the signed descriptor."""
        return seal_descriptor(self.descriptor(), self.identity.key, self.identity.key_id)

    def agreements(self) -> list[Agreement]:
        """Return the agreements that policy knows now, suspended ones too; of a home that never ran, its files."""
        return list(self.book().in_force(self.clock()).agreements)

    @property
    def assurances(self) -> Assurances:
        """What this node promised and was promised."""
        return Assurances(self.country, self.identity, self.store, self.ledger, self.vault)

    def agreements_at(self, at: datetime) -> list[Agreement]:
        """Return the agreements that were in force at a moment."""
        return list(self.book().in_force(at).agreements)

    def undertakings(self) -> tuple[str, ...]:
        """Return the duties this country honours; raises `Malformed` for a word that no agreement can ask for."""
        known = vocabulary()["undertakings"]
        given = self.settings.undertakings
        strays = sorted(set(given) - {*known, "all"})
        if strays:
            raise Malformed(f"setting undertakings: {', '.join(strays)} not known; known are all, {', '.join(known)}")
        return tuple(known) if "all" in given else tuple(given)

    def national(self) -> "National | None":
        """Return the national modules in the home; raises as `load_national`."""
        from comity.policy.national import load_national  # noqa: PLC0415  only who decides needs them

        return load_national(self.home.national)

    def book(self) -> "Book":
        """Return what says which agreements count: the database's book, or the home's files while that is empty."""
        return _Book(AgreementBook(self.store, self.country), self.home.agreements)

    def activations(self) -> "Activations":
        """Return the record of activated policy bundles, with the keys that may sign them."""
        from comity.exchange.activation import Activations, ever_activated  # noqa: PLC0415
        from comity.identity.bundle_key import BUNDLE_KEY, create_bundle_key, load_bundle_keys  # noqa: PLC0415
        from comity.policy.signing import BundleSigner  # noqa: PLC0415

        if not (self.home.keys / BUNDLE_KEY).exists() and not ever_activated(self.store):
            create_bundle_key(self.home.keys)  # a home that an earlier version made
        keys = load_bundle_keys(self.home.keys)
        signer, node_id = BundleSigner(keys.key, keys.key_id), str(self.identity.node_id)
        return Activations(self.store, self.ledger, signer, keys.pinned, node_id, self.clock)

    def vkeys(self) -> dict[str, str]:
        """Return the ledger verification keys this node knows, by origin: its own and its peers'."""
        self.peers.refresh()
        known = [self.ledger.vkey, *(peer.descriptor.ledger_vkey for peer in self.peers.all())]
        return {vkey.split("+", 1)[0]: vkey for vkey in known}

    def own(self, policy: Callable[[], PolicyInForce]) -> OwnNode:
        """Return what both sides of the exchange path stand on; `policy` returns what is in force at a moment."""
        return OwnNode(
            country=self.country,
            identity=self.identity,
            store=self.store,
            ledger=self.ledger,
            vault=self.vault,
            policy=policy,
            clock=self.clock,
            undertakings=self.undertakings(),
            skew=timedelta(seconds=self.settings.clock_skew_seconds),
        )


@contextmanager
def open_node(home: Home, clock: Clock = system_clock) -> Iterator[OpenNode]:
    """Open a home for one command; raises `NotFound`, `Malformed` or `Unavailable` with the remedy."""
    settings = load_settings(home)
    identity = load_identity(home.keys, SpiffeId(settings.trust_domain, "node", settings.name))
    store = Store.open(home.database_url(settings), pool_size=_POOL)
    try:
        store.check_schema()
        yield OpenNode(
            home=home,
            settings=settings,
            identity=identity,
            store=store,
            ledger=Ledger(store, identity.ledger_origin, identity.ledger_key),
            vault=Vault(identity.kek),
            records=Records(store),
            peers=PeerBook(store),
            clock=clock,
        )
    finally:
        store.close()


def load_agreements(folder: Path) -> list[Agreement]:
    """Return the agreements of a folder, by file name; raises `Malformed` naming file and line."""
    if not folder.is_dir():
        raise NotFound(f"no folder {folder}: agreements lie in the node's home under agreements/")
    found = [load_agreement(file.read_bytes(), file.name) for file in _agreement_files(folder)]
    doubles = {agreement.id for agreement in found if sum(other.id == agreement.id for other in found) > 1}
    if doubles:
        raise Conflict(f"{folder}: {', '.join(sorted(doubles))} is there twice: keep the revision in force only")
    return found


def _agreement_files(folder: Path) -> list[Path]:
    return sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")])


@dataclass(frozen=True, slots=True)
class _Book:
    """The agreements of a node; files that lie in the home count while the database knows none."""

    book: AgreementBook
    files: Path

    def in_force(self, at: datetime) -> InForce:
        if self.book.generation():
            return self.book.in_force(at)
        return InForce(tuple(load_agreements(self.files)))


@contextmanager
def policy_in_force(
    agreements: list[Agreement], settings: PolicySettings, parts: "Parts | None" = None
) -> Iterator[PolicyInForce]:
    """Try these agreements and parts out, in an engine of their own that stops on exit; nothing is activated."""
    from comity.enactment import own_engine  # noqa: PLC0415  compiled library and engine: only who decides needs them
    from comity.policy.bundle import build  # noqa: PLC0415
    from comity.policy.cache import CachedEngine  # noqa: PLC0415

    offences, national = (parts.offences, parts.national) if parts else (None, None)
    policy_set = build(agreements, offences=offences, national=national)
    engine = CachedEngine(own_engine(settings, policy_set, 0, None), policy_set.digest)
    try:
        yield PolicyInForce(engine, {agreement.id: agreement for agreement in agreements}, policy_set.digest)
    finally:
        engine.close()


def treaty_engine(agreements: Iterable[Agreement]) -> "Engine":
    """Start an embedded engine of the shipped library over some agreements, without anybody's national law."""
    from comity.policy.bundle import build  # noqa: PLC0415
    from comity.policy.embedded import EmbeddedEngine  # noqa: PLC0415

    return EmbeddedEngine(build(agreements), machines=1)


def state_reciprocity(node: OpenNode, country: str, word: str) -> None:
    """Enter and log whether a peer keeps its own side; raises `NotFound`."""
    with node.store.write() as tx:
        set_reciprocity(tx, country, Reciprocity(word), node.clock())
    node.peers.refresh()
    node.ledger.append(
        LedgerEntry(
            kind=EntryKind.PEER_CHANGED,
            time_ms=int(node.clock().timestamp() * 1000),
            requester=node.peers.get(country).node,
            responder=str(node.identity.node_id),
            official_role="policy-officer",
            note=f"reciprocity {word}",
        )
    )


@contextmanager
def policy_holder(node: OpenNode) -> Iterator["PolicyHolder"]:
    """Activate what counts at the node now, and keep it so until the end; raises `ComityError` where it cannot be."""
    from comity.enactment import own_parts, starter  # noqa: PLC0415
    from comity.exchange.holder import PolicyHolder  # noqa: PLC0415

    adopt_files(node)
    book, activations = AgreementBook(node.store, node.country), node.activations()
    holder = PolicyHolder(book, activations, starter(node, activations), lambda: own_parts(node), node.clock)
    try:
        holder()
        yield holder
    finally:
        holder.close()


def adopt_files(node: OpenNode) -> None:
    """Enter the texts that lie in the home and are newer than what the database knows: signed on paper."""
    from comity.casework.agreement_log import AgreementLog  # noqa: PLC0415
    from comity.casework.agreement_turns import AgreementTurns  # noqa: PLC0415

    load_agreements(node.home.agreements)  # every bad file is told before any is entered
    own, book = node.own(_undecided), AgreementBook(node.store, node.country)
    texts = [(file.read_bytes(), file.name) for file in _agreement_files(node.home.agreements)]
    AgreementTurns(own, book, AgreementLog(own, book)).adopt(texts)


def office_of(node: OpenNode, own: OwnNode, courier: "Courier") -> "Office":
    """Return the node's agreements, with the steps of its officers and the way to its peers."""
    from comity.enactment import parts_in_force  # noqa: PLC0415
    from comity.office import make_office  # noqa: PLC0415

    @contextmanager
    def engine_of(agreement: Agreement) -> Iterator["Engine"]:
        with policy_in_force([agreement], PolicySettings(), parts_in_force(node)) as policy:
            yield policy.engine

    @contextmanager
    def readers_of(agreement: Agreement) -> Iterator[tuple["Engine", "Engine"]]:
        with engine_of(agreement) as ours, policy_in_force([agreement], PolicySettings()) as text:
            yield ours, text.engine

    return make_office(own, node.peers, courier, engine_of, readers_of)


def _undecided() -> PolicyInForce:
    raise Unavailable("no policy is in force yet: nothing was decided")


def import_file(
    node: OpenNode, file: Path, *, category: str, mapping: Path | None, advance: Callable[[int], None]
) -> ImportReport:
    """Import a file into the node's records and log it; rejected lines go to `FILE.rejected.jsonl`."""
    report = node.records.import_file(file, category=category, mapping=mapping, at=node.clock(), advance=advance)
    if report.added or report.changed:
        node.ledger.append(_own_entry(node, EntryKind.RECORDS_IMPORTED, category, f"{report.added + report.changed}"))
    return report


def search_own_records(node: OpenNode, query: Query, limit: int) -> list[Candidate]:
    """Search the node's own records; the access is logged before anything is returned (LED art. 25)."""
    conditions = [{"attribute": "category", "operator": "eq", "value": query.category}]
    found = node.records.search(query, conditions, limit, node.clock().date())
    node.ledger.append(_own_entry(node, EntryKind.RECORDS_VIEWED, query.category, "search"))
    return found


def view_own_record(node: OpenNode, record_id: str) -> Record:
    """Return one record; the access is logged before it is returned. Raises `NotFound`."""
    record = node.records.get(record_id)
    node.ledger.append(_own_entry(node, EntryKind.RECORDS_VIEWED, record.category, "show"))
    return record


def _own_entry(node: OpenNode, kind: EntryKind, category: str, note: str) -> LedgerEntry:
    """Return an entry about the node's own records; who is at the keyboard of the node's home is its operator."""
    return LedgerEntry(
        kind=kind,
        time_ms=int(node.clock().timestamp() * 1000),
        requester=str(node.identity.node_id),
        official_role="operator",
        category=category,
        note=note,
    )


class RunningNode:
    """A node with its two ports open."""

    def __init__(self, node: OpenNode, policy: Callable[[], PolicyInForce]) -> None:
        from comity.casework.delivery import Delivery  # noqa: PLC0415
        from comity.casework.inbox import Inbox  # noqa: PLC0415
        from comity.exchange.preflight import Preflight, Treaties  # noqa: PLC0415
        from comity.exchange.release import Exchange, Release  # noqa: PLC0415
        from comity.exchange.requester import Requester  # noqa: PLC0415  gRPC: only a running node needs it
        from comity.exchange.responder import Responder  # noqa: PLC0415
        from comity.exchange.waiting import Waiting  # noqa: PLC0415
        from comity.office import Keeper  # noqa: PLC0415
        from comity.wire.answer_service import AnswerServices  # noqa: PLC0415
        from comity.wire.claims import AwaitAnswerMessages, GetAnswerMessages  # noqa: PLC0415
        from comity.wire.courier import GrpcCourier  # noqa: PLC0415
        from comity.wire.desk_inbox import InboxServices  # noqa: PLC0415
        from comity.wire.desk_preflight import PreflightServices  # noqa: PLC0415
        from comity.wire.desk_service import DeskGate, DeskServices  # noqa: PLC0415
        from comity.wire.desk_waiting import WaitingServices  # noqa: PLC0415
        from comity.wire.peer_service import PeerGate, PeerServices  # noqa: PLC0415
        from comity.wire.search import SearchMessages  # noqa: PLC0415
        from comity.wire.server import new_server  # noqa: PLC0415
        from comity.wire.streams import Streams  # noqa: PLC0415
        from comity.wire.tls import desk_credentials, peer_credentials  # noqa: PLC0415

        settings, own, codec = node.settings, node.own(policy), SearchMessages()
        self.node = node
        self.own = own
        self.courier = GrpcCourier(node.identity)
        self.requester = Requester(own, node.peers, self.courier, codec)
        self._treaties = Treaties(treaty_engine)
        searches, release = Exchange(codec, search_records(node.records)), Release(own)
        exchanges = {searches.action: searches}
        self.inbox = Inbox(own, node.peers, release, exchanges)
        responder = Responder(own, release, self.inbox.waiting)
        responder.recall()
        self._streams = {name: Streams(settings.streams, settings.streams_per_peer) for name in ("peers", "desk")}
        peer_gate = PeerGate(node.peers, node.clock)
        self.office = office_of(node, own, self.courier)
        self._keeper = Keeper(self.office.turn)
        peer_services = PeerServices(
            peer_gate,
            responder,
            searches,
            node.ledger,
            node.envelope,
            lambda country: [held for held in policy().agreements.values() if country in held.parties],
            node.clock,
        )
        answers = AnswerServices(peer_gate, responder, Delivery(own, release, exchanges), self._streams["peers"])
        gate = DeskGate(own)
        waiting = Waiting(
            own,
            node.peers,
            self.courier,
            codec,
            fetches=GetAnswerMessages(),
            follows=AwaitAnswerMessages(),
        )
        desk = {
            **DeskServices(own, gate, self.requester, self.inbox, settings.policy.engine).handlers(),
            **InboxServices(own, gate, self.inbox).handlers(),
            **WaitingServices(own, gate, waiting, self._streams["desk"]).handlers(),
            **PreflightServices(own, gate, Preflight(own, node.peers, self._treaties, searches.action)).handlers(),
            **self.office.desk_handlers(gate),
        }
        peers = {**peer_services.handlers(), **answers.handlers(), **self.office.peer_handlers(peer_gate)}
        limits = {"threads": settings.threads, "concurrent": settings.max_concurrent}
        self._servers = {
            "peers": new_server(peers, **limits),
            "desk": new_server(desk, **limits),
        }
        credentials = {
            "peers": (settings.listen, peer_credentials(node.identity, self._ca_union)),
            "desk": (settings.desk_listen, desk_credentials(node.identity)),
        }
        self.ports = {name: _bind(self._servers[name], *credentials[name]) for name in self._servers}

    def start(self) -> None:
        """Answer calls."""
        for server in self._servers.values():
            server.start()
        self._keeper.start()
        content = {"pid": os.getpid(), "country": self.node.country, "ports": self.ports}
        _settle_memory()
        self.node.home.running.write_text(json.dumps(content) + "\n")

    def stop(self, grace: float = 5.0) -> None:
        """Finish the calls under way, at most `grace` seconds, then close everything."""
        for streams in self._streams.values():
            streams.close()
        for done in [server.stop(grace) for server in self._servers.values()]:
            done.wait()
        self._keeper.stop()
        self.requester.close()
        self._treaties.close()
        self.courier.close()
        self.node.home.running.unlink(missing_ok=True)

    def _ca_union(self) -> bytes:
        self.node.peers.refresh()
        return self.node.peers.ca_union()


def log_to(home: Home) -> None:
    """Send security events and faults of the policy engine to logs that cannot grow without bounds.

    So no attacker can fill the disk, and `comity doctor` can tell what went wrong last.
    """
    home.logs.mkdir(exist_ok=True, mode=0o700)
    for name, file in (("comity.security", home.security_log), ("comity.policy", home.policy_log)):
        handler = RotatingFileHandler(file, maxBytes=1_000_000, backupCount=4)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.propagate = False


def few_arenas() -> None:
    """Keep glibc from making an arena of memory for each thread: a node has many threads and little memory."""
    with suppress(OSError, AttributeError):  # another C library has no such knob, and does without
        ctypes.CDLL("libc.so.6").mallopt(_M_ARENA_MAX, 2)


def _settle_memory() -> None:
    """Take what starting made out of the garbage collector's rounds, and give back what it used and freed."""
    gc.collect()
    gc.freeze()
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def _bind(server: Any, address: str, credentials: Any) -> int:
    try:
        return int(server.add_secure_port(address, credentials))
    except RuntimeError as cause:
        raise Unavailable(f"{address} cannot be opened: is another program listening there?") from cause


def _toml(rows: dict[str, Any]) -> str:
    """Return settings as TOML, sections last; JSON's scalars and lists are TOML's."""
    plain = [f"{key} = {json.dumps(value)}" for key, value in rows.items() if not isinstance(value, dict)]
    sections = [
        "\n".join([f"\n[{key}]", *(f"{name} = {json.dumps(value)}" for name, value in section.items())])
        for key, section in rows.items()
        if isinstance(section, dict)
    ]
    return "\n".join([*plain, *sections]) + "\n"
