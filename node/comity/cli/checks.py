"""The checks behind `comity doctor` and `comity peer check`: one finding each, with the remedy."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from comity.app import OpenNode
from comity.enactment import PolicyStanding, policy_standing, policy_tried
from comity.errors import ComityError
from comity.identity.descriptor import open_descriptor
from comity.identity.store import Peer, PeerState

_WARN_DAYS = 7
_MAX_SKEW = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: `state` is ok, warn or bad."""

    state: str
    subject: str
    message: str

    def as_dict(self) -> dict[str, str]:
        """Return the finding for `--json`."""
        return asdict(self)


def check_node(node: OpenNode) -> Iterator[Finding]:
    """Check a node on its own: certificates, database, ledger, agreements, policy engine."""
    yield _days_left("certificate", node.identity.certificate.not_valid_after_utc, node.clock())
    yield Finding("ok", "database", f"{node.store.engine.dialect.name}, schema is current")
    yield _attempt("ledger", lambda: _ledger(node))
    yield from _agreements(node)
    yield _national(node)
    yield from _policy(node)
    yield _last_fault(node)
    yield _inbox(node)


def check_peer(node: OpenNode, peer: Peer, timeout: timedelta) -> list[Finding]:
    """Call a peer and compare its certificate, clock and agreements with what we hold."""
    from comity.exchange.ports import Undelivered  # noqa: PLC0415  gRPC: only this check calls anyone
    from comity.wire.convert import moment  # noqa: PLC0415
    from comity.wire.courier import GrpcCourier  # noqa: PLC0415

    subject = f"peer {peer.country}"
    if peer.state is PeerState.SUSPENDED:
        return [Finding("warn", subject, f"suspended: `comity peer resume {peer.country}`")]
    courier = GrpcCourier(node.identity)
    try:
        before = node.clock()
        said = courier.node_status(peer, timeout)
        skew = abs(moment(said.time) - before)
        descriptor = open_descriptor(said.descriptor_envelope, node.clock())
    except (Undelivered, ComityError) as unanswered:
        return [Finding("bad", subject, str(unanswered))]
    finally:
        courier.close()
    if descriptor.fingerprint != peer.descriptor.fingerprint:
        return [Finding("bad", subject, "describes itself with another fingerprint: call them before anything else")]
    found = [Finding("ok", subject, f"answers, identity as confirmed, speaks {', '.join(said.protocol_versions)}")]
    if skew > _MAX_SKEW:
        found.append(Finding("bad", subject, f"clocks differ by {int(skew.total_seconds())} s: check time services"))
    theirs = {held.agreement: held.digest for held in said.agreements}
    ours = {held.id: held.digest for held in node.agreements() if {node.country, peer.country} <= set(held.parties)}
    for name in sorted(theirs.keys() | ours.keys()):
        if theirs.get(name) == ours.get(name):
            continue
        problem = "another text on the other side" if name in theirs and name in ours else "held by one side only"
        found.append(Finding("bad", f"{subject} {name}", f"{problem}: exchange the countersigned text"))
    if theirs == ours:
        found.append(Finding("ok", subject, f"{len(ours)} agreement(s), same text on both sides"))
    return found


def _agreements(node: OpenNode) -> Iterator[Finding]:
    """Say what is in force, what is suspended, what waits for a signature here, and what peers do not know yet."""
    from comity.policy.store import AgreementBook, refusals, to_ms, undelivered  # noqa: PLC0415

    yield _attempt("agreements", lambda: _in_force(node))
    now = to_ms(node.clock())
    try:
        standings = AgreementBook(node.store, node.country).standings()
    except ComityError:
        return  # the line above says it
    for standing in standings:
        subject = f"agreement {standing.agreement}"
        if by := ", ".join(sorted(standing.suspended_by(now))):
            yield Finding("warn", subject, f"suspended by {by}: only who suspended it can resume it")
        for held in standing.unsigned(node.country):
            seen = f"`comity agreement show {standing.agreement} --digest {held.text.digest[:16]}`"
            yield Finding("warn", subject, f"revision {held.text.revision} of {held.proposer} waits for us: {seen}")
    with node.store.read() as tx:
        waiting = Counter(country for country, _ in undelivered(tx))
        refused = refusals(tx)
    still_open = {held.text.digest for standing in standings for held in standing.open_proposals}
    for country, event, reason in refused:
        if event.digest in still_open:
            problem = f"{country} refused revision {event.revision} ({reason}): ask why, then draft a higher one"
            yield Finding("warn", f"agreement {event.agreement}", problem)
    for country, count in sorted(waiting.items()):
        problem = f"{country} is still to be told of {count} step(s): `comity peer check {country}`"
        yield Finding("warn", f"peer {country}", problem)


