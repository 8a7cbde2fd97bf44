package comity.refusal_test

import data.comity.fixture_test as fixture
import data.comity.refusal

_refused(question, agreements) := decision if {
	decision := refusal.of_candidate("a/persons") with input as question
		with data.comity.agreements as agreements
		with data.comity.offences as fixture.offences
}

test_every_ground_with_article_and_remedy if {
	question := json.patch(fixture.question, [
		{"op": "replace", "path": "/purpose", "value": "statistics"},
		{"op": "replace", "path": "/offence/max_penalty_months", "value": 6},
		{"op": "replace", "path": "/peer/trust", "value": "suspended"},
	])
	decision := _refused(question, {"a": fixture.bilateral})
	fixture.codes(decision) == {"agreement_suspended", "dual_crim", "purpose_incompatible", "threshold"}
	fixture.articles(decision) == {"Art. 4(1)", "Art. 4(2)", "Treaty of 2026"}
	every reason in decision.reasons { reason.remedy != "" }
	decision.basis.agreement == "a"
	decision.disclosure == "none"
}

test_an_article_left_empty_falls_back_to_the_term if {
	decision := _refused(fixture.asked("/offence/kinds", ["military"]), fixture.agreed("/refusals", {"military": ""}))
	fixture.codes(decision) == {"military"}
	fixture.articles(decision) == {"Art. 4(1)"}
}

test_the_article_of_the_ground_itself_comes_first if {
	decision := _refused(fixture.asked("/offence/kinds", ["capital"]), {"a": fixture.bilateral})
	fixture.codes(decision) == {"death_penalty_no_assurance"}
	fixture.articles(decision) == {"Art. 7(4)"}
}

test_without_a_candidate if {
	decision := refusal.without_candidate("malformed", "time")
	decision.reasons[0].code == "incomplete"
	decision.reasons[0].article != ""
	decision.basis == null
}

test_every_code_has_a_ground if {
	every name, entry in data.comity.catalogue.grounds {
		entry.side in {"requester", "provider"}
		entry.slot in {"term", "instrument", "none", "policy"}
		entry.message != ""
		entry.remedy != ""
		data.comity.catalogue.grounds[entry.code].code == entry.code
		name != ""
	}
}
