package comity.rules.procedure_test

import data.comity.fixture_test as fixture
import data.comity.rules.procedure

_found(question, agreements) := {ground.ground | some ground in grounds} if {
	grounds := procedure.grounds with input as question with data.comity.agreements as agreements
}

_usual := {"a": fixture.bilateral}

test_allowed if {
	procedure.loaded
	_found(fixture.question, _usual) == set()
	_found(fixture.asked("/procedure", "special"), fixture.agreed("/terms/0/procedures", ["special"])) == set()
	_found(fixture.asked("/confidential", true), _usual) == set()
	_found(fixture.asked("/confidential", true), fixture.agreed("/terms/0/confidentiality", "ask-first")) == set()
}

test_refused if {
	_found(fixture.asked("/procedure", "special"), _usual) == {"special_procedure"}
	_found(fixture.asked("/confidential", true), fixture.agreed("/terms/0/confidentiality", "refuse")) == {"cannot_keep_secret"}
	_found(fixture.question, fixture.agreed("/terms/0/confidentiality", null)) == {"cannot_keep_secret"}
	_found(fixture.question, fixture.agreed("/terms/0/procedures", null)) == {"special_procedure"}
}
