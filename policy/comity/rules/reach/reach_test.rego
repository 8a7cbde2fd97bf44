package comity.rules.reach_test

import data.comity.fixture_test as fixture
import data.comity.rules.reach

_found(question, agreements) := {ground.ground | some ground in grounds} if {
	grounds := reach.grounds with input as question with data.comity.agreements as agreements
}

_details(question, agreements) := {ground.detail | some ground in grounds} if {
	grounds := reach.grounds with input as question with data.comity.agreements as agreements
}

_usual := {"a": fixture.bilateral}

test_allowed if {
	reach.loaded
	_found(fixture.question, _usual) == set()
	_found(fixture.asked("/scope", "group"), fixture.agreed("/terms/0/scopes", ["group"])) == set()
}

test_refused if {
	_found(fixture.asked("/scope", "bulk"), _usual) == {"no_fishing"}
	_found(fixture.question, fixture.agreed("/terms/0/scopes", null)) == {"no_fishing"}
}

test_who_is_covered_is_named if {
	_details(fixture.asked("/scope", "bulk"), fixture.agreed("/terms/0/scopes", ["individual", "group"])) == {"group or individual"}
	_details(fixture.question, fixture.agreed("/terms/0/scopes", null)) == {"nobody"}
}
