"""Which policy bundles were activated at this node, in order: the guard against going back.

Each activation is a row and a ledger entry, both or neither. A bundle may only follow a lower sequence number; where
that is recorded in the ledger, a restart or a lost row does not forget it. A bundle that is refused is an ALARM entry.

| who owns          | can do                                                                                    |
|-------------------|-------------------------------------------------------------------------------------------|
| the database      | nothing unseen: the ledger names the newest number, bundles are signed by pinned keys     |
| a workstation key | activate agreements that are in force here with other national modules, and never go back |
"""

import logging
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import BigInteger, Column, LargeBinary, String, Table, func, select

from comity.clock import Clock
from comity.errors import Conflict, Tampered
from comity.ledger.entry import EntryKind, LedgerEntry
from comity.ledger.ledger import Ledger
from comity.policy.bundle import NATIONAL, PolicySet, bundle_bytes
from comity.policy.opening import Opened, open_bundle, signed_files
from comity.policy.signing import BundleSigner, Pinned, refused
from comity.policy.store import InForce, agreement_event
from comity.store import Row, Store, metadata
from comity.store.prepared import Prepared

log = logging.getLogger(__name__)

policy_activation = Table(
    "policy_activation",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("digest", String(64), nullable=False),
    Column("key_id", String(64), nullable=False),
    Column("activated_at", BigInteger, nullable=False),
    Column("bundle", LargeBinary, nullable=False),
)
"""Every bundle that was ever in force here; `activated_at` in milliseconds."""

_NEWEST = select(policy_activation).order_by(policy_activation.c.sequence.desc()).limit(1)
_MARK = Prepared(
    select(
        select(func.max(agreement_event.c.seq)).scalar_subquery(),
        select(func.max(policy_activation.c.sequence)).scalar_subquery(),
    )
)

MAX_JUMP = 1_000_000
"""How many numbers a bundle from elsewhere may leave out."""

Mark = tuple[int, int]
"""What changes with every step of an agreement and with every activation: newest event, newest sequence number."""


@dataclass(frozen=True, slots=True)
class Activation:
    """One activated bundle; `activated_at` in milliseconds since the Unix epoch."""

    sequence: int
    digest: str
    key_id: str
    activated_at: int
    bundle: bytes

    @property
    def revision(self) -> str:
        """The bundle's revision."""
        return f"{self.sequence}-{self.digest}"