def _in_force(node: OpenNode) -> str:
    second = node.clock().timestamp()
    dates = [held.in_force for held in node.agreements()]
    return f"{sum(start <= second < end for start, end in dates)} in force"


def _days_left(subject: str, until: datetime, now: datetime) -> Finding:
    days = (until - now).days
    if days < 0:
        return Finding("bad", subject, "has expired: `comity key rotate`")
    state = "warn" if days < _WARN_DAYS else "ok"
    return Finding(state, subject, f"{days} day(s) left" + (": `comity key rotate`" if state == "warn" else ""))


def _inbox(node: OpenNode) -> Finding:
    from comity.casework.store import count_open  # noqa: PLC0415

    with node.store.read() as tx:
        waiting, overdue = count_open(tx, node.clock())
    said = f"{waiting} question(s) wait for a person, {overdue} of them overdue"
    return Finding("warn" if overdue else "ok", "inbox", f"{said}: `comity inbox list`" if overdue else said)


def _attempt(subject: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding("ok", subject, check())
    except ComityError as problem:
        return Finding("bad", subject, str(problem))


def _ledger(node: OpenNode) -> str:
    return f"{node.ledger.recover().size} entries, head and entries agree"


def _national(node: OpenNode) -> Finding:
    """Compare the modules in the home with those in force."""
    try:
        national, standing = node.national(), policy_standing(node)
    except ComityError as problem:
        return Finding("bad", "national law", str(problem))
    said = "no national modules"
    if national is not None:
        said = f"{len(national.names)} national module(s): {', '.join(national.names)}; compiled with this library"
    if standing.newest is None or national == standing.wanted.national:
        return Finding("ok", "national law", said)
    return Finding("warn", "national law", f"{said}; others are in force: `comity policy activate` brings these in")


def _policy(node: OpenNode) -> Iterator[Finding]:
    """Try out what counts now with the engine of the settings, and say what it is and how it came into force."""
    try:
        standing = policy_standing(node)
        with policy_tried(node, standing) as policy:
            yield _in_step(standing, node.settings.policy.engine)
            yield Finding("ok", "policy engine", policy.engine.describe())
    except ComityError as problem:
        yield Finding("bad", "policy", str(problem))


def _in_step(standing: PolicyStanding, engine: str) -> Finding:
    newest, decides = standing.newest, f"engine {engine} decides, every scenario holds"
    if newest is None:
        return Finding("ok", "policy", f"{decides}; the node activates its policy when it starts")
    since = datetime.fromtimestamp(newest.activated_at // 1000, tz=UTC).isoformat()
    said = f"{decides}; revision {newest.revision[:24]} by bundle key {newest.key_id[:16]} since {since}"
    if standing.in_step:
        return Finding("ok", "policy", said)
    return Finding("warn", "policy", f"{said}; agreements changed since: a running node follows with its next message")


def _last_fault(node: OpenNode) -> Finding:
    """Tell the last fault that the running node wrote down; one of the last day is a warning."""
    log = node.home.policy_log
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    if not lines:
        return Finding("ok", "policy faults", "none was written down")
    when = datetime.fromtimestamp(log.stat().st_mtime, tz=UTC)
    if node.clock() - when > timedelta(days=1):
        return Finding("ok", "policy faults", f"the last was more than a day ago: {lines[-1]}")
    return Finding("warn", "policy faults", f"{lines[-1]}; all are in {log}")
