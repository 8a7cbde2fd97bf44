package comity.rules.onward_test

import data.comity.fixture_test as fixture
import data.comity.rules.onward

_found(question, agreements) := {ground.ground | some ground in grounds} if {
	grounds := onward.grounds with input as question with data.comity.agreements as agreements
}

_usual := {"a": fixture.bilateral}

test_allowed if {
	onward.loaded
	_found(fixture.question, _usual) == set()
	_found(fixture.asked("/onward", true), _usual) == set()
	_found(fixture.asked("/onward", true), fixture.agreed("/onward_transfer", "permitted")) == set()
	_found(fixture.question, fixture.agreed("/onward_transfer", "prohibited")) == set()
}

test_refused if {
	_found(fixture.asked("/onward", true), fixture.agreed("/onward_transfer", "prohibited")) == {"onward_prohibited"}
	_found(fixture.question, fixture.agreed("/onward_transfer", null)) == {"onward_prohibited"}
}
