# METADATA
# title: Automated questions
# description: A machine asks, or decides on the answer, only where the term allows it (LED art. 11).
# schemas:
#   - input: schema["input.schema"]
package comity.rules.automated

import data.comity.candidates

# METADATA
# title: Loaded
# description: Marks the rule as present.
loaded := true

# METADATA
# title: Grounds
# description: What stands against a candidate.
grounds contains {"candidate": key, "rule": "automated", "ground": "automated_question", "detail": ""} if {
	some key, candidate in candidates.considered
	not _allowed(candidate.term)
}

_allowed(term) if {
	input.automated == false
	term.automated in {"never", "review", "allow"}
}

_allowed(term) if term.automated in {"review", "allow"}
