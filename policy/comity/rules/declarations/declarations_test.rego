package comity.rules.declarations_test

import data.comity.fixture_test as fixture
import data.comity.rules.declarations

_found(question, agreements) := {ground.ground | some ground in grounds} if {
	grounds := declarations.grounds with input as question with data.comity.agreements as agreements
}

_details(question, agreements) := {ground.detail | some ground in grounds} if {
	grounds := declarations.grounds with input as question with data.comity.agreements as agreements
}

_usual := {"a": fixture.bilateral}

_declared(values) := fixture.agreed("/declarations", [object.union({"party": "FI", "article": "Decl. FI"}, values)])

test_allowed if {
	declarations.loaded
	_found(fixture.question, _usual) == set()
	_found(fixture.question, _declared({})) == set()
	_found(fixture.question, _declared({"party": "EE", "excluded_categories": ["wanted-persons"]})) == set()
	_found(fixture.question, _declared({"min_penalty_months": 60})) == set()
	_found(fixture.asked("/subject/nationality", "third"), _declared({"own_nationals": "never"})) == set()
}

test_refused if {
	_found(fixture.question, _declared({"excluded_categories": ["wanted-persons"]})) == {"declared_category"}
	_found(fixture.asked("/offence/kinds", ["fiscal"]), _declared({"excluded_kinds": ["fiscal"]})) == {"declared_kind"}
	_found(fixture.question, _declared({"min_penalty_months": 61})) == {"declared_threshold"}
	_details(fixture.question, _declared({"min_penalty_months": 61})) == {"61"}
	_found(fixture.asked("/subject/nationality", "provider"), _declared({"own_nationals": "never"})) == {"declared_nationals"}
	_found(fixture.question, _declared({"own_nationals": "never"})) == {"declared_nationals"}
	_found(fixture.question, fixture.agreed("/declarations", null)) == {"declared_category"}
}

test_no_offence_is_no_way_around_a_declared_threshold if {
	nothing := object.union(fixture.question.offence, {"present": false, "max_penalty_months": 0})
	_found(fixture.asked("/offence", nothing), _declared({"min_penalty_months": 12})) == {"declared_threshold"}
	_found(fixture.asked("/offence", nothing), _declared({"min_penalty_months": 0})) == set()
	_found(fixture.asked("/offence", nothing), _declared({})) == set()
	missed := object.union(fixture.question, {"offence": nothing, "purpose": "missing-person-search"})
	_found(missed, _declared({"min_penalty_months": 12})) == set()
}

test_a_declaration_that_cannot_be_read_refuses if {
	odd := [
		{},
		{"party": "FI"},
		{"party": "XX", "article": "1"},
		{"party": null, "article": "1"},
		{"party": "EE", "article": 1},
		{"party": "EE", "article": "1", "excluded_categories": null},
		{"party": "EE", "article": "1", "excluded_kinds": "fiscal"},
		{"party": "EE", "article": "1", "min_penalty_months": null},
		{"party": "EE", "article": "1", "own_nationals": "Never"},
		"never",
	]
	every declaration in odd {
		"declared_category" in _found(fixture.question, fixture.agreed("/declarations", [declaration]))
	}
}
