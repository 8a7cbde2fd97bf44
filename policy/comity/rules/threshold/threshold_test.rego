package comity.rules.threshold_test

import data.comity.fixture_test as fixture
import data.comity.rules.threshold

_details(offence, least) := {ground.detail | some ground in grounds} if {
	grounds := threshold.grounds with input as fixture.asked("/offence", offence)
		with data.comity.agreements as fixture.agreed("/terms/0/offences/min_penalty_months", least)
}

test_reached if {
	_details({"present": true, "max_penalty_months": 12}, 12) == set()
	_details({"present": true, "max_penalty_months": 0}, 0) == set()
	threshold.loaded
}

test_below if {
	_details({"present": true, "max_penalty_months": 11}, 12) == {"12"}
}

test_without_an_offence_facts_refuses if {
	_details({"present": false, "max_penalty_months": 0}, 12) == set()
}

test_a_broken_threshold_is_never_reached if {
	_details({"present": true, "max_penalty_months": 60}, null) == {""}
	_details({"present": false, "max_penalty_months": 60}, null) == {""}
}

test_a_term_without_conditions_is_never_reached if {
	broken := object.remove(fixture.term, {"offences"})
	grounds := threshold.grounds with input as fixture.question
		with data.comity.agreements as {"a": object.union(fixture.bilateral, {"terms": [broken]})}
	count(grounds) == 1
}
