package comity.rules.transfer_test

import data.comity.fixture_test as fixture
import data.comity.rules.transfer

_found(question, agreements) := {ground.ground | some ground in grounds} if {
	grounds := transfer.grounds with input as question with data.comity.agreements as agreements
}

_usual := {"a": fixture.bilateral}

test_allowed if {
	transfer.loaded
	_found(fixture.question, _usual) == set()
	_found(object.union(fixture.question, {"urgency": "urgent", "necessity": "strict"}), fixture.agreed("/transfer", {"basis": "derogation"})) == set()
}

test_refused if {
	_found(fixture.question, fixture.agreed("/transfer", {"basis": "derogation"})) == {"no_transfer_basis"}
	_found(fixture.question, fixture.agreed("/transfer", null)) == {"no_transfer_basis"}
}
