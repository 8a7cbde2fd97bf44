package comity.rules.national_test

import data.comity.fixture_test as fixture
import data.comity.rules.national

_found(question, agreements) := {ground.ground | some ground in grounds} if {
	grounds := national.grounds with input as question with data.comity.agreements as agreements
}

_details(question, agreements) := {ground.detail | some ground in grounds} if {
	grounds := national.grounds with input as question with data.comity.agreements as agreements
}

_usual := {"a": fixture.bilateral}

_denied(entries) := {[ground.ground, ground.detail, ground.article] | some ground in grounds} if {
	grounds := national.grounds with input as fixture.question
		with data.comity.agreements as _usual
		with data.comity.expected_national as ["law"]
		with data.comity.national as {"law": {"loaded": true, "deny": entries}}
}

test_no_module_denies_nothing if {
	national.loaded
	_found(fixture.question, _usual) == set()
	_details(fixture.question, _usual) == set()
	_denied(set()) == set()
}

test_what_a_module_denies_stands if {
	_denied({{"code": "press", "article": "s. 1", "detail": "papers"}}) == {["press", "papers", "s. 1"]}
	_denied({{"code": "press", "candidate": "a/persons"}}) == {["press", "", ""]}
	_denied({{"code": "press", "candidate": "b/persons"}}) == set()
}

test_an_odd_denial_stands_too if {
	_denied({"no"}) == {["national_law", "", ""]}
	_denied({{"code": "unheard of", "detail": 7, "article": null}}) == {["national_law", "", ""]}
	_denied({{"code": "press", "candidate": null}}) == {["press", "", ""]}
	_denied({{"code": "press", "candidate": 7}}) == {["press", "", ""]}
	_denied({{"code": "press", "candidate": "persons"}}) == {["press", "", ""]}
	_denied({{"code": "press", "candidate": "a/a slip of the pen"}}) == {["press", "", ""]}
	_denied({{"code": "press", "candidate": "another/persons"}}) == set()
}

test_a_denial_of_one_term_leaves_the_other if {
	two := [fixture.term, object.union(fixture.term, {"id": "more"})]
	grounds := national.grounds with input as fixture.question
		with data.comity.agreements as fixture.agreed("/terms", two)
		with data.comity.expected_national as ["law"]
		with data.comity.national as {"law": {"loaded": true, "deny": [{"code": "press", "candidate": "a/more"}]}}
	{ground.candidate | some ground in grounds} == {"a/more"}
}

test_a_module_without_a_list_of_denials_refuses if {
	every entries in [null, true, "no", {"code": "press"}] {
		["national_law", "", ""] in _denied(entries)
	}
}