class Activations:
    """The activations of one node. Thread-safe; several processes may share the database."""

    def __init__(
        self, store: Store, ledger: Ledger, signer: BundleSigner, pinned: Pinned, node_id: str, clock: Clock
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._pinned = pinned
        self._node_id = node_id
        self._clock = clock
        self.signer = signer

    def mark(self) -> Mark:
        """Return what tells that something may have changed: one small select, cheap enough for every message."""
        with self._store.engine.connect() as tx:
            ((event, sequence),) = _MARK.rows(tx, {})
        return event or 0, sequence or 0

    def newest(self) -> Activation | None:
        """Return the newest activation; raises `Tampered` where the ledger knows of a later one."""
        logged = self._logged()  # first: the row of what is logged is there, and a later one may come meanwhile
        with self._store.read() as tx:
            row = tx.execute(_NEWEST).first()
        found = _activation(row) if row else None
        if logged > (found.sequence if found else 0):
            raise Tampered(
                f"policy activation {logged} is in the ledger but not in its table: restore the database",
                detail={"where": "policy_activation"},
            )
        return found

    def of_digest(self, digest: str) -> Activation | None:
        """Return the newest activation of a set, by its digest in hex; None where it was never in force here."""
        query = select(policy_activation).where(policy_activation.c.digest == digest)
        with self._store.read() as tx:
            row = tx.execute(query.order_by(policy_activation.c.sequence.desc()).limit(1)).first()
        return _activation(row) if row else None

    def opened(self, activation: Activation) -> Opened:
        """Return what an activated bundle holds, proven anew; raises `Tampered`."""
        return open_bundle(activation.bundle, self._pinned)

    def national_sources(self, activation: Activation) -> dict[str, str]:
        """Return the national modules of an activated bundle by path, of whatever version; raises `Tampered`."""
        files, _ = signed_files(activation.bundle, self._pinned)
        return {name: text.decode() for name, text in files.items() if name.startswith(NATIONAL)}

    def admit(self, raw: bytes) -> Opened:
        """Return what is in a bundle from elsewhere, if it may follow; raises `Tampered` after an ALARM entry."""
        try:
            opened = open_bundle(raw, self._pinned)
            check_follows(opened, self.newest())
        except Tampered as problem:
            self.alarm(problem.detail.get("code", "table"), sha256(raw).digest())
            raise
        return opened

    def record(self, policy: PolicySet, sequence: int, raw: bytes = b"", key_id: str = "") -> Activation:
        """Log an activation, durable on return; raises `Conflict` where another process took the number first.

        Without `raw` the node signs the bundle itself.
        """
        bundle = raw or bundle_bytes(policy, sequence, self.signer)
        made = Activation(sequence, policy.digest, key_id or self.signer.key_id, self._now_ms(), bundle)
        entry = LedgerEntry(
            kind=EntryKind.POLICY_ACTIVATED,
            time_ms=made.activated_at,
            requester=self._node_id,
            action="policy.activate",
            outcome="activated",
            policy_digest=bytes.fromhex(made.digest),
            object_digest=sha256(bundle).digest(),
            note=f"sequence {sequence} key {made.key_id}",
        )
        columns = ("sequence", "digest", "key_id", "activated_at", "bundle")
        row = Row(policy_activation, {name: getattr(made, name) for name in columns})
        try:
            self._ledger.append(entry, [row])
        except Conflict as cause:
            raise Conflict(
                f"policy activation {sequence} was another process's: see `comity policy status`, then build anew"
            ) from cause
        log.info("policy activated revision=%s key=%s", made.revision, made.key_id[:16])
        return made

    def alarm(self, code: str, digest: bytes) -> None:
        """Log that a policy was refused: `code` is one word, `digest` the SHA-256 of the bundle or the set's own."""
        entry = LedgerEntry(
            kind=EntryKind.ALARM,
            time_ms=self._now_ms(),
            requester=self._node_id,
            action="policy.activate",
            outcome="refused",
            object_digest=digest,
            note=f"policy refused: {code}",
        )
        self._ledger.append(entry)
        log.error("policy refused code=%s digest=%s", code, digest.hex()[:16])

    def _logged(self) -> int:
        """Return the newest sequence number that the ledger knows."""
        found = self._ledger.newest(EntryKind.POLICY_ACTIVATED)
        return int(found.entry.note.split()[1]) if found else 0

    def _now_ms(self) -> int:
        return int(self._clock().timestamp() * 1000)


def _activation(row: Any) -> Activation:
    return Activation(row.sequence, row.digest, row.key_id, row.activated_at, bytes(row.bundle))


def check_follows(opened: Opened, newest: Activation | None) -> None:
    """Refuse to go back: a lower number, or an equal one with other content; raises `Tampered`.

    Nor may one bundle use up the numbers of all that come after it.
    """
    last = newest.sequence if newest else 0
    if opened.sequence > last + MAX_JUMP:
        raise refused("rollback", f"its sequence number is too far ahead: build it with --sequence {last + 1}")
    if newest is None or opened.sequence > last:
        return
    if (opened.sequence, opened.policy.digest) == (newest.sequence, newest.digest):
        return
    older = "is older than" if opened.sequence < newest.sequence else "is another one of the same number as"
    raise refused(
        "rollback",
        f"its sequence number {opened.sequence} {older} the one in force ({newest.sequence}): "
        f"build it with --sequence {newest.sequence + 1}",
    )


def check_agreements(opened: Opened, counted: InForce) -> None:
    """Refuse a bundle with a text that is not in force here: only the life of an agreement puts it in force."""
    known = {(each.id, each.digest) for each in counted.agreements}
    strange = [each.id for each in opened.policy.agreements if (each.id, each.digest) not in known]
    if strange:
        raise refused(
            "agreements", f"its text of {strange[0]} is not the one in force here: see `comity agreement list`"
        )


def ever_activated(store: Store) -> bool:
    """Whether anything was activated here: then the bundle key must be there."""
    with store.read() as tx:
        return tx.execute(_NEWEST).first() is not None
