package prove_test

import data.comity.fixture_test as fixture
import data.prove

_key := "a/persons"

_answers(ask, row) := found if {
	asked := {"ask": ask, "base": fixture.question, "key": _key, "rule": "threshold", "rows": [row]}
	found := prove.answers with input as asked with data.comity.agreements as {"a": fixture.bilateral}
}

test_grounds_of_one_rule if {
	_answers("grounds", {"facts": {"offence": {"max_penalty_months": 6}}}) == [{{
		"candidate": _key,
		"rule": "threshold",
		"ground": "threshold",
		"detail": "12",
	}}]
	_answers("grounds", {"facts": {}}) == [set()]
}

test_denials_of_one_national_module if {
	asked := {"ask": "national", "base": fixture.question, "key": _key, "rule": "m", "rows": [{"facts": {}}]}
	found := prove.answers with input as asked
		with data.comity.agreements as {"a": fixture.bilateral}
		with data.comity.expected_national as []
		with data.comity.national as {"m": {"deny": {{"code": "x"}}}}
	{ground.candidate | some ground in found[0]} == {_key}
}

test_candidates_at_hand_and_considered if {
	object.keys(_answers("candidates", {"facts": {}})[0]) == {_key}
	_answers("all", {"facts": {}}) == [{_key}]
	_answers("all", {"facts": {"basis": {"agreement": "b"}}}) == [set()]
	_answers("considered", {"facts": {}}) == [{_key}]
	_answers("countries", {"facts": {}}) == [["FI", "EE"]]
	_answers("countries", {"facts": {"direction": "outbound"}}) == [["EE", "FI"]]
}

test_triggers_and_roles if {
	_answers("fired", {"facts": {"subject": {"age_band": "minor"}}}) == [{"minor"}]
	_answers("roles", {"facts": {}, "fired": ["minor"]}) == [{"desk-officer"}]
	_answers("roles", {"facts": {}, "fired": []}) == [set()]
}

test_release_under_triggers if {
	_answers("release", {"facts": {}, "fired": []})[0].outcome == "permitted"
	_answers("release", {"facts": {}, "fired": ["minor"]})[0].outcome == "review"
}

test_rank_under_grounds if {
	ground := {"candidate": _key, "rule": "basis", "ground": "not_in_force", "detail": ""}
	array.slice(_answers("rank", {"facts": {}, "fired": [], "grounds": [ground]})[0], 0, 3) == [1, 1, 1]
	array.slice(_answers("rank", {"facts": {}, "fired": [], "grounds": []})[0], 0, 4) == [0, 0, 0, 0]
}

test_what_is_undefined_is_null if {
	every ask in ["grounds", "national", "candidates", "all", "considered", "countries", "fired", "roles", "release", "rank"] {
		asked := {"ask": ask, "base": fixture.question, "key": "no/such", "rule": "threshold", "rows": [{}]}
		found := prove.answers with input as asked with data.comity.agreements as {"a": fixture.bilateral}
		found == [null]
	}
}
