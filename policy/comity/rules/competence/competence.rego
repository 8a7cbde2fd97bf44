# METADATA
# title: Competence
# description: The asking authority and role are named, and belong to the country that asks.
# schemas:
#   - input: schema["input.schema"]
package comity.rules.competence

import data.comity.candidates

# METADATA
# title: Loaded
# description: Marks the rule as present.
loaded := true

# METADATA
# title: Grounds
# description: What stands against a candidate.
grounds contains {"candidate": key, "rule": "competence", "ground": "not_competent", "detail": ""} if {
	some key, candidate in candidates.considered
	not _competent(candidate)
}

_competent(candidate) if {
	input.requester.country == candidates.requester
	input.requester.authority in candidate.agreement.authorities[candidates.requester]
	input.requester.role in candidate.term.roles
}
