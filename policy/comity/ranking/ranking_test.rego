package comity.ranking_test

import data.comity.fixture_test as fixture
import data.comity.ranking

_nearest(question, agreements) := key if {
	key := ranking.nearest with input as question
		with data.comity.agreements as agreements
		with data.comity.offences as fixture.offences
}

_with_term(term) := object.union(fixture.bilateral, {"terms": [object.union(fixture.term, term)]})

test_fewest_grounds if {
	agreements := {"a": _with_term({"purposes": []}), "b": fixture.bilateral}
	_nearest(fixture.question, agreements) == "b/persons"
}

test_in_force_before_fewer_grounds if {
	agreements := {"a": object.union(fixture.bilateral, {"until": 1200}), "b": _with_term({"purposes": [], "roles": []})}
	_nearest(fixture.question, agreements) == "b/persons"
}

test_permitted_before_review if {
	agreements := {"a": _with_term({"human": {"query.search": "judge"}}), "b": _with_term({"disclosure": {"query.search": "hit"}})}
	_nearest(fixture.question, agreements) == "b/persons"
}

test_more_favourable if {
	agreements := {"a": _with_term({"disclosure": {"query.search": "hit"}}), "b": fixture.bilateral}
	_nearest(fixture.question, agreements) == "b/persons"
}

test_more_fields if {
	agreements := {"a": _with_term({"fields": ["name"]}), "b": fixture.bilateral}
	_nearest(fixture.question, agreements) == "b/persons"
}

test_more_specific if {
	agreements := {"a": object.union(fixture.bilateral, {"parties": ["EE", "FI", "SE"]}), "b": fixture.bilateral}
	_nearest(fixture.question, agreements) == "b/persons"
}

test_then_by_name if {
	_nearest(fixture.question, {"b": fixture.bilateral, "a": fixture.bilateral}) == "a/persons"
}

test_what_blocks_an_answer_does_not_block_a_question if {
	question := fixture.asked("/offence/max_penalty_months", 6)
	agreements := {"a": fixture.bilateral}
	ranking.blocking("a/persons") == 2 with input as question
		with data.comity.agreements as agreements
		with data.comity.offences as fixture.offences
	turned := json.patch(question, [
		{"op": "replace", "path": "/direction", "value": "outbound"},
		{"op": "replace", "path": "/requester", "value": {"country": "FI", "authority": "nbi", "role": "investigator"}},
	])
	ranking.blocking("a/persons") == 0 with input as turned with data.comity.agreements as agreements
	ranking.blocking("a/persons") == 1 with input as object.union(turned, {"purpose": "statistics"})
		with data.comity.agreements as agreements
}

test_a_ground_without_a_side_blocks if {
	question := object.union(fixture.question, {"direction": "outbound", "purpose": "statistics"})
	ranking.blocking("a/persons") > 0 with input as question
		with data.comity.agreements as {"a": fixture.bilateral}
		with data.comity.catalogue.grounds as {}
}
