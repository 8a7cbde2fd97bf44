"""Two nodes over real mutual TLS: FI's servers run here, EE's messages are made by hand so that they can be wrong."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import yaml
from grpc_status import rpc_status

from comity.app import OpenNode, RunningNode, open_node, policy_holder
from comity.exchange.ids import new_exchange_id
from comity.exchange.model import Basis, Case, Circumstances, Header, Offence, Official, Subject
from comity.identity.signature import SignedMessage
from comity.records.query import Query
from comity.sandbox import federation
from comity.sandbox.layout import Sandbox
from comity.sandbox.people import stars
from comity.wire import metadata
from comity.wire.search import SearchMessages
from comity.wire.status import reason_of

SEARCH = "/comity.v1.QueryService/Search"
CODEC = SearchMessages()


@dataclass
class Refused:
    """What a call that was not answered said."""

    code: grpc.StatusCode
    reason: str
    text: str


@dataclass
class World:
    """EE's opened home, FI's running node, and what a test needs to speak between them."""

    sandbox: Sandbox
    ee: OpenNode
    fi: RunningNode
    channels: dict[str, grpc.Channel] = field(default_factory=dict)

    def circumstances(self, **changes: Any) -> Circumstances:
        facts = Circumstances(
            official=Official("ee-test", "investigator", "ppa"),
            purpose="criminal-investigation",
            intended_use="intelligence",
            aim="identify",
            subject=Subject("suspect", "adult"),
            case=Case("K-1", "investigation"),
            offence=Offence(list_category="fraud", max_penalty_months=60),
            nexus="phone contact with the suspect",
        )
        return replace(facts, **changes)

    def query(self, **changes: Any) -> Query:
        star = stars()[0]
        return replace(Query("wanted-persons", "Person", (star.names["EE"],), star.birth_date), **changes)

    def basis(self) -> Basis:
        held = next(a for a in self.ee.agreements() if set(a.parties) == {"EE", "FI"})
        return Basis(held.id, held.revision, held.digest)

    def header(self, facts: Circumstances | None = None, **changes: Any) -> Header:
        now = datetime.now(UTC)
        header = Header(
            exchange_id=new_exchange_id(now),
            sender=str(self.ee.identity.node_id),
            recipient=self.fi.own.node_id,
            issued_at=now,
            expires_at=now + timedelta(seconds=60),
            nonce=os.urandom(32),
            circumstances=facts or self.circumstances(),
            basis=self.basis(),
        )
        return replace(header, **changes)

    def request(self, header: Header | None = None, query: Query | None = None) -> SignedMessage:
        payload = CODEC.encode_request(header or self.header(), query or self.query())
        return self.ee.identity.sign(CODEC.request_type, payload)

    def channel(self, key: bytes | None = None, certificate: bytes | None = None, **extra: Any) -> grpc.Channel:
        """A channel to FI: with EE's certificate unless told otherwise."""
        mine = self.ee.identity
        if not extra.get("bare"):
            key, certificate = key or mine.key_pem, certificate or mine.certificate_pem
        fi = self.fi.own.identity
        credentials = grpc.ssl_channel_credentials(fi.ca_pem, key, certificate)
        options = [("grpc.ssl_target_name_override", fi.node_id.dns_name), ("grpc.use_local_subchannel_pool", 1)]
        return grpc.secure_channel(f"127.0.0.1:{self.fi.ports['peers']}", credentials, options)

    def send(
        self, message: SignedMessage, *, method: str = SEARCH, channel: grpc.Channel | None = None, fields: Any = None
    ) -> tuple[bytes, Any] | Refused:
        """Send exactly this; return (reply bytes, trailing metadata) or how it was refused."""
        open_channel = channel or self.channels.setdefault("ee", self.channel())
        try:
            reply, call = open_channel.unary_unary(method).with_call(
                message.payload, timeout=10, metadata=metadata.of_message(message) if fields is None else fields
            )
        except grpc.RpcError as error:
            status = rpc_status.from_call(error)
            return Refused(error.code(), reason_of(status), error.details())
        return reply, call.trailing_metadata()

    def answered(self, message: SignedMessage) -> Any:
        """Send a message that must be answered; return the decoded answer."""
        sent = self.send(message)
        assert not isinstance(sent, Refused), sent
        return CODEC.decode_reply(sent[0])

    def fi_size(self) -> int:
        return int(self.fi.own.ledger.checkpoint().split(b"\n")[1])


@contextmanager
def make_world(
    folder: Path,
    engine: str = "embedded",
    per_day: int | None = None,
    databases: dict[str, str] | None = None,
    officers: int | None = None,
    law: str = "",
) -> Iterator[World]:
    """A fresh federation of three; FI's node runs in this process.

    `per_day` changes every term's quota, `officers` how many must approve what a person decides,
    `law` is a national module of FI, `law.rego`.
    """
    countries = ["EE", "FI", "LV"]
    quiet = {"say": lambda _line: None, "databases": databases}
    sandbox = federation.make(folder / "s", countries, people=40, engine=engine, **quiet)
    for home in map(sandbox.home, sandbox.countries):
        _set_terms(home.agreements, per_day, officers)
    if law:
        folder = sandbox.home("FI").national
        folder.mkdir()
        (folder / "law.rego").write_text(law)
    with ExitStack() as stack:
        ee = stack.enter_context(open_node(sandbox.home("EE")))
        fi = stack.enter_context(open_node(sandbox.home("FI")))
        ee.peers.refresh()
        fi.ledger.recover()
        policy = stack.enter_context(policy_holder(fi))
        running = RunningNode(fi, policy)
        running.start()
        made = World(sandbox, ee, running)
        yield made
        for channel in made.channels.values():
            channel.close()
        running.stop(grace=1)


def _set_terms(folder: Path, per_day: int | None, officers: int | None) -> None:
    if per_day is None and officers is None:
        return
    for file in folder.glob("*.yaml"):
        document = yaml.safe_load(file.read_text())
        for term in document["terms"]:
            if per_day is not None:
                term["limits"]["per_day"] = per_day
            if officers is not None:
                term["officers"] = officers
        if officers is not None:  # how many confirmed is part of the question then
            document["scenarios"] = [
                each
                for each in document["scenarios"]
                if "review" not in each["input"] and "officers" not in each["expect"]
            ]
        file.write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False))
