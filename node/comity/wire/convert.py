"""Messages ⇄ model: the header, the decision and the terms. Pure; one function each way."""

from datetime import UTC, datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from comity.errors import Malformed, Violation
from comity.exchange.facts import ABSENT
from comity.exchange.model import (
    Ask,
    Authorisation,
    Basis,
    Case,
    Circumstances,
    Header,
    Offence,
    Official,
    Privilege,
    Reason,
    Subject,
    Terms,
    Verdict,
)
from comity.v1 import common_pb2
from comity.wire import rules, words


def header_to_proto(header: Header) -> common_pb2.Header:
    """Return the message of a header."""
    message = common_pb2.Header(
        exchange_id=header.exchange_id,
        to=header.recipient,
        issued_at=timestamp(header.issued_at),
        expires_at=timestamp(header.expires_at),
        nonce=header.nonce,
        official=official_to_proto(header.circumstances.official),
        basis=basis_to_proto(header.basis),
        undertakings=header.circumstances.undertakings,
        assurance_envelopes=header.envelopes,
    )
    setattr(message, "from", header.sender)  # `from` is a Python keyword
    circumstances_to_proto(header.circumstances, message)
    return message


def header_from_proto(message: common_pb2.Header) -> Header:
    """Return the header of a checked message."""
    official = Official(
        message.official.id, message.official.role, message.official.authority, message.official.on_behalf_of
    )
    return Header(
        exchange_id=message.exchange_id,
        sender=getattr(message, "from"),
        recipient=message.to,
        issued_at=moment(message.issued_at),
        expires_at=moment(message.expires_at),
        nonce=message.nonce,
        circumstances=circumstances_from_proto(message, official, tuple(message.undertakings)),
        basis=basis_from_proto(message.basis),
        envelopes=tuple(message.assurance_envelopes),
    )


def circumstances_violations(message: Any, prefix: str) -> list[Violation]:
    """Return the broken rules that concern several fields at once."""
    if message.urgency == common_pb2.URGENCY_URGENT and not message.urgency_reason:
        return [Violation(f"{prefix}urgency_reason", "is required when urgency is urgent")]
    return []


def header_violations(message: common_pb2.Header) -> list[Violation]:
    """Return every broken rule of a header."""
    found = rules.violations(message, rules.HEADER, "header.")
    return found + circumstances_violations(message, "header.")


def circumstances_to_proto(facts: Circumstances, message: Any) -> None:
    """Write the facts into a message that has their fields (`Header` or `AskRequest`)."""
    message.purpose = facts.purpose
    message.intended_use = words.INTENDED_USE.number(facts.intended_use)
    message.aim = words.AIM.number(facts.aim)
    message.subject.CopyFrom(_subject_to_proto(facts.subject))
    message.urgency = words.URGENCY.number(facts.urgency)
    message.urgency_reason = facts.urgency_reason
    message.confidentiality = facts.confidentiality
    message.language = facts.language
    message.nexus = facts.nexus
    message.assurances.extend(facts.assurances)
    message.channel = words.CHANNEL.number(facts.channel)
    message.assistance = words.ASSISTANCE.number(facts.assistance)
    message.scope = words.SCOPE.number(facts.scope)
    message.summary = facts.summary
    message.privilege.kind = words.PRIVILEGE_KIND.number(facts.privilege.kind)
    message.privilege.waived = facts.privilege.waived
    message.onward = facts.onward
    message.automated = facts.automated
    message.necessity = words.NECESSITY.number(facts.necessity)
    message.procedure = words.PROCEDURE.number(facts.procedure)
    if facts.ask != Ask():
        message.ask.fields.extend(facts.ask.fields)
        message.ask.max_candidates = facts.ask.max_candidates
        message.ask.keep_days = facts.ask.keep_days
    if facts.case != Case():
        message.case.reference = facts.case.reference
        message.case.proceeding = words.PROCEEDING.number(facts.case.proceeding)
    if facts.offence != Offence():
        message.offence.CopyFrom(_offence_to_proto(facts.offence))
    if facts.authorisation != Authorisation():
        order = facts.authorisation
        message.authorisation.type = order.type
        message.authorisation.reference = order.reference
        message.authorisation.issued_by = order.issued_by
        if order.expires_at:
            message.authorisation.expires_at.CopyFrom(timestamp(order.expires_at))


