# METADATA
# title: Assistance
# description: >-
#   The term gives this type of assistance. Arrest, enforcement of sentences and transfer of proceedings are never
#   given here (UN Model Treaty art. 1(3)).
# schemas:
#   - input: schema["input.schema"]
package comity.rules.assistance

import data.comity.candidates

# METADATA
# title: Loaded
# description: Marks the rule as present.
loaded := true

# METADATA
# title: Grounds
# description: What stands against a candidate.
grounds contains {"candidate": key, "rule": "assistance", "ground": "assistance_not_given", "detail": ""} if {
	some key, candidate in candidates.considered
	not _given(candidate.term)
}

_given(term) if {
	input.assistance in term.assistance
	is_array(data.comity.vocabulary.excluded_assistance)
	not input.assistance in data.comity.vocabulary.excluded_assistance
}
