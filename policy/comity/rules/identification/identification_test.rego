package comity.rules.identification_test

import data.comity.fixture_test as fixture
import data.comity.rules.identification

_found(question, agreements) := {ground.ground | some ground in grounds} if {
	grounds := identification.grounds with input as question with data.comity.agreements as agreements
}

_usual := {"a": fixture.bilateral}

test_allowed if {
	identification.loaded
	_found(fixture.question, _usual) == set()
	_found(fixture.question, fixture.agreed("/terms/0/identification", "moderate")) == set()
}

test_refused if {
	grounds := identification.grounds with input as fixture.question
		with data.comity.agreements as _usual
		with data.comity.vocabulary.identification as {"weak": null, "moderate": 1}
	count(grounds) == 1
	_found(fixture.question, fixture.agreed("/terms/0/identification", "strong")) == {"weak_identification"}
	_found(fixture.question, {"a": object.union(fixture.bilateral, {"terms": [object.remove(fixture.term, {"identification"})]})}) == {"weak_identification"}
}
