package comity.candidates_test

import data.comity.candidates
import data.comity.fixture_test as fixture

_considered(question, agreements) := object.keys(found) if {
	found := candidates.considered with input as question with data.comity.agreements as agreements
}

test_covering_terms_only if {
	other := object.union(fixture.term, {"id": "cars", "categories": ["vehicle-register"]})
	agreements := {"a": object.union(fixture.bilateral, {"terms": [fixture.term, other]})}
	_considered(fixture.question, agreements) == {"a/persons"}
	_considered(fixture.asked("/category", "firearms"), agreements) == {"a/persons", "a/cars"}
}

test_a_level_of_none_covers_nothing if {
	agreements := fixture.agreed("/terms/0/disclosure", {"query.search": "none"})
	found := candidates.considered with input as fixture.question with data.comity.agreements as agreements
	not candidates.covers(found["a/persons"].term) with input as fixture.question
}

test_both_countries_must_be_parties if {
	_considered(fixture.question, fixture.agreed("/parties", ["EE", "SE"])) == set()
	_considered(fixture.question, fixture.agreed("/parties", ["FI", "SE"])) == set()
	_considered(fixture.asked("/self/country", "EE"), {"a": fixture.bilateral}) == set()
}

test_the_agreement_named if {
	agreements := {"a": fixture.bilateral, "b": fixture.bilateral}
	_considered(fixture.question, agreements) == {"a/persons", "b/persons"}
	_considered(fixture.asked("/basis/agreement", "b"), agreements) == {"b/persons"}
	_considered(fixture.asked("/basis/agreement", "c"), agreements) == set()
}

test_outbound_turns_the_roles if {
	candidates.provider == "EE" with input as fixture.asked("/direction", "outbound")
	candidates.requester == "FI" with input as fixture.asked("/direction", "outbound")
	candidates.provider == "FI" with input as fixture.question
	candidates.requester == "EE" with input as fixture.question
}
