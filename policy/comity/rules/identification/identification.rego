# METADATA
# title: Identification
# description: >-
#   The person is identified as well as the term asks: an exact identifier, name and date, or name alone.
# schemas:
#   - input: schema["input.schema"]
package comity.rules.identification

import data.comity.candidates

# METADATA
# title: Loaded
# description: Marks the rule as present.
loaded := true

# METADATA
# title: Grounds
# description: What stands against a candidate.
grounds contains {
	"candidate": key,
	"rule": "identification",
	"ground": "weak_identification",
	"detail": _wanted(candidate.term),
} if {
	some key, candidate in candidates.considered
	not _enough(candidate.term)
}

_enough(term) if {
	rank := data.comity.vocabulary.identification
	every place in rank { is_number(place) }
	rank[input.identification] >= rank[term.identification]
}

_wanted(term) := object.get(term, "identification", "an identifier")
