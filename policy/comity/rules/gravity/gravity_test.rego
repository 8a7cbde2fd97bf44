package comity.rules.gravity_test

import data.comity.fixture_test as fixture
import data.comity.rules.gravity

_found(question, agreements) := {ground.ground | some ground in grounds} if {
	grounds := gravity.grounds with input as question with data.comity.agreements as agreements
}

_details(question, agreements) := {ground.detail | some ground in grounds} if {
	grounds := gravity.grounds with input as question with data.comity.agreements as agreements
}

_usual := {"a": fixture.bilateral}

test_allowed if {
	gravity.loaded
	_found(fixture.question, _usual) == set()
	_found(fixture.asked("/offence/organised", true), fixture.agreed("/terms/0/offences/requires", ["organised"])) == set()
}

test_refused if {
	_found(fixture.asked("/offence/gravity", "minor"), fixture.agreed("/terms/0/offences/min_gravity", "ordinary")) == {"not_grave"}
	_found(fixture.question, fixture.agreed("/terms/0/offences/requires", ["organised", "transnational"])) == {"offence_scope"}
	_found(fixture.question, fixture.agreed("/terms/0/offences/requires", null)) == {"offence_scope"}
	_found(fixture.question, fixture.agreed("/terms/0/offences/min_gravity", null)) == {"not_grave"}
	grounds := gravity.grounds with input as fixture.question
		with data.comity.agreements as _usual
		with data.comity.vocabulary.gravity as {"minor": null, "ordinary": 1}
	count(grounds) == 1
}

test_what_lacks_is_named if {
	_details(fixture.question, fixture.agreed("/terms/0/offences/requires", ["organised", "transnational"])) == {"organised, transnational"}
}
