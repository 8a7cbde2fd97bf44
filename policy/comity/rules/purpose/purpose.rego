# METADATA
# title: Purpose
# description: The purpose is one the term allows, and nothing given for intelligence is asked for as evidence.
# schemas:
#   - input: schema["input.schema"]
package comity.rules.purpose

import data.comity.candidates

# METADATA
# title: Loaded
# description: Marks the rule as present.
loaded := true

# METADATA
# title: Grounds
# description: What stands against a candidate.
grounds contains {"candidate": key, "rule": "purpose", "ground": "purpose_incompatible", "detail": ""} if {
	some key, candidate in candidates.considered
	not _agreed(candidate.term)
}

grounds contains {"candidate": key, "rule": "purpose", "ground": "evidence_use", "detail": ""} if {
	some key, candidate in candidates.considered
	not _use_allowed(candidate.term)
}

_agreed(term) if input.purpose in term.purposes

_use_allowed(term) if {
	input.intended_use == "intelligence"
	is_array(term.obligations)
}

_use_allowed(term) if {
	is_array(term.obligations)
	not "not-as-evidence" in term.obligations
}
