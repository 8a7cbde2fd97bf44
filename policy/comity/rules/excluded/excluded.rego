# METADATA
# title: Excluded offences
# description: >-
#   The offence is of no kind that the term excludes or that the agreement keeps as a ground of refusal. A fiscal
#   offence is excluded only where the parties said so.
# schemas:
#   - input: schema["input.schema"]
package comity.rules.excluded

import data.comity.candidates

# METADATA
# title: Loaded
# description: Marks the rule as present.
loaded := true

# METADATA
# title: Grounds
# description: What stands against a candidate.
grounds contains {"candidate": key, "rule": "excluded", "ground": _ground(kind), "detail": ""} if {
	some key, candidate in candidates.considered
	some kind in input.offence.kinds
	not _allowed(kind, candidate)
}

_allowed(kind, candidate) if {
	is_array(candidate.term.offences.excluded)
	is_object(candidate.agreement.refusals)
	not kind in candidate.term.offences.excluded
	not kind in object.keys(candidate.agreement.refusals)
}

_ground(kind) := kind if {
	kind in {"political", "military"}
} else := "excluded_offence"
