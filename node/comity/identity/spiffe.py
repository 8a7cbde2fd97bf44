"""SPIFFE ids: one strict parse, afterwards compared as values (CVE-2021-27099 is why)."""

import re
from dataclasses import dataclass

from comity.errors import Malformed, Violation

_TRUST_DOMAIN = re.compile(r"^(?=.{1,128}\Z)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+\Z")
_NAME = re.compile(r"^[a-z0-9][a-z0-9-]{0,62}\Z")


@dataclass(frozen=True, slots=True)
class SpiffeId:
    """`spiffe://<trust_domain>/<kind>/<name>`; kind is `node` or `staff`."""

    trust_domain: str
    kind: str
    name: str

    def __str__(self) -> str:
        return f"spiffe://{self.trust_domain}/{self.kind}/{self.name}"

    @property
    def dns_name(self) -> str:
        """The DNS SAN beside the URI SAN: gRPC checks a server's name by DNS only."""
        return f"{self.name}.{self.kind}.{self.trust_domain}"


def check_trust_domain(text: str) -> str:
    """Return `text` if it is a trust domain (SPIFFE-ID section 2.1, lower case, with a dot); raises `Malformed`."""
    if not _TRUST_DOMAIN.match(text):
        problem = "is not a trust domain: use lower-case letters, digits, dashes and dots, e.g. police.ee"
        raise Malformed(f"trust domain {problem}", violations=(Violation("trust_domain", problem),))
    return text


def check_name(text: str) -> str:
    """Return `text` if it is the name of a node or a staff member; raises `Malformed`."""
    if not _NAME.match(text):
        problem = "must be at most 63 lower-case letters, digits and dashes, e.g. investigator-1"
        raise Malformed(f"name {problem}", violations=(Violation("name", problem),))
    return text


def parse_spiffe_id(text: str) -> SpiffeId:
    """Parse a SPIFFE id of this program's shape; raises `Malformed` for any other byte."""
    scheme, _, rest = text.partition("://")
    parts = rest.split("/")
    if scheme != "spiffe" or len(parts) != 3 or parts[1] not in ("node", "staff") or not _NAME.match(parts[2]):
        raise Malformed("not a SPIFFE id of the form spiffe://<trust-domain>/<node|staff>/<name>")
    return SpiffeId(check_trust_domain(parts[0]), parts[1], parts[2])
