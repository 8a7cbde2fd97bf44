# METADATA
# title: Procedure
# description: >-
#   The procedure asked for is one that the term follows, and the request can be kept as secret as it asks.
# schemas:
#   - input: schema["input.schema"]
package comity.rules.procedure

import data.comity.candidates

# METADATA
# title: Loaded
# description: Marks the rule as present.
loaded := true

# METADATA
# title: Grounds
# description: What stands against a candidate.
grounds contains {"candidate": key, "rule": "procedure", "ground": "special_procedure", "detail": ""} if {
	some key, candidate in candidates.considered
	not _followed(candidate.term)
}

grounds contains {"candidate": key, "rule": "procedure", "ground": "cannot_keep_secret", "detail": ""} if {
	some key, candidate in candidates.considered
	not _secret(candidate.term)
}

_followed(term) if input.procedure in term.procedures

_secret(term) if {
	input.confidential == false
	term.confidentiality in {"honour", "ask-first", "refuse"}
}

_secret(term) if term.confidentiality in {"honour", "ask-first"}
