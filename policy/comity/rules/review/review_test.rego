package comity.rules.review_test

import data.comity.fixture_test as fixture
import data.comity.rules.review

_found(question, agreements) := {ground.ground | some ground in grounds} if {
	grounds := review.grounds with input as question with data.comity.agreements as agreements
}

_usual := {"a": fixture.bilateral}

test_allowed if {
	review.loaded
	_found(fixture.question, _usual) == set()
	_found(fixture.asked("/review/state", "approved"), _usual) == set()
}

test_refused if {
	_found(fixture.asked("/review", {"state": "refused", "ground": "ongoing_investigation"}), _usual) == {"ongoing_investigation"}
	_found(fixture.asked("/review/state", "refused"), _usual) == {"not_available"}
}
