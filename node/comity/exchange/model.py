"""What travels in an exchange, as frozen facts. Pure.

Words are the glossary's; enumerated values are the kebab-case words of `policy.md` (`learn-more`, `permitted`).
"""

from dataclasses import dataclass, field
from datetime import datetime

from comity.identity.signature import SignedMessage
from comity.ledger.receipt import Receipt


@dataclass(frozen=True, slots=True)
class Official:
    """Who asks: `id` is a pseudonym that only the home node can resolve."""

    id: str
    role: str
    authority: str
    on_behalf_of: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """The case a question belongs to; `proceeding` empty when not stated."""

    reference: str = ""
    proceeding: str = ""


@dataclass(frozen=True, slots=True)
class Offence:
    """The offence under investigation, in the asking country's law."""

    code: str = ""
    text: str = ""
    iccs: str = ""
    list_category: str = ""
    max_penalty_months: int = 0
    attempt: bool = False
    kinds: tuple[str, ...] = ()
    place: str = ""
    date: str = ""
    transnational: bool = False
    organised: bool = False
    convention: bool = False
    gravity: str = "ordinary"
    bar: str = "none"

    @property
    def present(self) -> bool:
        """Whether any offence was stated."""
        return bool(self.code or self.text or self.iccs or self.list_category)


@dataclass(frozen=True, slots=True)
class Subject:
    """What kind of data subject, never who; `nationality` is a relation, as seen from the country asked."""

    category: str
    age_band: str
    nationality: str = "unknown"
    vulnerable: bool = False


@dataclass(frozen=True, slots=True)
class Privilege:
    """An immunity or privilege that covers what is asked for."""

    kind: str = "none"
    waived: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """How much is asked for: names of fields, most matches, days to keep; empty and 0 leave it to the term."""

    fields: tuple[str, ...] = ()
    max_candidates: int = 0
    keep_days: int = 0


@dataclass(frozen=True, slots=True)
class Basis:
    """The agreement of an exchange; `term` and `article` are set once decided."""

    agreement: str
    revision: int
    digest: str
    term: str = ""
    article: str = ""


@dataclass(frozen=True, slots=True)
class Authorisation:
    """An order of a court or prosecutor."""

    type: str = ""
    reference: str = ""
    issued_by: str = ""
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Everything about a question that is the same for every peer asked, except who is searched.

    A default is what an officer of today means by saying nothing. What an older peer cannot say is something else:
    `facts.ABSENT`. `assurances` are kinds that are claimed; what counts are the header's signed ones.
    """

    official: Official
    purpose: str
    intended_use: str
    aim: str
    subject: Subject
    urgency: str = "normal"
    urgency_reason: str = ""
    case: Case = Case()
    offence: Offence = Offence()
    authorisation: Authorisation = Authorisation()
    confidentiality: str = ""
    language: str = ""
    assurances: tuple[str, ...] = ()
    nexus: str = ""
    channel: str = "spoc"
    assistance: str = "police-information"
    scope: str = "individual"
    summary: str = ""
    privilege: Privilege = Privilege()
    onward: bool = False
    automated: bool = False
    necessity: str = "ordinary"
    ask: Ask = Ask()
    procedure: str = "domestic"
    undertakings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Header:
    """The first field of every request; `envelopes` are signed assurances and withdrawals, as DSSE JSON."""

    exchange_id: str
    sender: str
    recipient: str
    issued_at: datetime
    expires_at: datetime
    nonce: bytes
    circumstances: Circumstances
    basis: Basis
    envelopes: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """Names a question that was left to a person, by whoever asked it: its newest answer is wanted."""

    exchange_id: str
    request_digest: bytes
    sender: str
    recipient: str
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Reason:
    """One ground of a refusal."""

    code: str
    article: str
    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Review:
    """What people of the country asked decided so far: a fact of the policy input, set by that country alone.

    `state`: none, approved, refused. `ground` is a refusal code, `officers` how many different persons approved.
    """

    state: str = "none"
    role: str = ""
    ground: str = ""
    officers: int = 0


UNREVIEWED = Review()
"""Nobody decided anything."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What policy said, as it travels: outcome, disclosure, basis, all reasons, and who must review, or did.

    `withheld` names fields that were asked for and are not released, `review_officers` how many must agree,
    `consultation` is what the deciding person asks before deciding.
    """

    outcome: str
    disclosure: str
    basis: Basis | None
    reasons: tuple[Reason, ...] = ()
    review_role: str = ""
    review_deadline: str = ""
    withheld: tuple[str, ...] = ()
    review_officers: int = 0
    consultation: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """The licence that travels with an answer; `erase_by` is an ISO date."""

    purpose: str
    obligations: tuple[str, ...] = ()
    handling: tuple[str, ...] = ()
    retention: str = ""
    erase_by: str = ""
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature of a match, without any value of the record."""

    feature: str
    score: float
    weight: float
    text: str


@dataclass(frozen=True, slots=True)
class Hit:
    """One match; `properties` holds only released fields."""

    reference: str
    score: float
    explanation: tuple[Feature, ...] = ()
    schema: str = ""
    properties: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found, cut down to the disclosure level."""

    hit: bool
    count: int = 0
    hits: tuple[Hit, ...] = ()

    @property
    def released_fields(self) -> tuple[str, ...]:
        """Names of the properties that any hit carries, sorted."""
        return tuple(sorted({name for hit in self.hits for name in hit.properties}))


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply: which request it belongs to, what was decided, the licence and the findings."""

    request_digest: bytes
    exchange_id: str
    sender: str
    recipient: str
    issued_at: datetime
    verdict: Verdict
    terms: Terms | None = None
    findings: Findings | None = None


@dataclass(frozen=True, slots=True)
class SignedReply:
    """What comes back on the wire: the signed message, and the proof that it was logged."""

    message: SignedMessage
    receipt: Receipt | None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no answer: a reason of the error table and a public text."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class PeerResult:
    """One country's result. `outcome`: permitted, review, refused, unreachable, late, unverified."""

    country: str
    outcome: str
    decided_by: str = ""
    verdict: Verdict | None = None
    findings: Findings | None = None
    terms: Terms | None = None
    receipt: str = "none"
    took_ms: float = 0.0
    failure: Failure | None = None
