package comity.rules.undertakings_test

import data.comity.fixture_test as fixture
import data.comity.rules.undertakings

_found(question, agreements) := {ground.ground | some ground in grounds} if {
	grounds := undertakings.grounds with input as question with data.comity.agreements as agreements
}

_details(question, agreements) := {ground.detail | some ground in grounds} if {
	grounds := undertakings.grounds with input as question with data.comity.agreements as agreements
}

_usual := {"a": fixture.bilateral}

test_allowed if {
	undertakings.loaded
	_found(fixture.question, _usual) == set()
}

test_refused if {
	_found(fixture.asked("/undertakings", ["logging"]), _usual) == {"undertaking_missing"}
	_found(fixture.asked("/undertakings", []), _usual) == {"undertaking_missing"}
	_found(fixture.question, fixture.agreed("/undertakings", null)) == {"undertaking_missing"}
	_found(fixture.question, fixture.agreed("/terms/0/undertakings", null)) == {"undertaking_missing"}
}

test_what_is_not_accepted_is_named if _details(fixture.asked("/undertakings", []), _usual) == {"logging, statistics"}

test_an_odd_duty_is_never_accepted if {
	_found(fixture.question, fixture.agreed("/undertakings", [["x"], null])) == {"undertaking_missing"}
	_details(fixture.question, fixture.agreed("/undertakings", [["x"], null])) == {""}
}
