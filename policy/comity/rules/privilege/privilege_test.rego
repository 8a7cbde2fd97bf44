package comity.rules.privilege_test

import data.comity.fixture_test as fixture
import data.comity.rules.privilege

_found(question, agreements) := {ground.ground | some ground in grounds} if {
	grounds := privilege.grounds with input as question with data.comity.agreements as agreements
}

_usual := {"a": fixture.bilateral}

test_allowed if {
	privilege.loaded
	_found(fixture.question, _usual) == set()
	_found(fixture.asked("/privilege", {"kind": "lawyer", "waived": true}), _usual) == set()
}

test_refused if {
	_found(fixture.asked("/privilege/kind", "lawyer"), _usual) == {"privileged"}
	_found(fixture.asked("/privilege/kind", "press"), _usual) == {"press_privilege"}
}
