package comity.rules.basis_test

import data.comity.fixture_test as fixture
import data.comity.rules.basis

_found(question, agreements) := {ground.ground | some ground in grounds} if {
	grounds := basis.grounds with input as question with data.comity.agreements as agreements
}

test_in_force if {
	_found(fixture.question, {"a": fixture.bilateral}) == set()
	_found(fixture.asked("/time", 1000), {"a": fixture.bilateral}) == set()
	_found(fixture.asked("/basis/digest", "aa"), {"a": fixture.bilateral}) == set()
	basis.loaded
}

test_out_of_force if {
	_found(fixture.asked("/time", 999), {"a": fixture.bilateral}) == {"not_in_force"}
	_found(fixture.asked("/time", 2000), {"a": fixture.bilateral}) == {"agreement_expired"}
}

test_another_text if {
	_found(fixture.asked("/basis/digest", "bb"), {"a": fixture.bilateral}) == {"other_text"}
}

test_suspended if {
	_found(fixture.question, fixture.agreed("/suspended", true)) == {"agreement_suspended"}
	_found(fixture.question, fixture.agreed("/suspended_by", ["FI"])) == {"agreement_suspended"}
	_found(fixture.question, fixture.agreed("/suspended_by", ["EE", "LV"])) == {"agreement_suspended"}
	_found(fixture.question, fixture.agreed("/suspended_by", ["LV"])) == set()
	_found(fixture.asked("/peer/trust", "suspended"), {"a": fixture.bilateral}) == {"peer_suspended"}
}

test_a_broken_agreement_is_never_in_force if {
	_found(fixture.question, {"a": object.remove(fixture.bilateral, {"suspended_by"})}) == {"agreement_suspended"}
	keys := {"from", "until", "suspended", "digest"}
	_found(fixture.question, {"a": object.remove(fixture.bilateral, keys)}) == {
		"not_in_force",
		"agreement_expired",
		"agreement_suspended",
		"other_text",
	}
}
