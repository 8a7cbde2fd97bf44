# METADATA
# title: Ranking
# description: >-
#   Which candidate carries the exchange: one that is in force, that nothing blocks, with the fewest grounds
#   against it; then permitted before review, the more favourable, the more specific (fewer parties), and at last
#   the name. The nearest candidate is permitted if any is, so this order never turns a permission into a refusal.
# schemas:
#   - input: schema["input.schema"]
package comity.ranking

import data.comity.candidates
import data.comity.release

# METADATA
# title: Nearest
# description: Key of the best candidate.
nearest := concat("/", array.slice(min(_ranks), 7, 9))

# METADATA
# title: Grounds
# description: What the expected rules hold against a candidate.
grounds(key) := {ground |
	some ground in _all_grounds
	ground.candidate == key
}

# METADATA
# title: Blocking
# description: >-
#   How many grounds stop the exchange here. An answer is stopped by any; a question of our own officer only by
#   our officer's own duties, the rest is for the country asked to say.
blocking(key) := count(grounds(key)) if input.direction == "inbound"

blocking(key) := count({ground |
	some ground in grounds(key)
	not _others(ground)
}) if {
	input.direction == "outbound"
}

# A ground that the catalogue does not know blocks.
_others(ground) if data.comity.catalogue.grounds[ground.ground].side == "provider"

_all_grounds contains ground if {
	some name in data.comity.expected
	some ground in data.comity.rules[name].grounds
}

_ranks contains rank if {
	some key, candidate in candidates.considered
	rank := [
		_dead(key),
		blocking(key),
		count(grounds(key)),
		_waits(key),
		0 - release.level(candidate.term),
		0 - count(release.fields(candidate.term)),
		count(candidate.agreement.parties),
		candidate.name,
		candidate.term.id,
	]
}

_dead(key) := count([1 |
	some ground in grounds(key)
	ground.rule == "basis"
])

_waits(key) := 1 if {
	release.review(candidates.considered[key])
} else := 0
