# METADATA
# title: Review
# description: A person at the country asked refused, on a ground of the catalogue.
# schemas:
#   - input: schema["input.schema"]
package comity.rules.review

import data.comity.candidates

# METADATA
# title: Loaded
# description: Marks the rule as present.
loaded := true

# METADATA
# title: Grounds
# description: What stands against a candidate.
grounds contains {"candidate": key, "rule": "review", "ground": _ground, "detail": ""} if {
	some key, _ in candidates.considered
	not input.review.state in {"none", "approved"}
}

_ground := input.review.ground if {
	data.comity.catalogue.grounds[input.review.ground]
} else := "not_available"
