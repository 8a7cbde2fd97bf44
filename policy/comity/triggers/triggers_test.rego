package comity.triggers_test

import data.comity.fixture_test as fixture
import data.comity.triggers

_candidate(changes) := {"name": "a", "agreement": fixture.bilateral, "term": object.union(fixture.term, changes)}

_role(question, changes) := role if {
	role := triggers.role(_candidate(changes)) with input as question
}

_when(word) := {"review": [{"when": word, "role": "minister"}]}

test_nobody_decides_where_nothing_asks if {
	count(triggers.roles(_candidate({}))) == 0 with input as fixture.question
	not _role(fixture.question, {})
	not _role(fixture.question, {"review": [{"when": "minor", "role": "minister"}]})
}

test_a_desk_officer_where_the_text_names_none if {
	_role(fixture.asked("/subject/age_band", "minor"), {}) == "desk-officer"
	_role(fixture.asked("/subject/vulnerable", true), {"vulnerable": "review"}) == "desk-officer"
	_role(fixture.asked("/automated", true), {"automated": "review"}) == "desk-officer"
	_role(fixture.asked("/confidential", true), {"confidentiality": "ask-first"}) == "desk-officer"
	_role(fixture.asked("/onward", true), {}) == "desk-officer"
}

test_the_highest_role_decides if {
	_role(fixture.asked("/action", "query.follow_up"), {}) == "judge"
	question := object.union(fixture.asked("/action", "query.follow_up"), {"onward": true})
	_role(question, {"review": [{"when": "onward-transfer", "role": "prosecutor"}]}) == "judge"
}

test_each_trigger if {
	_role(fixture.asked("/subject/nationality", "provider"), _when("own-national")) == "minister"
	_role(fixture.asked("/intended_use", "evidence"), _when("evidence-use")) == "minister"
	_role(fixture.asked("/offence/kinds", ["state-security"]), _when("state-security")) == "minister"
	_role(fixture.asked("/offence/kinds", ["political"]), _when("political-carve-out")) == "minister"
	_role(fixture.asked("/category", "dna-profiles"), _when("special-category")) == "minister"
	_role(fixture.asked("/scope", "group"), _when("group")) == "minister"
}
