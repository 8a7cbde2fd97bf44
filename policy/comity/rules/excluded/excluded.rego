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
	every article in candidate.agreement.refusals { is_string(article) }
	not kind in candidate.term.offences.excluded
	not _code(kind) in object.keys(candidate.agreement.refusals)
}

# Terrorism and what else the parties named never counts as political (depoliticising clause).
_allowed("political", candidate) if input.offence.list_category in candidate.term.offences.carve_outs

# The refusal code that keeps a kind out of the whole agreement.
_code(kind) := "press" if {
	kind == "speech"
} else := kind

_ground(kind) := kind if {
	kind in {"political", "military"}
} else := "speech_offence" if {
	kind == "speech"
} else := "excluded_offence"
