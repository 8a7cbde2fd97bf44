# METADATA
# title: Transfer basis
# description: >-
#   The basis of the transfer: a derogation serves one urgent, strictly necessary case (LED arts. 36-38).
# schemas:
#   - input: schema["input.schema"]
package comity.rules.transfer

import data.comity.candidates

# METADATA
# title: Loaded
# description: Marks the rule as present.
loaded := true

# METADATA
# title: Grounds
# description: What stands against a candidate.
grounds contains {"candidate": key, "rule": "transfer", "ground": "no_transfer_basis", "detail": ""} if {
	some key, candidate in candidates.considered
	not _based(candidate.agreement)
}

_based(agreement) if agreement.transfer.basis in {"intra-union", "adequacy", "safeguards"}

_based(agreement) if {
	agreement.transfer.basis == "derogation"
	input.urgency == "urgent"
	input.necessity == "strict"
	input.scope == "individual"
}
