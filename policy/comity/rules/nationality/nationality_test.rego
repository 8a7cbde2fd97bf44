package comity.rules.nationality_test

import data.comity.fixture_test as fixture
import data.comity.rules.nationality

_found(question, agreements) := {ground.ground | some ground in grounds} if {
	grounds := nationality.grounds with input as question with data.comity.agreements as agreements
}

_usual := {"a": fixture.bilateral}

test_allowed if {
	nationality.loaded
	_found(fixture.question, _usual) == set()
}

test_refused if {
	_found(fixture.question, fixture.agreed("/terms/0/nationalities", ["third"])) == {"nationality_not_covered"}
	_found(fixture.question, fixture.agreed("/terms/0/nationalities", null)) == {"nationality_not_covered"}
}
