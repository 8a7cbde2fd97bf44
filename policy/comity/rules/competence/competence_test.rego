package comity.rules.competence_test

import data.comity.fixture_test as fixture
import data.comity.rules.competence

_count(question, agreements) := count(grounds) if {
	grounds := competence.grounds with input as question with data.comity.agreements as agreements
}

test_named_authority_and_role if {
	_count(fixture.question, {"a": fixture.bilateral}) == 0
	competence.loaded
}

test_others if {
	_count(fixture.asked("/requester/authority", "nbi"), {"a": fixture.bilateral}) == 1
	_count(fixture.asked("/requester/role", "operator"), {"a": fixture.bilateral}) == 1
	_count(fixture.asked("/requester/country", "FI"), {"a": fixture.bilateral}) == 1
	_count(fixture.question, fixture.agreed("/authorities", {})) == 1
}
