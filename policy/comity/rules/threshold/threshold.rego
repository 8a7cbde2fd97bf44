# METADATA
# title: Threshold
# description: The offence may be punished as severely as the term asks. Without an offence `facts` refuses.
# schemas:
#   - input: schema["input.schema"]
package comity.rules.threshold

import data.comity.candidates

# METADATA
# title: Loaded
# description: Marks the rule as present.
loaded := true

# METADATA
# title: Grounds
# description: What stands against a candidate.
grounds contains {"candidate": key, "rule": "threshold", "ground": "threshold", "detail": _months(candidate.term)} if {
	some key, candidate in candidates.considered
	not _reached(candidate.term)
}

_reached(term) if {
	is_number(term.offences.min_penalty_months)
	input.offence.present == false
}

_reached(term) if {
	is_number(term.offences.min_penalty_months)
	input.offence.max_penalty_months >= term.offences.min_penalty_months
}

_months(term) := format_int(term.offences.min_penalty_months, 10) if {
	is_number(term.offences.min_penalty_months)
} else := ""
