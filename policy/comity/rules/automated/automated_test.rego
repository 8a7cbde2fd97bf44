package comity.rules.automated_test

import data.comity.fixture_test as fixture
import data.comity.rules.automated

_found(question, agreements) := {ground.ground | some ground in grounds} if {
	grounds := automated.grounds with input as question with data.comity.agreements as agreements
}

_usual := {"a": fixture.bilateral}

test_allowed if {
	automated.loaded
	_found(fixture.question, _usual) == set()
	_found(fixture.asked("/automated", true), fixture.agreed("/terms/0/automated", "review")) == set()
	_found(fixture.asked("/automated", true), fixture.agreed("/terms/0/automated", "allow")) == set()
}

test_refused if {
	_found(fixture.asked("/automated", true), _usual) == {"automated_question"}
	_found(fixture.question, fixture.agreed("/terms/0/automated", null)) == {"automated_question"}
}
