"""The messages of `QueryService.Search`: the codec that the exchange path uses."""

from google.protobuf.message import DecodeError, Message

from comity.errors import Malformed, Violation
from comity.exchange.model import Answer, Feature, Findings, Header, Hit
from comity.records.query import Identifier, Query
from comity.v1 import common_pb2, query_service_pb2
from comity.wire import convert, rules, words

_MAX_WORDS = 100  # more grounds than the catalogue has, more fields than any schema shares


class SearchMessages:
    """Implements `exchange.ports.SearchCodec`."""

    method = "/comity.v1.QueryService/Search"
    request_type = "SearchRequest"
    reply_type = "SearchResponse"

    def encode_request(self, header: Header, query: Query) -> bytes:
        """Return a request's bytes."""
        request = query_service_pb2.SearchRequest(header=convert.header_to_proto(header), query=query_to_proto(query))
        return request.SerializeToString(deterministic=True)

    def decode_request(self, payload: bytes) -> tuple[Header, Query]:
        """Parse and check a request; raises `Malformed` with every violation."""
        request = query_service_pb2.SearchRequest()
        parse(request, payload)
        rules.refuse(convert.header_violations(request.header) + query_violations(request.query, "query."))
        return convert.header_from_proto(request.header), query_from_proto(request.query)

    def encode_reply(self, answer: Answer) -> bytes:
        """Return a reply's bytes."""
        header = common_pb2.ReplyHeader(
            request_digest=answer.request_digest,
            exchange_id=answer.exchange_id,
            to=answer.recipient,
            issued_at=convert.timestamp(answer.issued_at),
            decision=convert.verdict_to_proto(answer.verdict),
            terms=convert.terms_to_proto(answer.terms) if answer.terms else None,
        )
        setattr(header, "from", answer.sender)
        result = findings_to_proto(answer.findings) if answer.findings else None
        reply = query_service_pb2.SearchResponse(header=header, result=result)
        return reply.SerializeToString(deterministic=True)

    def decode_reply(self, payload: bytes) -> Answer:
        """Parse and check a reply; raises `Malformed`."""
        reply = query_service_pb2.SearchResponse()
        parse(reply, payload)
        header = reply.header
        rules.refuse(_decision_violations(header) + _result_violations(reply.result))
        return Answer(
            request_digest=header.request_digest,
            exchange_id=header.exchange_id,
            sender=getattr(header, "from"),
            recipient=header.to,
            issued_at=convert.moment(header.issued_at),
            verdict=convert.verdict_from_proto(header.decision),
            terms=convert.terms_from_proto(header.terms) if header.HasField("terms") else None,
            findings=findings_from_proto(reply.result) if reply.HasField("result") else None,
        )


def _decision_violations(header: common_pb2.ReplyHeader) -> list[Violation]:
    decision = header.decision
    found = [
        Violation(f"header.decision.{name}", "is missing or unknown")
        for name, enum in (("outcome", words.OUTCOME), ("disclosure", words.DISCLOSURE))
        if not enum.known(getattr(decision, name))
    ]
    found += rules.violations(decision, rules.DECISION, "header.decision.")
    for name, rule, values in (
        ("decision.reasons", rules.code, [reason.code for reason in decision.reasons]),
        ("terms.fields", rules.property_name, header.terms.fields),
        ("decision.withheld", rules.property_name, decision.withheld),
    ):  # both go into our ledger, which takes no text that a peer makes up
        if problem := rules.each(rule, _MAX_WORDS)(values):
            found.append(Violation(f"header.{name}", problem))
    return found


def _result_violations(result: query_service_pb2.SearchResult) -> list[Violation]:
    reference = rules.text(128, required=True)
    return [
        Violation(f"result.hits[{index}].reference", problem)
        for index, hit in enumerate(result.hits)
        if (problem := reference(hit.reference))
    ]


def query_violations(message: query_service_pb2.Query, prefix: str) -> list[Violation]:
    """Return every broken rule of a query."""
    found = rules.violations(message, rules.QUERY, prefix)
    if len(message.identifiers) > 10:
        found.append(Violation(f"{prefix}identifiers", "has more than 10 members"))
    for index, identifier in enumerate(message.identifiers[:10]):
        found += rules.violations(identifier, rules.IDENTIFIER, f"{prefix}identifiers[{index}].")
    if not message.names and not message.identifiers:
        found.append(Violation(f"{prefix}names", "a name or an identifier is required"))
    return found


def query_to_proto(query: Query) -> query_service_pb2.Query:
    """Return the message of a query."""
    return query_service_pb2.Query(
        category=query.category,
        schema=query.schema,
        names=query.names,
        birth_date=query.birth_date or "",
        nationalities=query.nationalities,
        identifiers=[
            query_service_pb2.Identifier(kind=i.kind, value=i.value, country=i.country or "") for i in query.identifiers
        ],
    )


def query_from_proto(message: query_service_pb2.Query) -> Query:
    """Return the query of a checked message; raises `Malformed` for what the records room refuses."""
    return Query(
        category=message.category,
        schema=message.schema,
        names=tuple(message.names),
        birth_date=message.birth_date or None,
        nationalities=tuple(message.nationalities),
        identifiers=tuple(Identifier(i.kind, i.value, i.country or None) for i in message.identifiers),
    )


def findings_to_proto(findings: Findings) -> query_service_pb2.SearchResult:
    """Return the message of findings."""
    return query_service_pb2.SearchResult(
        hit=findings.hit,
        count=findings.count,
        hits=[
            query_service_pb2.Hit(
                reference=hit.reference,
                score=hit.score,
                schema=hit.schema,
                explanation=[
                    query_service_pb2.Feature(feature=f.feature, score=f.score, weight=f.weight, text=f.text)
                    for f in hit.explanation
                ],
                properties=[
                    query_service_pb2.Property(name=name, values=values)
                    for name, values in sorted(hit.properties.items())
                ],
            )
            for hit in findings.hits
        ],
    )


def findings_from_proto(message: query_service_pb2.SearchResult) -> Findings:
    """Return the findings of a message."""
    return Findings(
        hit=message.hit,
        count=message.count,
        hits=tuple(
            Hit(
                reference=hit.reference,
                score=hit.score,
                schema=hit.schema,
                explanation=tuple(Feature(f.feature, f.score, f.weight, f.text) for f in hit.explanation),
                properties={p.name: tuple(p.values) for p in hit.properties},
            )
            for hit in message.hits
        ),
    )


def parse(message: Message, payload: bytes) -> None:
    """Read a message in place; raises `Malformed` for junk, and for fields that this program does not know."""
    try:
        message.ParseFromString(payload)
    except DecodeError as cause:
        raise Malformed(f"the message is not a {type(message).__name__}") from cause
    whole = message.ByteSize()
    message.DiscardUnknownFields()
    if message.ByteSize() != whole:  # a duty or condition that this program does not know must not just vanish
        name = type(message).__name__
        raise Malformed(f"the {name} holds fields that this program does not know: update it, or send none of them")
