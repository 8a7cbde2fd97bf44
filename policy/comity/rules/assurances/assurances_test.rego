package comity.rules.assurances_test

import data.comity.fixture_test as fixture
import data.comity.rules.assurances

_count(kinds, given, agreements) := count(grounds) if {
	question := json.patch(fixture.question, [
		{"op": "replace", "path": "/offence/kinds", "value": kinds},
		{"op": "replace", "path": "/assurances", "value": given},
	])
	grounds := assurances.grounds with input as question with data.comity.agreements as agreements
}

test_no_assurance_needed if {
	_count([], [], {"a": fixture.bilateral}) == 0
	_count(["capital"], [], fixture.agreed("/refusals", {})) == 0
	assurances.loaded
}

test_assurance_given_or_lacking if {
	_count(["capital"], ["no-death-penalty"], {"a": fixture.bilateral}) == 0
	_count(["capital"], ["fair-trial"], {"a": fixture.bilateral}) == 1
	_count(["capital"], [], fixture.agreed("/refusals", null)) == 1
}
