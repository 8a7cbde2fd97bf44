"""The peers of a node: one table, and the book that the node keeps of it in memory."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from threading import Lock
from typing import Any

from cryptography import x509
from sqlalchemy import BigInteger, Column, LargeBinary, String, Table, delete, insert, select, update

from comity.errors import Conflict, Malformed, NotFound, Reason, Unauthenticated, Violation
from comity.identity.certificates import Party, claimed_id, verify_party
from comity.identity.descriptor import Descriptor, descriptor_party, open_descriptor, read_descriptor
from comity.identity.spiffe import check_name
from comity.store import Store, Tx, metadata
from comity.store.engine import bump

_CODE = re.compile(r"^[a-z0-9][a-z0-9._-]{0,63}\Z")

PEERS = "peers"
"""The counter that a change of the table moves (`Store.version`)."""

peer = Table(
    "peer",
    metadata,
    Column("country", String(2), primary_key=True),
    Column("trust_domain", String(253), nullable=False, unique=True),
    Column("state", String(16), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("envelope", LargeBinary, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("reciprocity", String(16), nullable=False, server_default="given"),
)
"""`envelope` is the descriptor exactly as it was handed over; `changed_at` in milliseconds."""


staff = Table(
    "staff",
    metadata,
    Column("name", String(63), primary_key=True),
    Column("role", String(64), nullable=False),
    Column("authority", String(64), nullable=False),
    Column("state", String(16), nullable=False),
)
"""Who works at this node; the certificate says who, this table says as what."""


class PeerState(StrEnum):
    """Whether a peer is talked to."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


class Reciprocity(StrEnum):
    """Whether a peer keeps its own side of what was agreed; presumed until the policy officer says otherwise."""

    GIVEN = "given"
    WITHHELD = "withheld"


@dataclass(frozen=True, slots=True)
class Peer:
    """A peer as this node knows it."""

    country: str
    state: PeerState
    descriptor: Descriptor
    bundle: tuple[x509.Certificate, ...]
    reciprocity: Reciprocity = Reciprocity.GIVEN

    @property
    def node(self) -> str:
        """The peer's SPIFFE id as text."""
        return self.descriptor.node

    def prove(self, leaf: x509.Certificate, at: datetime) -> Party:
        """Prove that a certificate is this very node's; raises `Unauthenticated`."""
        party = verify_party(leaf, list(self.bundle), self.descriptor.trust_domain, at)
        if str(party.spiffe_id) != self.descriptor.node:
            raise Unauthenticated("the certificate names another node of the peer", reason=Reason.UNKNOWN_PEER)
        return party


def add_peer(tx: Tx, envelope: bytes, *, own_country: str, at: datetime, replace: bool = False) -> Descriptor:
    """Store a proven descriptor; raises `Conflict` when the peer is known by another fingerprint and not `replace`."""
    descriptor = open_descriptor(envelope, at)
    if descriptor.country == own_country:
        raise Conflict(f"{own_country} is this node's own country: a node is not its own peer")
    rows = tx.execute(
        select(peer.c.country, peer.c.fingerprint).where(
            (peer.c.country == descriptor.country) | (peer.c.trust_domain == descriptor.trust_domain)
        )
    ).all()
    for row in rows:
        if row.country != descriptor.country:
            raise Conflict(f"trust domain {descriptor.trust_domain} already belongs to {row.country}")
        if row.fingerprint != descriptor.fingerprint and not replace:
            raise Conflict(
                f"{row.country} is known by another fingerprint ({row.fingerprint}): ask by telephone, then confirm "
                "the new one with --replace --fingerprint"
            )
    values = {
        "trust_domain": descriptor.trust_domain,
        "fingerprint": descriptor.fingerprint,
        "envelope": envelope,
        "changed_at": int(at.timestamp() * 1000),
    }
    if rows:
        tx.execute(update(peer).where(peer.c.country == descriptor.country).values(**values))
    else:
        tx.execute(insert(peer).values(country=descriptor.country, state=PeerState.ACTIVE.value, **values))
    bump(tx, PEERS)
    return descriptor


def set_state(tx: Tx, country: str, state: PeerState, at: datetime) -> None:
    """Suspend or resume a peer; it counts from the next message on. Raises `NotFound`."""
    _change(tx, country, {"state": state.value, "changed_at": int(at.timestamp() * 1000)})


def set_reciprocity(tx: Tx, country: str, word: Reciprocity, at: datetime) -> None:
    """State whether a peer keeps its own side; it counts from the next message on. Raises `NotFound`."""
    _change(tx, country, {"reciprocity": word.value, "changed_at": int(at.timestamp() * 1000)})


def _change(tx: Tx, country: str, values: dict[str, Any]) -> None:
    if tx.execute(update(peer).where(peer.c.country == country).values(**values)).rowcount == 0:
        raise NotFound(f"no peer {country}: `comity peer list` shows the known ones")
    bump(tx, PEERS)


def remove_peer(tx: Tx, country: str) -> None:
    """Forget a peer; raises `NotFound`. What was exchanged stays in the ledger."""
    if tx.execute(delete(peer).where(peer.c.country == country)).rowcount == 0:
        raise NotFound(f"no peer {country}: `comity peer list` shows the known ones")
    bump(tx, PEERS)


