package comity.rules.assurances_test

import data.comity.fixture_test as fixture
import data.comity.rules.assurances

_count(kinds, given, agreements) := count(grounds) if {
	question := json.patch(fixture.question, [
		{"op": "replace", "path": "/offence/kinds", "value": kinds},
		{"op": "replace", "path": "/assurances", "value": given},
	])
	grounds := assurances.grounds with input as question with data.comity.agreements as agreements
}

test_no_assurance_needed if {
	_count([], [], {"a": fixture.bilateral}) == 0
	_count(["capital"], [], fixture.agreed("/assurances", [])) == 0
	assurances.loaded
}

test_assurance_given_or_lacking if {
	_count(["capital"], [_given({})], {"a": fixture.bilateral}) == 0
	_count(["capital"], [_given({"status": "verified"})], {"a": fixture.bilateral}) == 0
	_count(["capital"], [_given({"kind": "no-torture"})], {"a": fixture.bilateral}) == 1
	_count(["capital"], [_given({"status": "withdrawn"})], {"a": fixture.bilateral}) == 1
	_count(["capital"], [_given({"expires": 1500})], {"a": fixture.bilateral}) == 1
	_count(["capital"], [], {"a": fixture.bilateral}) == 1
}

test_every_occasion if {
	_count([], [], _needing("always")) == 1
	_count([], [], _needing("detained-witness")) == 0
	_count([], [], _needing("police-information")) == 1
	_count(["in-absentia"], [], _needing("in-absentia")) == 1
}

test_the_ground_says_which if {
	grounds := assurances.grounds with input as fixture.question with data.comity.agreements as _needing("always")
	{[ground.ground, ground.detail, ground.article] | some ground in grounds} == {[
		"assurance_missing",
		"safe-conduct",
		"Art. 20",
	]}
}

test_a_broken_agreement_is_never_assured if {
	_count([], [_given({})], fixture.agreed("/assurances", null)) == 1
	every odd in [null, {}, {"kind": "safe-conduct", "when": "always"}, {"when": "always", "article": "1"}] {
		_count([], [_given({})], fixture.agreed("/assurances", [odd])) == 1
	}
}

_given(changes) := object.union({"kind": "no-death-penalty", "status": "given", "expires": 1501}, changes)

_needing(occasion) := fixture.agreed(
	"/assurances",
	[{"kind": "safe-conduct", "when": occasion, "article": "Art. 20"}],
)
