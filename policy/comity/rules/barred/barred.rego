# METADATA
# title: Bars to prosecution
# description: >-
#   Limitation, amnesty, a final judgment or proceedings elsewhere refuse where the agreement keeps the ground.
# schemas:
#   - input: schema["input.schema"]
package comity.rules.barred

import data.comity.candidates

# METADATA
# title: Loaded
# description: Marks the rule as present.
loaded := true

# METADATA
# title: Grounds
# description: What stands against a candidate.
grounds contains {"candidate": key, "rule": "barred", "ground": _ground, "detail": ""} if {
	some key, candidate in candidates.considered
	not _open(candidate.agreement)
}

_open(agreement) if {
	is_object(agreement.refusals)
	every article in agreement.refusals { is_string(article) }
	input.offence.bar == "none"
}

_open(agreement) if {
	is_object(agreement.refusals)
	every article in agreement.refusals { is_string(article) }
	code := data.comity.vocabulary.bars[input.offence.bar]
	is_string(code)
	not code in object.keys(agreement.refusals)
}

_ground := "final_judgment" if {
	data.comity.vocabulary.bars[input.offence.bar] == "bis_in_idem"
} else := "barred_offence"
