package comity_test

import data.comity
import data.comity.fixture_test as fixture

test_permitted if {
	decision := comity.decision with input as fixture.question
		with data.comity.agreements as {"a": fixture.bilateral}
	decision.outcome == "permitted"
	decision.fault == null
}

test_malformed_input_is_refused if {
	decision := comity.decision with input as fixture.asked("/time", "1500")
		with data.comity.agreements as {"a": fixture.bilateral}
	fixture.codes(decision) == {"incomplete"}
	contains(decision.reasons[0].message, "time")
	decision.basis == null
}

test_no_agreement_is_refused if {
	decision := comity.decision with input as fixture.question with data.comity.agreements as {}
	fixture.codes(decision) == {"no_basis"}
	decision.basis == null
}

test_refused_by_rules if {
	decision := comity.decision with input as fixture.asked("/purpose", "statistics")
		with data.comity.agreements as {"a": fixture.bilateral}
	fixture.codes(decision) == {"purpose_incompatible"}
}

test_a_rule_that_is_not_loaded_refuses if {
	decision := comity.decision with input as fixture.question
		with data.comity.agreements as {"a": fixture.bilateral}
		with data.comity.expected as ["threshold", "absent", "missing"]
	decision.outcome == "refused"
	decision.fault == "rules not loaded: absent, missing"
	fixture.codes(decision) == {"technical_unavailable"}
}

test_a_national_module_that_is_not_loaded_refuses if {
	decision := comity.decision with input as fixture.question
		with data.comity.agreements as {"a": fixture.bilateral}
		with data.comity.expected_national as ["law"]
	decision.fault == "rules not loaded: national.law"
	fixture.codes(decision) == {"technical_unavailable"}
}

test_no_list_of_national_modules_refuses if {
	decision := comity.decision with input as fixture.question
		with data.comity.agreements as {"a": fixture.bilateral}
		with data.comity.expected_national as null
	fixture.codes(decision) == {"technical_unavailable"}
}

test_no_expected_rules_refuses if {
	decision := comity.decision with input as fixture.question
		with data.comity.agreements as {"a": fixture.bilateral}
		with data.comity.expected as []
	fixture.codes(decision) == {"technical_unavailable"}
}

test_undefined_parts_refuse if {
	decision := comity.decision with input as fixture.question
		with data.comity.agreements as {"a": object.remove(fixture.bilateral, {"revision"})}
	decision.outcome == "refused"
	decision.fault != null
}
