# METADATA
# title: Reach
# description: >-
#   Individual cases only, unless the term says more: no fishing (Reg. (EU) 2024/982 art. 6(4)).
# schemas:
#   - input: schema["input.schema"]
package comity.rules.reach

import data.comity.candidates
import data.comity.words

# METADATA
# title: Loaded
# description: Marks the rule as present.
loaded := true

# METADATA
# title: Grounds
# description: What stands against a candidate.
grounds contains {"candidate": key, "rule": "reach", "ground": "no_fishing", "detail": _reach(candidate.term)} if {
	some key, candidate in candidates.considered
	not _within(candidate.term)
}

_within(term) if input.scope in term.scopes

_reach(term) := words.listed(" or ", term.scopes) if {
	is_array(term.scopes)
} else := "nobody"
