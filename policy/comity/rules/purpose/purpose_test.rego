package comity.rules.purpose_test

import data.comity.fixture_test as fixture
import data.comity.rules.purpose

_found(question, agreements) := {ground.ground | some ground in grounds} if {
	grounds := purpose.grounds with input as question with data.comity.agreements as agreements
}

test_allowed if {
	_found(fixture.question, {"a": fixture.bilateral}) == set()
	purpose.loaded
}

test_another_purpose if {
	_found(fixture.asked("/purpose", "statistics"), {"a": fixture.bilateral}) == {"purpose_incompatible"}
}

test_evidence if {
	_found(fixture.asked("/intended_use", "evidence"), {"a": fixture.bilateral}) == {"evidence_use"}
	_found(fixture.asked("/intended_use", "evidence"), fixture.agreed("/terms/0/obligations", [])) == set()
	_found(fixture.question, fixture.agreed("/terms/0/obligations", null)) == {"evidence_use"}
}

test_a_broken_term_allows_no_purpose if {
	agreements := {"a": object.union(fixture.bilateral, {"terms": [object.remove(fixture.term, {"purposes"})]})}
	_found(fixture.question, agreements) == {"purpose_incompatible"}
}
