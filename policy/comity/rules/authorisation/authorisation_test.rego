package comity.rules.authorisation_test

import data.comity.fixture_test as fixture
import data.comity.rules.authorisation

_details(order, required) := {ground.detail | some ground in grounds} if {
	grounds := authorisation.grounds with input as fixture.asked("/authorisation", order)
		with data.comity.agreements as fixture.agreed("/terms/0/requires", required)
}

test_no_order_needed if {
	_details({"type": "none", "valid": false}, ["case"]) == set()
	authorisation.loaded
}

test_order_given if {
	_details({"type": "prosecutor", "valid": true}, ["authorisation"]) == set()
	_details({"type": "judge", "valid": true}, ["judicial-authorisation"]) == set()
}

test_order_lacking if {
	_details({"type": "judge", "valid": false}, ["judicial-authorisation"]) == {"an order of court or judge"}
	_details({"type": "prosecutor", "valid": true}, ["judicial-authorisation"]) == {"an order of court or judge"}
	_details({"type": "none", "valid": true}, ["authorisation"]) == {"an order of court or judge or prosecutor"}
}
