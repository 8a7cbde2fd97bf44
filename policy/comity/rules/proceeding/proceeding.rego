# METADATA
# title: Proceeding
# description: The term serves this kind of proceeding, this aim and this urgency.
# schemas:
#   - input: schema["input.schema"]
package comity.rules.proceeding

import data.comity.candidates

# METADATA
# title: Loaded
# description: Marks the rule as present.
loaded := true

# METADATA
# title: Grounds
# description: What stands against a candidate.
grounds contains {"candidate": key, "rule": "proceeding", "ground": "proceeding_not_covered", "detail": ""} if {
	some key, candidate in candidates.considered
	not _served(candidate.term)
}

grounds contains {"candidate": key, "rule": "proceeding", "ground": "urgency_not_served", "detail": ""} if {
	some key, candidate in candidates.considered
	not _in_time(candidate.term)
}

_served(term) if {
	input.case.proceeding in term.proceedings
	input.aim in term.aims
}

_in_time(term) if input.urgency in term.urgencies
