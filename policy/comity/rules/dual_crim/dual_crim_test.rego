package comity.rules.dual_crim_test

import data.comity.fixture_test as fixture
import data.comity.rules.dual_crim

_details(offence, rule) := {ground.detail | some ground in grounds} if {
	base := object.union(fixture.question.offence, {"list_category": ""})
	offences := object.union(fixture.term.offences, {"dual_criminality": rule})
	grounds := dual_crim.grounds with input as fixture.asked("/offence", object.union(base, offence))
		with data.comity.agreements as fixture.agreed("/terms/0/offences", offences)
		with data.comity.offences as fixture.offences
		with data.comity.mappings as {"EE": {"FI": {"EE:209": ["FI:36-1"], "EE:1": ["FI:99"], "EE:3": []}}}
}

_listed := ", and it is not a list offence with a maximum penalty of at least 36 months"

test_not_required if {
	_details({}, "not-required") == set()
	dual_crim.loaded
}

test_list_offence if {
	_details({"list_category": "fraud", "max_penalty_months": 36}, "unless-listed") == set()
	_details({"list_category": "fraud", "max_penalty_months": 35}, "unless-listed") == {_listed}
	_details({"list_category": "fraud", "max_penalty_months": 60}, "required") == {""}
	_details({"list_category": "cheating", "max_penalty_months": 60}, "unless-listed") == {_listed}
}

test_punishable_where_asked if {
	_details({"iccs": "0502"}, "required") == set()
	_details({"list_category": "murder"}, "required") == set()
	_details({"iccs": "0601"}, "unless-listed") == {_listed}
}

test_a_statute_that_the_two_tables_set_side_by_side if {
	_details({"code": "EE:209"}, "required") == set()
	_details({"code": "EE:1"}, "required") == {""}
	_details({"code": "EE:2"}, "required") == {""}
}

test_a_statute_that_the_tables_know_is_judged_by_conduct_and_not_by_class if {
	_details({"code": "EE:3", "iccs": "0502", "list_category": "murder"}, "required") == {""}
	_details({"code": "EE:2", "iccs": "0502"}, "required") == set()
	_details({"code": "EE:209", "iccs": "0601"}, "required") == set()
}

test_a_claim_alone_does_not_suffice_but_a_denial_does if {
	_details({"iccs": "0601", "dual_criminal": true}, "required") == {""}
	_details({"iccs": "0502", "dual_criminal": true}, "required") == set()
	_details({"iccs": "0502", "dual_criminal": false}, "required") == {""}
}

test_without_an_offence_facts_refuses if {
	_details({"present": false}, "required") == set()
}

test_an_unknown_rule_is_never_satisfied if {
	_details({"iccs": "0502"}, "sometimes") == {""}
	_details({"present": false}, "sometimes") == {""}
}

test_a_country_without_a_table_knows_no_offence if {
	grounds := dual_crim.grounds with input as fixture.asked("/offence/list_category", "")
		with data.comity.agreements as {"a": fixture.bilateral}
		with data.comity.offences as {}
	count(grounds) == 1
}

test_a_term_without_conditions_is_never_satisfied if {
	broken := object.remove(fixture.term, {"offences"})
	grounds := dual_crim.grounds with input as fixture.question
		with data.comity.agreements as {"a": object.union(fixture.bilateral, {"terms": [broken]})}
	count(grounds) == 1
}
