package comity.rules.barred_test

import data.comity.fixture_test as fixture
import data.comity.rules.barred

_found(question, agreements) := {ground.ground | some ground in grounds} if {
	grounds := barred.grounds with input as question with data.comity.agreements as agreements
}

_usual := {"a": fixture.bilateral}

test_allowed if {
	barred.loaded
	_found(fixture.question, _usual) == set()
	_found(fixture.asked("/offence/bar", "time-barred"), _usual) == set()
	_found(fixture.asked("/offence/bar", "final-judgment"), _usual) == set()
}

test_refused if {
	_found(fixture.asked("/offence/bar", "amnesty"), fixture.agreed("/refusals", {"time_barred": ""})) == {"barred_offence"}
	_found(fixture.asked("/offence/bar", "pending-proceedings"), fixture.agreed("/refusals", {"bis_in_idem": ""})) == {"final_judgment"}
	_found(fixture.question, fixture.agreed("/refusals", null)) == {"barred_offence"}
	grounds := barred.grounds with input as fixture.asked("/offence/bar", "amnesty")
		with data.comity.agreements as _usual
		with data.comity.vocabulary.bars as {"amnesty": null}
	count(grounds) == 1
}
