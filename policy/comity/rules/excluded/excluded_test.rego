package comity.rules.excluded_test

import data.comity.fixture_test as fixture
import data.comity.rules.excluded

_found(kinds, agreements) := {ground.ground | some ground in grounds} if {
	grounds := excluded.grounds with input as fixture.asked("/offence/kinds", kinds)
		with data.comity.agreements as agreements
}

test_ordinary_offences if {
	_found([], {"a": fixture.bilateral}) == set()
	_found(["fiscal", "capital"], {"a": fixture.bilateral}) == set()
	excluded.loaded
}

test_excluded_by_term_or_agreement if {
	_found(["political"], {"a": fixture.bilateral}) == {"political"}
	_found(["military"], {"a": fixture.bilateral}) == {"military"}
	_found(["fiscal"], fixture.agreed("/terms/0/offences/excluded", ["fiscal"])) == {"excluded_offence"}
}

test_free_speech_where_the_ground_is_kept if {
	_found(["speech"], {"a": fixture.bilateral}) == set()
	_found(["speech"], fixture.agreed("/refusals", {"press": "Art. 8"})) == {"speech_offence"}
}

test_what_never_counts_as_political if {
	_found(["political"], fixture.agreed("/terms/0/offences/carve_outs", ["fraud"])) == set()
	_found(["political"], fixture.agreed("/terms/0/offences/carve_outs", ["terrorism"])) == {"political"}
}

test_a_broken_agreement_allows_no_kind if {
	_found(["fiscal"], fixture.agreed("/refusals", null)) == {"excluded_offence"}
	_found(["fiscal"], fixture.agreed("/terms/0/offences/excluded", null)) == {"excluded_offence"}
}
