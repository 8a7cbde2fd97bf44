package comity.rules.facts_test

import data.comity.fixture_test as fixture
import data.comity.rules.facts

_found(question, agreements) := {[ground.ground, ground.detail] | some ground in grounds} if {
	grounds := facts.grounds with input as question with data.comity.agreements as agreements
}

test_all_stated if {
	_found(fixture.question, {"a": fixture.bilateral}) == set()
	facts.loaded
}

test_missing_facts_are_named if {
	question := json.patch(fixture.question, [
		{"op": "replace", "path": "/offence/present", "value": false},
		{"op": "replace", "path": "/case/present", "value": false},
		{"op": "replace", "path": "/nexus", "value": false},
	])
	_found(question, {"a": fixture.bilateral}) == {["incomplete", "case, offence"], ["no_nexus", ""]}
	_found(question, fixture.agreed("/terms/0/requires", [])) == {["incomplete", "offence"]}
}

test_no_offence_needed_without_conditions_on_it if {
	agreements := {"a": json.patch(fixture.bilateral, [
		{"op": "replace", "path": "/terms/0/requires", "value": ["judicial-authorisation"]},
		{"op": "replace", "path": "/terms/0/offences/min_penalty_months", "value": 0},
		{"op": "replace", "path": "/terms/0/offences/dual_criminality", "value": "not-required"},
	])}
	_found(fixture.asked("/offence/present", false), agreements) == set()
}

test_an_unknown_requirement_is_never_met if {
	_found(fixture.question, fixture.agreed("/terms/0/requires", ["blessing"])) == {["incomplete", "blessing"]}
}

test_a_broken_term_is_never_met if {
	agreements := {"a": object.union(fixture.bilateral, {"terms": [object.remove(fixture.term, {"requires"})]})}
	_found(fixture.question, agreements) == {["incomplete", "what the term requires"]}
}

test_an_odd_requirement_is_never_met if {
	_found(fixture.question, fixture.agreed("/terms/0/requires", [["x"], null])) == {["incomplete", ""]}
}
