# METADATA
# title: Undertakings
# description: >-
#   The asker accepts every duty that agreement and term ask for; accepted conditions bind (Budapest art. 28(3)).
# schemas:
#   - input: schema["input.schema"]
package comity.rules.undertakings

import data.comity.candidates
import data.comity.release
import data.comity.words

# METADATA
# title: Loaded
# description: Marks the rule as present.
loaded := true

# METADATA
# title: Grounds
# description: What stands against a candidate.
grounds contains {
	"candidate": key,
	"rule": "undertakings",
	"ground": "undertaking_missing",
	"detail": words.listed(", ", _open(candidate)),
} if {
	some key, candidate in candidates.considered
	not _accepted(candidate)
}

_accepted(candidate) if {
	is_array(candidate.agreement.undertakings)
	is_array(candidate.term.undertakings)
	count(_open(candidate)) == 0
}

_open(candidate) := {duty |
	some duty in release.undertakings(candidate)
	not duty in input.undertakings
}
