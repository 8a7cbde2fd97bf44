package comity.rules.reciprocity_test

import data.comity.fixture_test as fixture
import data.comity.rules.reciprocity

_found(question, agreements) := {ground.ground | some ground in grounds} if {
	grounds := reciprocity.grounds with input as question with data.comity.agreements as agreements
}

_usual := {"a": fixture.bilateral}

test_allowed if {
	reciprocity.loaded
	_found(fixture.question, _usual) == set()
	_found(fixture.asked("/peer/reciprocity", "withheld"), _usual) == set()
	_found(fixture.question, fixture.agreed("/reciprocity", "required")) == set()
}

test_refused if {
	_found(fixture.asked("/peer/reciprocity", "withheld"), fixture.agreed("/reciprocity", "required")) == {"no_reciprocity"}
	_found(fixture.question, fixture.agreed("/reciprocity", null)) == {"no_reciprocity"}
}
