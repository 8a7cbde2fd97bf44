package comity.rules.language_test

import data.comity.fixture_test as fixture
import data.comity.rules.language

_found(question, agreements) := {ground.ground | some ground in grounds} if {
	grounds := language.grounds with input as question with data.comity.agreements as agreements
}

_usual := {"a": fixture.bilateral}

test_allowed if {
	language.loaded
	_found(fixture.question, _usual) == set()
	_found(fixture.asked("/language", ""), _usual) == set()
}

test_refused if {
	_found(fixture.asked("/language", "fr"), _usual) == {"wrong_language"}
	_found(fixture.asked("/language", "et"), _usual) == {"wrong_language"}
	_found(fixture.asked("/language", ""), fixture.agreed("/languages", null)) == {"wrong_language"}
}