def load_peers(tx: Tx) -> dict[str, Peer]:
    """Return all peers by country. Envelopes were proven when they came in; certificates are proven at use."""
    found = {}
    for row in tx.execute(select(peer).order_by(peer.c.country)):
        descriptor = read_descriptor(row.envelope)
        bundle, word = tuple(descriptor.ca_bundle), Reciprocity(row.reciprocity)
        found[row.country] = Peer(row.country, PeerState(row.state), descriptor, bundle, word)
    return found


@dataclass(frozen=True, slots=True)
class StaffMember:
    """A person of this node's desk."""

    name: str
    role: str
    authority: str


def add_staff(tx: Tx, member: StaffMember) -> None:
    """Enter a staff member; raises `Malformed` for a role or authority that is no code, `Conflict` for a known name.

    Role and authority travel in every question: a peer would refuse it for them.
    """
    check_name(member.name)
    for field, text in (("role", member.role), ("authority", member.authority)):
        if not _CODE.match(text):
            problem = "must be a code of lower-case letters, digits and dashes, e.g. investigator"
            raise Malformed(f"{field} {problem}", violations=(Violation(field, problem),))
    if tx.execute(select(staff.c.name).where(staff.c.name == member.name)).one_or_none():
        raise Conflict(f"{member.name} is staff already: `comity staff list` shows them")
    values = {"name": member.name, "role": member.role, "authority": member.authority, "state": "active"}
    tx.execute(insert(staff).values(**values))


def find_staff(tx: Tx, name: str) -> StaffMember:
    """Return an active staff member; raises `Unauthenticated`."""
    row = tx.execute(select(staff).where(staff.c.name == name, staff.c.state == "active")).one_or_none()
    if row is None:
        raise Unauthenticated("no such staff member: `comity staff add` makes one", reason=Reason.UNKNOWN_PEER)
    return StaffMember(row.name, row.role, row.authority)


def list_staff(tx: Tx) -> list[StaffMember]:
    """Return the active staff, by name."""
    rows = tx.execute(select(staff).where(staff.c.state == "active").order_by(staff.c.name))
    return [StaffMember(row.name, row.role, row.authority) for row in rows]


class PeerBook:
    """What the node keeps of its peers in memory: read on every message, refreshed when the table changed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = Lock()
        self._version = -1
        self._peers: dict[str, Peer] = {}
        self._domains: dict[str, Peer] = {}
        self._parties: dict[bytes, Party] = {}
        self._keys: dict[tuple[str, str], Party] = {}

    def refresh(self) -> None:
        """Read the table again if it changed since; one small select."""
        version = self._store.version(PEERS)
        if version == self._version:
            return
        with self._lock, self._store.read() as tx:
            peers = load_peers(tx)
            # peers first, then new caches: whoever took a cache before reads peers that are no older, see `identify`
            self._domains = {known.descriptor.trust_domain: known for known in peers.values()}
            self._peers = peers
            self._parties = {}
            self._keys = {}
            self._version = version

    def all(self) -> list[Peer]:
        """Return every peer, by country."""
        return list(self._peers.values())

    def get(self, country: str) -> Peer:
        """Return a peer; raises `NotFound`."""
        try:
            return self._peers[country]
        except KeyError:
            raise NotFound(f"no peer {country}: `comity peer list` shows the known ones") from None

    def ca_union(self) -> bytes:
        """Return the union of the peers' CA bundles in PEM, for the TLS layer only."""
        return "".join(known.descriptor.ca_pem for known in self._peers.values()).encode()

    def identify(self, leaf_pem: bytes, at: datetime) -> tuple[Peer, Party]:
        """Say which peer a TLS client certificate is; raises `Unauthenticated`. Proven once per certificate."""
        parties, domains = self._parties, self._domains  # this order: a stale proof lands in a cache that is gone
        party = parties.get(leaf_pem)
        if party is None or party.not_after < at:
            leaf = x509.load_pem_x509_certificate(leaf_pem)
            known = domains.get(claimed_id(leaf).trust_domain)
            if known is None:
                raise Unauthenticated("no peer has this trust domain", reason=Reason.UNKNOWN_PEER)
            party = known.prove(leaf, at)
            parties[leaf_pem] = party
        known = domains.get(party.spiffe_id.trust_domain)
        if known is None:  # removed while this ran
            raise Unauthenticated("no peer has this trust domain", reason=Reason.UNKNOWN_PEER)
        return known, party

    def signer(self, country: str, key_id: str, at: datetime) -> Party | None:
        """Return the proven holder of a key that signs a peer's replies, or None when it is not known yet."""
        keys = self._keys  # taken first: see `identify`
        party = keys.get((country, key_id))
        if party is None:
            held = descriptor_party(self.get(country).descriptor, at)
            if held.key_id != key_id:
                return None
            keys[country, key_id] = party = held
        return party if party.not_after >= at else None

    def learn(self, country: str, envelope: bytes, at: datetime) -> None:
        """Take a fresh descriptor of a known peer (a rotated certificate); raises if its identity changed."""
        keys = self._keys  # taken first: see `identify`
        fresh = open_descriptor(envelope, at)
        if fresh.country != country or fresh.fingerprint != self.get(country).descriptor.fingerprint:
            raise Unauthenticated(
                f"{country} describes itself with another fingerprint than the one that was confirmed",
                reason=Reason.TRUST_DOMAIN_MISMATCH,
            )
        party = self.get(country).prove(x509.load_pem_x509_certificate(fresh.certificate_pem.encode()), at)
        keys[country, party.key_id] = party


def utc_from_ms(value: int) -> datetime:
    """Return the UTC time of a count of milliseconds."""
    return datetime.fromtimestamp(value / 1000, UTC)
