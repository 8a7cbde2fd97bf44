# METADATA
# title: Assurances
# description: Where the agreement keeps the ground, a capital offence needs the assurance that no one is executed.
# schemas:
#   - input: schema["input.schema"]
package comity.rules.assurances

import data.comity.candidates

# METADATA
# title: Loaded
# description: Marks the rule as present.
loaded := true

# METADATA
# title: Grounds
# description: What stands against a candidate.
grounds contains {
	"candidate": key,
	"rule": "assurances",
	"ground": "death_penalty_no_assurance",
	"detail": "",
} if {
	some key, candidate in candidates.considered
	not _safe(candidate.agreement)
}

_safe(_) if not "capital" in input.offence.kinds

_safe(_) if "no-death-penalty" in input.assurances

_safe(agreement) if {
	is_object(agreement.refusals)
	not "death_penalty_no_assurance" in object.keys(agreement.refusals)
}
