# METADATA
# title: Assurances
# description: >-
#   Each assurance that the agreement asks for is held: signed, not withdrawn or breached, not run out (UN Model
#   Treaty on Extradition arts. 3(f)-(g), 4(d)). Where the ground on the death penalty is kept, a capital offence
#   needs the assurance that no one is executed.
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
	"ground": _ground(needed),
	"detail": needed.kind,
	"article": needed.article,
} if {
	some key, candidate in candidates.considered
	some needed in candidate.agreement.assurances
	not _off(needed)
	not _held(needed)
}

grounds contains {
	"candidate": key,
	"rule": "assurances",
	"ground": "assurance_missing",
	"detail": "what the agreement asks for",
	"article": "",
} if {
	some key, candidate in candidates.considered
	not _known(candidate.agreement)
}

_known(agreement) if {
	is_array(agreement.assurances)
	every needed in agreement.assurances {
		is_string(needed.kind)
		is_string(needed.article)
	}
}

# Not asked for, because the occasion is another.
_off(needed) if {
	is_string(needed.when)
	needed.when != "always"
	not needed.when in input.offence.kinds
	needed.when != input.assistance
}

_held(needed) if {
	some given in input.assurances
	given.kind == needed.kind
	given.status in {"given", "verified"}
	given.expires > input.time
}

_ground(needed) := "death_penalty_no_assurance" if {
	needed.kind == "no-death-penalty"
} else := "assurance_missing"
