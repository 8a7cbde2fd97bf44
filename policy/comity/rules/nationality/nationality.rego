# METADATA
# title: Nationality
# description: The term covers nationals of this country, as seen from the country asked.
# schemas:
#   - input: schema["input.schema"]
package comity.rules.nationality

import data.comity.candidates

# METADATA
# title: Loaded
# description: Marks the rule as present.
loaded := true

# METADATA
# title: Grounds
# description: What stands against a candidate.
grounds contains {"candidate": key, "rule": "nationality", "ground": "nationality_not_covered", "detail": ""} if {
	some key, candidate in candidates.considered
	not _covered(candidate.term)
}

_covered(term) if input.subject.nationality in term.nationalities
