package comity.release_test

import data.comity.fixture_test as fixture
import data.comity.release

_decided(question, agreements) := decision if {
	decision := release.decision("a/persons") with input as question with data.comity.agreements as agreements
}

test_the_whole_decision if {
	_decided(fixture.question, {"a": fixture.bilateral}) == {
		"outcome": "permitted",
		"disclosure": "core",
		"fields": ["birthDate", "name"],
		"withheld": [],
		"conditions": [
			{"attribute": "category", "operator": "eq", "value": "wanted-persons"},
			{"attribute": "minor", "operator": "ne", "value": true},
			{"attribute": "restricted", "operator": "eq", "value": false},
			{"attribute": "subject_category", "operator": "not_in", "value": ["victim", "witness"]},
		],
		"obligations": ["logging", "not-as-evidence", "onward-prior-consent", "specialty", "statistics"],
		"handling": ["H0", "H1", "H2"],
		"retention": "P180D",
		"limits": {"per_day": 200, "max_candidates": 10},
		"human": null,
		"reasons": [],
		"basis": {"agreement": "a", "revision": 3, "term": "persons", "article": "Art. 4(1)", "digest": "aa"},
		"fault": null,
	}
}

test_no_fields_below_core if {
	_decided(fixture.question, fixture.agreed("/terms/0/disclosure", {"query.search": "hit"})).fields == []
}

test_an_action_that_the_term_does_not_name_releases_nothing if {
	decision := _decided(fixture.asked("/action", "evidence.fetch"), {"a": fixture.bilateral})
	decision.disclosure == "none"
	decision.fields == []
}

test_a_named_human_reviews if {
	decision := _decided(fixture.asked("/action", "query.follow_up"), {"a": fixture.bilateral})
	decision.outcome == "review"
	decision.human == {"role": "judge", "deadline": "PT48H", "officers": 1}
}

test_minors_are_reviewed_by_the_desk if {
	question := json.patch(fixture.asked("/subject/age_band", "minor"), [{"op": "replace", "path": "/urgency", "value": "urgent"}])
	decision := _decided(question, {"a": fixture.bilateral})
	decision.outcome == "review"
	decision.human == {"role": "desk-officer", "deadline": "PT8H", "officers": 1}
	not {"attribute": "minor", "operator": "ne", "value": true} in decision.conditions
}

test_what_a_person_approved_is_permitted if {
	question := fixture.asked("/action", "query.follow_up")
	approved := {"state": "approved", "role": "judge", "ground": "", "officers": 1}
	_decided(object.union(question, {"review": approved}), {"a": fixture.bilateral}).outcome == "permitted"
	_decided(object.union(question, {"review": approved}), {"a": fixture.bilateral}).human == null
	another := object.union(approved, {"role": "desk-officer"})
	_decided(object.union(question, {"review": another}), {"a": fixture.bilateral}).outcome == "review"
	_decided(object.union(question, {"review": approved}), fixture.agreed("/terms/0/officers", 2)).outcome == "review"
	two := object.union(approved, {"officers": 2})
	_decided(object.union(question, {"review": two}), fixture.agreed("/terms/0/officers", 2)).outcome == "permitted"
}

test_what_is_asked_for_cuts_down if {
	ask := {"fields": ["name", "address"], "max_candidates": 3, "keep_days": 7}
	decision := _decided(fixture.asked("/ask", ask), {"a": fixture.bilateral})
	decision.fields == ["name"]
	decision.withheld == ["address"]
	decision.limits.max_candidates == 3
	decision.retention == "P7D"
}

test_our_own_question_needs_no_review if {
	question := object.union(fixture.asked("/subject/age_band", "minor"), {"direction": "outbound"})
	_decided(question, {"a": fixture.bilateral}).outcome == "permitted"
}

test_terms_that_allow_minors_and_victims if {
	subjects := {"categories": ["suspect", "victim", "witness"], "minors": "allow"}
	agreements := fixture.agreed("/terms/0/subjects", subjects)
	attributes := {row.attribute | some row in _decided(fixture.question, agreements).conditions}
	attributes == {"category", "restricted"}
}

test_an_action_without_a_level_has_none if {
	release.level(fixture.term) == 0 with input as fixture.asked("/action", "notice.publish")
	release.level(fixture.term) == 4 with input as fixture.question
}

test_nothing_is_decided_where_nobody_can_tell_who_must_decide if {
	odd := [
		["/terms/0/human", null],
		["/terms/0/human", {"query.follow_up": "nobody"}],
		["/terms/0/review", null],
		["/terms/0/review", [{"when": "minor"}]],
		["/terms/0/review", [{"role": "judge"}]],
		["/terms/0/review", [{"when": "minor", "role": "nobody"}]],
		["/terms/0/officers", null],
	]
	every change in odd { not _decided(fixture.question, fixture.agreed(change[0], change[1])) }
}

test_nothing_is_decided_where_nobody_knows_who_is_protected if {
	not release.decision("a/persons") with input as fixture.question
		with data.comity.agreements as {"a": fixture.bilateral}
		with data.comity.vocabulary.protected_subjects as null
}
