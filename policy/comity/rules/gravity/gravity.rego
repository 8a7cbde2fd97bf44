# METADATA
# title: Gravity
# description: >-
#   The case is as grave as the term asks, and the offence is of the scope that it asks (UNTOC arts. 2, 3, 13(7)).
# schemas:
#   - input: schema["input.schema"]
package comity.rules.gravity

import data.comity.candidates
import data.comity.words

# METADATA
# title: Loaded
# description: Marks the rule as present.
loaded := true

# METADATA
# title: Grounds
# description: What stands against a candidate.
grounds contains {"candidate": key, "rule": "gravity", "ground": "not_grave", "detail": ""} if {
	some key, candidate in candidates.considered
	not _grave(candidate.term)
}

grounds contains {
	"candidate": key,
	"rule": "gravity",
	"ground": "offence_scope",
	"detail": words.listed(", ", _lacking(candidate.term)),
} if {
	some key, candidate in candidates.considered
	not _in_scope(candidate.term)
}

_grave(term) if {
	gravity := data.comity.vocabulary.gravity
	every place in gravity { is_number(place) }
	gravity[input.offence.gravity] >= gravity[term.offences.min_gravity]
}

_in_scope(term) if {
	is_array(term.offences.requires)
	count(_lacking(term)) == 0
}

_lacking(term) := {part |
	some part in term.offences.requires
	not input.offence[part] == true
}
