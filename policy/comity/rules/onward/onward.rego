# METADATA
# title: Onward transfer
# description: >-
#   Who means to pass the answer on asks under an agreement that allows it; prior consent is a person's to give (LED
#   art. 35(1)(e)).
# schemas:
#   - input: schema["input.schema"]
package comity.rules.onward

import data.comity.candidates

# METADATA
# title: Loaded
# description: Marks the rule as present.
loaded := true

# METADATA
# title: Grounds
# description: What stands against a candidate.
grounds contains {"candidate": key, "rule": "onward", "ground": "onward_prohibited", "detail": ""} if {
	some key, candidate in candidates.considered
	not _allowed(candidate.agreement)
}

_allowed(agreement) if {
	input.onward == false
	data.comity.vocabulary.onward[agreement.onward_transfer]
}

_allowed(agreement) if agreement.onward_transfer in {"prior-consent", "permitted"}
