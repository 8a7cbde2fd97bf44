package comity.rules.proceeding_test

import data.comity.fixture_test as fixture
import data.comity.rules.proceeding

_found(question, agreements) := {ground.ground | some ground in grounds} if {
	grounds := proceeding.grounds with input as question with data.comity.agreements as agreements
}

_usual := {"a": fixture.bilateral}

test_allowed if {
	proceeding.loaded
	_found(fixture.question, _usual) == set()
}

test_refused if {
	_found(fixture.asked("/case/proceeding", "trial"), _usual) == {"proceeding_not_covered"}
	_found(fixture.asked("/aim", "locate"), _usual) == {"proceeding_not_covered"}
	_found(fixture.question, fixture.agreed("/terms/0/urgencies", ["urgent"])) == {"urgency_not_served"}
	_found(fixture.question, fixture.agreed("/terms/0/aims", null)) == {"proceeding_not_covered"}
	_found(fixture.question, fixture.agreed("/terms/0/urgencies", null)) == {"urgency_not_served"}
}
