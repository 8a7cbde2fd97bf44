package comity.form_test

import data.comity.fixture_test as fixture
import data.comity.form

test_a_sound_question if {
	count(form.problems) == 0 with input as fixture.question
}

test_an_empty_question_lacks_every_fact if {
	count(form.problems) == count(data.comity.vocabulary.input) with input as {}
}

test_no_object_at_all if {
	count(form.problems) > 0 with input as "question"
}

test_unknown_keys if {
	form.problems == {"an unknown key"} with input as fixture.asked("/name", "x")
	form.problems == {"offence.an unknown key"} with input as fixture.asked("/offence/name", "x")
}

test_wrong_kinds[path] if {
	some path, value in {
		"action": 1,
		"nexus": "true",
		"time": -1,
		"direction": "sideways",
		"assurances": [1],
		"urgency": null,
	}
	form.problems == {path} with input as fixture.asked(concat("", ["/", path]), value)
}

test_rows if {
	row := {"kind": "no-torture", "status": "given", "expires": 1}
	count(form.problems) == 0 with input as fixture.asked("/assurances", [row])
	form.problems == {"assurances"} with input as fixture.asked("/assurances", [object.union(row, {"x": 1})])
	form.problems == {"assurances"} with input as fixture.asked("/assurances", [object.union(row, {"status": "no"})])
	form.problems == {"assurances"} with input as fixture.asked("/assurances", {})
	form.problems == {"assurances"} with input as fixture.asked("/assurances", ["no-torture"])
}

test_wrong_kinds_inside[path] if {
	some path, value in {"dual_criminal": "yes", "max_penalty_months": 1e13, "kinds": ["politcal"], "present": 1}
	expected := concat(".", ["offence", path])
	form.problems == {expected} with input as fixture.asked(concat("", ["/offence/", path]), value)
}
