# METADATA
# title: Reciprocity
# description: Where the agreement asks for reciprocity, a peer that withholds its own side is refused.
# schemas:
#   - input: schema["input.schema"]
package comity.rules.reciprocity

import data.comity.candidates

# METADATA
# title: Loaded
# description: Marks the rule as present.
loaded := true

# METADATA
# title: Grounds
# description: What stands against a candidate.
grounds contains {"candidate": key, "rule": "reciprocity", "ground": "no_reciprocity", "detail": ""} if {
	some key, candidate in candidates.considered
	not _kept(candidate.agreement)
}

_kept(agreement) if agreement.reciprocity == "not-required"

_kept(agreement) if {
	agreement.reciprocity == "required"
	input.peer.reciprocity == "given"
}
