package comity.rules.subject_test

import data.comity.fixture_test as fixture
import data.comity.rules.subject

_found(who, minors) := {[ground.ground, ground.detail] | some ground in grounds} if {
	grounds := subject.grounds with input as fixture.asked("/subject", object.union(fixture.question.subject, who))
		with data.comity.agreements as fixture.agreed("/terms/0/subjects/minors", minors)
}

test_covered if {
	_found({"category": "suspect", "age_band": "adult"}, "never") == set()
	_found({"category": "suspect", "age_band": "unknown"}, "never") == set()
	_found({"category": "suspect", "age_band": "minor"}, "review") == set()
	_found({"category": "suspect", "age_band": "minor"}, "allow") == set()
	subject.loaded
}

test_minors if {
	_found({"category": "suspect", "age_band": "minor"}, "never") == {["minor_or_victim_protection", "minors"]}
	_found({"category": "suspect", "age_band": "adult"}, "sometimes") == {["minor_or_victim_protection", "minors"]}
}

test_other_subjects if {
	_found({"category": "missing", "age_band": "adult"}, "never") == {["subject_not_covered", ""]}
	_found({"category": "victim", "age_band": "adult"}, "never") == {[
		"minor_or_victim_protection",
		"victims and witnesses",
	]}
}

test_vulnerable_persons if {
	question := fixture.asked("/subject/vulnerable", true)
	found := subject.grounds with input as question with data.comity.agreements as {"a": fixture.bilateral}
	{ground.ground | some ground in found} == {"vulnerable_person"}
	agreements := fixture.agreed("/terms/0/vulnerable", "review")
	count(subject.grounds) == 0 with input as question with data.comity.agreements as agreements
}

test_a_broken_term_covers_nobody if {
	broken := object.remove(fixture.term, {"subjects"})
	grounds := subject.grounds with input as fixture.question
		with data.comity.agreements as {"a": object.union(fixture.bilateral, {"terms": [broken]})}
	count(grounds) == 2
}
