package comity.explain_test

import data.comity.explain
import data.comity.fixture_test as fixture

_traced(question, agreements) := trace if {
	trace := explain.trace with input as question with data.comity.agreements as agreements
}

test_a_permission_has_no_grounds if {
	trace := _traced(fixture.question, {"a": fixture.bilateral})
	trace.nearest == "a/persons"
	trace.rules == sort(data.comity.expected)
	[entry] := trace.candidates
	entry.grounds == []
	entry.blocking == 0
	entry.basis.article == "Art. 4(1)"
	entry.disclosure == "core"
}

test_each_ground_names_its_rule_and_article if {
	trace := _traced(fixture.asked("/purpose", "statistics"), {"a": fixture.bilateral})
	[entry] := trace.candidates
	{[ground.rule, ground.code, ground.article] | some ground in entry.grounds} == {[
		"purpose",
		"purpose_incompatible",
		"Art. 4(1)",
	]}
}

test_who_decides_is_named if {
	[entry] := _traced(fixture.asked("/action", "query.follow_up"), {"a": fixture.bilateral}).candidates
	entry.human == ["judge"]
}

test_without_a_candidate if {
	trace := _traced(fixture.question, {})
	trace.nearest == ""
	trace.candidates == []
}