def circumstances_from_proto(
    message: Any, official: Official, undertakings: tuple[str, ...] = ABSENT["undertakings"]
) -> Circumstances:
    """Read the facts of a checked message that has their fields; who asks comes beside it.

    What the message does not say is what `facts.ABSENT` says.
    """
    return Circumstances(
        official=official,
        purpose=message.purpose,
        intended_use=words.INTENDED_USE.word(message.intended_use),
        aim=words.AIM.word(message.aim),
        subject=_subject_from_proto(message.subject),
        urgency=words.URGENCY.word(message.urgency),
        urgency_reason=message.urgency_reason,
        case=Case(message.case.reference, words.PROCEEDING.word(message.case.proceeding)),
        offence=_offence_from_proto(message.offence) if message.HasField("offence") else Offence(),
        authorisation=_authorisation_from_proto(message.authorisation),
        confidentiality=message.confidentiality,
        language=message.language,
        assurances=tuple(message.assurances),
        nexus=message.nexus,
        channel=_said(words.CHANNEL, message.channel, "channel"),
        assistance=_said(words.ASSISTANCE, message.assistance, "assistance"),
        scope=_said(words.SCOPE, message.scope, "scope"),
        summary=message.summary,
        privilege=Privilege(
            _said(words.PRIVILEGE_KIND, message.privilege.kind, "privilege.kind"), message.privilege.waived
        ),
        onward=_flag(message, "onward", "onward"),
        automated=_flag(message, "automated", "automated"),
        necessity=_said(words.NECESSITY, message.necessity, "necessity"),
        ask=Ask(tuple(message.ask.fields), message.ask.max_candidates, message.ask.keep_days),
        procedure=_said(words.PROCEDURE, message.procedure, "procedure"),
        undertakings=undertakings,
    )


def official_to_proto(official: Official) -> common_pb2.Official:
    """Return the message of an official."""
    return common_pb2.Official(
        id=official.id, role=official.role, authority=official.authority, on_behalf_of=official.on_behalf_of
    )


def basis_to_proto(basis: Basis) -> common_pb2.Basis:
    """Return the message of a basis."""
    return common_pb2.Basis(
        agreement=basis.agreement,
        revision=basis.revision,
        digest=basis.digest,
        term=basis.term,
        article=basis.article,
    )


def basis_from_proto(message: common_pb2.Basis) -> Basis:
    """Return the basis of a message."""
    return Basis(message.agreement, message.revision, message.digest, message.term, message.article)


def verdict_to_proto(verdict: Verdict) -> common_pb2.Decision:
    """Return the message of a verdict."""
    return common_pb2.Decision(
        outcome=words.OUTCOME.number(verdict.outcome),
        disclosure=words.DISCLOSURE.number(verdict.disclosure),
        basis=basis_to_proto(verdict.basis) if verdict.basis else None,
        reasons=[
            common_pb2.RefusalReason(code=r.code, article=r.article, message=r.message, remedy=r.remedy)
            for r in verdict.reasons
        ],
        review_role=verdict.review_role,
        review_deadline=verdict.review_deadline,
        withheld=verdict.withheld,
        review_officers=verdict.review_officers,
        consultation=verdict.consultation,
    )


