# METADATA
# title: Basis
# description: The agreement is the text that was named, in force and not suspended, and the peer is trusted.
# schemas:
#   - input: schema["input.schema"]
package comity.rules.basis

import data.comity.candidates

# METADATA
# title: Loaded
# description: Marks the rule as present.
loaded := true

# METADATA
# title: Grounds
# description: What stands against a candidate.
grounds contains {"candidate": key, "rule": "basis", "ground": ground, "detail": ""} if {
	some key, candidate in candidates.considered
	some ground in _against(candidate.agreement)
}

_against(agreement) := {ground |
	some ground, stands in {
		"other_text": _other_text(agreement),
		"not_in_force": _not_yet(agreement),
		"agreement_expired": _over(agreement),
		"agreement_suspended": _suspended(agreement),
		"peer_suspended": _peer_suspended,
	}
	stands
}

_other_text(agreement) := false if {
	input.basis.digest == ""
	is_string(agreement.digest)
} else := false if {
	input.basis.digest == agreement.digest
} else := true

_not_yet(agreement) := false if {
	is_number(agreement.from)
	input.time >= agreement.from
} else := true

_over(agreement) := false if {
	is_number(agreement.until)
	input.time < agreement.until
} else := true

_suspended(agreement) := false if {
	agreement.suspended == false
	is_array(agreement.suspended_by)
	not candidates.provider in agreement.suspended_by
	not candidates.requester in agreement.suspended_by
} else := true

default _peer_suspended := true

_peer_suspended := false if input.peer.trust == "active"
