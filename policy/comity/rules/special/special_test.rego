package comity.rules.special_test

import data.comity.fixture_test as fixture
import data.comity.rules.special

_found(question, agreements) := {ground.ground | some ground in grounds} if {
	grounds := special.grounds with input as question with data.comity.agreements as agreements
}

_usual := {"a": fixture.bilateral}

test_allowed if {
	special.loaded
	_found(fixture.question, _usual) == set()
	_found(_dna("strict"), fixture.agreed("/terms/0/special", "strict")) == set()
}

test_refused if {
	_found(_dna("ordinary"), fixture.agreed("/terms/0/special", "strict")) == {"necessity_not_stated"}
	_found(_dna("strict"), _usual) == {"special_not_shared"}
	_found(fixture.question, fixture.agreed("/terms/0/special", null)) == {"special_not_shared"}
}

test_a_missing_list_makes_all_special if {
	grounds := special.grounds with input as fixture.question
		with data.comity.agreements as _usual
		with data.comity.vocabulary.special_categories as null
	{ground.ground | some ground in grounds} == {"special_not_shared", "necessity_not_stated"}
}

_dna(necessity) := object.union(fixture.question, {"category": "dna-profiles", "necessity": necessity})