def verdict_from_proto(message: common_pb2.Decision) -> Verdict:
    """Return the verdict of a message; an unknown outcome or disclosure becomes an empty word."""
    return Verdict(
        outcome=words.OUTCOME.word(message.outcome),
        disclosure=words.DISCLOSURE.word(message.disclosure),
        basis=basis_from_proto(message.basis) if message.HasField("basis") else None,
        reasons=tuple(Reason(r.code, r.article, r.message, r.remedy) for r in message.reasons),
        review_role=message.review_role,
        review_deadline=message.review_deadline,
        withheld=tuple(message.withheld),
        review_officers=message.review_officers,
        consultation=message.consultation,
    )


def terms_to_proto(terms: Terms) -> common_pb2.TransferTerms:
    """Return the message of terms."""
    return common_pb2.TransferTerms(
        purpose=terms.purpose,
        obligations=terms.obligations,
        handling=terms.handling,
        retention=terms.retention,
        erase_by=terms.erase_by,
        fields=terms.fields,
    )


def terms_from_proto(message: common_pb2.TransferTerms) -> Terms:
    """Return the terms of a message."""
    return Terms(
        purpose=message.purpose,
        obligations=tuple(message.obligations),
        handling=tuple(message.handling),
        retention=message.retention,
        erase_by=message.erase_by,
        fields=tuple(message.fields),
    )


def timestamp(at: datetime) -> Timestamp:
    """Return the message of a UTC time."""
    message = Timestamp()
    message.FromDatetime(at)
    return message


def moment(message: Timestamp) -> datetime:
    """Return the aware UTC time of a message; raises `Malformed` for one that no calendar has."""
    try:
        return message.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise Malformed("a time of the message is not between the years 1 and 9999") from None


def _said(enum: words.Words, number: int, fact: str) -> str:
    word: str = enum.word(number) or ABSENT[fact]
    return word


def _flag(message: Any, name: str, fact: str) -> bool:
    said: bool = getattr(message, name) if message.HasField(name) else ABSENT[fact]
    return said


def _subject_to_proto(subject: Subject) -> common_pb2.Subject:
    return common_pb2.Subject(
        category=words.SUBJECT_CATEGORY.number(subject.category),
        age_band=words.AGE_BAND.number(subject.age_band),
        nationality=words.NATIONALITY.number(subject.nationality),
        vulnerable=subject.vulnerable,
    )


def _subject_from_proto(message: common_pb2.Subject) -> Subject:
    return Subject(
        words.SUBJECT_CATEGORY.word(message.category),
        words.AGE_BAND.word(message.age_band),
        _said(words.NATIONALITY, message.nationality, "subject.nationality"),
        _flag(message, "vulnerable", "subject.vulnerable"),
    )


def _offence_to_proto(offence: Offence) -> common_pb2.Offence:
    return common_pb2.Offence(
        code=offence.code,
        text=offence.text,
        iccs=offence.iccs,
        list_category=offence.list_category,
        max_penalty_months=offence.max_penalty_months,
        attempt=offence.attempt,
        kinds=offence.kinds,
        place=offence.place,
        date=offence.date,
        transnational=offence.transnational,
        organised=offence.organised,
        convention=offence.convention,
        gravity=words.GRAVITY.number(offence.gravity),
        bar=words.BAR.number(offence.bar),
    )


def _offence_from_proto(message: common_pb2.Offence) -> Offence:
    return Offence(
        code=message.code,
        text=message.text,
        iccs=message.iccs,
        list_category=message.list_category,
        max_penalty_months=message.max_penalty_months,
        attempt=message.attempt,
        kinds=tuple(message.kinds),
        place=message.place,
        date=message.date,
        transnational=message.transnational,
        organised=message.organised,
        convention=message.convention,
        gravity=_said(words.GRAVITY, message.gravity, "offence.gravity"),
        bar=_said(words.BAR, message.bar, "offence.bar"),
    )


def _authorisation_from_proto(message: common_pb2.Authorisation) -> Authorisation:
    expires = moment(message.expires_at) if message.HasField("expires_at") else None
    return Authorisation(message.type, message.reference, message.issued_by, expires)
