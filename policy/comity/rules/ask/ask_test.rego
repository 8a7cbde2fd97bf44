package comity.rules.ask_test

import data.comity.fixture_test as fixture
import data.comity.rules.ask

_found(question, agreements) := {ground.ground | some ground in grounds} if {
	grounds := ask.grounds with input as question with data.comity.agreements as agreements
}

_details(question, agreements) := {ground.detail | some ground in grounds} if {
	grounds := ask.grounds with input as question with data.comity.agreements as agreements
}

_usual := {"a": fixture.bilateral}

test_allowed if {
	ask.loaded
	_found(fixture.question, _usual) == set()
	_found(fixture.asked("/ask/fields", ["name"]), _usual) == set()
	_found(fixture.asked("/ask/fields", ["address"]), fixture.agreed("/terms/0/partial", "trim")) == set()
	_found(fixture.asked("/ask/max_candidates", 10), _usual) == set()
	_found(fixture.asked("/ask/keep_days", 180), _usual) == set()
}

test_refused if {
	_found(fixture.asked("/ask/fields", ["name", "address"]), _usual) == {"field_not_shared"}
	_found(fixture.asked("/ask/fields", ["name"]), fixture.agreed("/terms/0/disclosure", {"query.search": "hit"})) == {"field_not_shared"}
	_found(fixture.asked("/ask/max_candidates", 11), _usual) == {"too_many_candidates"}
	_found(fixture.asked("/ask/keep_days", 181), _usual) == {"keep_too_long"}
}

test_the_limits_are_named if {
	_details(fixture.asked("/ask", {"fields": ["x"], "max_candidates": 11, "keep_days": 181}), _usual) == {"x", "10", "180"}
}

test_a_broken_term_gives_nothing if {
	_found(fixture.question, fixture.agreed("/terms/0/partial", null)) == {"field_not_shared"}
	_found(fixture.question, fixture.agreed("/terms/0/limits", null)) == {"too_many_candidates"}
	_found(fixture.question, fixture.agreed("/terms/0/retention_days", null)) == {"keep_too_long"}
}
