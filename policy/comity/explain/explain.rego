# METADATA
# title: Explain
# description: >-
#   For people: what every expected rule holds against each candidate, and which candidate the decision stands on.
#   It reads the same grounds as the decision; nothing is decided here.
# schemas:
#   - input: schema["input.schema"]
package comity.explain

import data.comity.candidates
import data.comity.ranking
import data.comity.refusal
import data.comity.release
import data.comity.triggers

# METADATA
# title: Trace
# description: The candidates, nearest first by name, with their grounds.
# entrypoint: true
trace := {"nearest": _nearest, "rules": sort(data.comity.expected), "candidates": _candidates}

_nearest := ranking.nearest if {
	count(candidates.considered) > 0
} else := ""

_candidates := [entry |
	some key, candidate in candidates.considered
	entry := {
		"key": key,
		"basis": release.basis(candidate),
		"disclosure": object.get(candidate.term, ["disclosure", input.action], "none"),
		"human": sort(triggers.roles(candidate)),
		"blocking": ranking.blocking(key),
		"grounds": sort([object.union(refusal.reason(candidate, ground), {"rule": ground.rule}) |
			some ground in ranking.grounds(key)
		]),
	}
]
