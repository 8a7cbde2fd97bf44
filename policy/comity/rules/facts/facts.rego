# METADATA
# title: Facts
# description: >-
#   The question states what the term requires. An offence is required as well wherever the term sets a condition
#   on it, so that threshold and dual criminality always have something to judge.
# schemas:
#   - input: schema["input.schema"]
package comity.rules.facts

import data.comity.candidates
import data.comity.words

# METADATA
# title: Loaded
# description: Marks the rule as present.
loaded := true

# METADATA
# title: Grounds
# description: What stands against a candidate.
grounds contains {"candidate": key, "rule": "facts", "ground": "incomplete", "detail": words.listed(", ", missing)} if {
	some key, candidate in candidates.considered
	missing := {fact |
		some fact in _required(candidate.term)
		fact != "nexus"
		not _stated(fact)
	}
	count(missing) > 0
}

grounds contains {"candidate": key, "rule": "facts", "ground": "incomplete", "detail": "what the term requires"} if {
	some key, candidate in candidates.considered
	not _known(candidate.term)
}

grounds contains {"candidate": key, "rule": "facts", "ground": "no_nexus", "detail": ""} if {
	some key, candidate in candidates.considered
	"nexus" in _required(candidate.term)
	not _stated("nexus")
}

_known(term) if is_array(term.requires)

# A required fact that this library does not know is never stated; orders are judged by `authorisation`.
_required(term) := {fact |
	some fact in term.requires
	not data.comity.vocabulary.orders[fact]
} | _implied(term)

_implied(term) := set() if {
	term.offences.min_penalty_months == 0
	term.offences.dual_criminality == "not-required"
} else := {"offence"}

_stated(fact) if object.get(input, data.comity.vocabulary.facts[fact], false) == true
