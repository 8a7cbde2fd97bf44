# METADATA
# title: Special categories
# description: >-
#   Special categories of data leave only where the term gives them and strict necessity is stated (LED art. 10).
# schemas:
#   - input: schema["input.schema"]
package comity.rules.special

import data.comity.candidates

# METADATA
# title: Loaded
# description: Marks the rule as present.
loaded := true

# METADATA
# title: Grounds
# description: What stands against a candidate.
grounds contains {"candidate": key, "rule": "special", "ground": "special_not_shared", "detail": ""} if {
	some key, candidate in candidates.considered
	not _shared(candidate.term)
}

grounds contains {"candidate": key, "rule": "special", "ground": "necessity_not_stated", "detail": ""} if {
	some key, _ in candidates.considered
	not _necessary
}

# A list that is missing makes every category special.
_ordinary if {
	is_array(data.comity.vocabulary.special_categories)
	not input.category in data.comity.vocabulary.special_categories
}

_shared(term) if {
	_ordinary
	term.special in {"never", "strict"}
}

_shared(term) if term.special == "strict"

_necessary if _ordinary

_necessary if input.necessity == "strict"
