package comity.rules.assistance_test

import data.comity.fixture_test as fixture
import data.comity.rules.assistance

_found(question, agreements) := {ground.ground | some ground in grounds} if {
	grounds := assistance.grounds with input as question with data.comity.agreements as agreements
}

_usual := {"a": fixture.bilateral}

test_allowed if {
	assistance.loaded
	_found(fixture.question, _usual) == set()
	_found(fixture.asked("/assistance", "documents"), fixture.agreed("/terms/0/assistance", ["documents"])) == set()
}

test_refused if {
	_found(fixture.asked("/assistance", "documents"), _usual) == {"assistance_not_given"}
	_found(fixture.asked("/assistance", "arrest"), fixture.agreed("/terms/0/assistance", ["arrest"])) == {"assistance_not_given"}
	_found(fixture.question, fixture.agreed("/terms/0/assistance", null)) == {"assistance_not_given"}
	grounds := assistance.grounds with input as fixture.question
		with data.comity.agreements as _usual
		with data.comity.vocabulary.excluded_assistance as null
	count(grounds) == 1
}
