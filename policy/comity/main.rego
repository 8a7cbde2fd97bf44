# METADATA
# title: Comity
# description: >-
#   Decides one exchange. Refuses by default; gathers the grounds of every expected rule, and refuses as well when
#   one of those rules is not loaded, so that a missing file can never read as permission.
# schemas:
#   - input: schema["input.schema"]
# related_resources:
#   - description: >-
#       How rules are written here: a ground stands unless a helper shows that it does not, `not _agreed(term)`.
#       Never `not input.x in term.y`: OPA evaluates the arguments of a call outside its negation, so a part that is
#       missing would silence the ground instead of raising it.
#     ref: https://www.openpolicyagent.org/docs/policy-language#negation
package comity

import data.comity.candidates
import data.comity.form
import data.comity.ranking
import data.comity.refusal
import data.comity.release

# What stands when anything below is undefined: a constant, so that it needs no data.
default decision := {
	"outcome": "refused",
	"disclosure": "none",
	"fields": [],
	"withheld": [],
	"conditions": [],
	"obligations": [],
	"handling": [],
	"retention": "",
	"limits": {"per_day": 0, "max_candidates": 0},
	"human": null,
	"reasons": [{
		"code": "technical_unavailable",
		"article": "policy contract of the node",
		"message": "the policy could not be evaluated as a whole",
		"remedy": "tell the operator: `comity doctor` names the fault",
	}],
	"basis": null,
	"fault": "the policy gave no result: library, agreements and vocabulary do not fit together",
}

# METADATA
# title: Decision
# description: The decision document for one input document, see policy/schemas.
# entrypoint: true
decision := _broken if {
	_fault
} else := refusal.without_candidate("malformed", concat(", ", sort(form.problems))) if {
	count(form.problems) > 0
} else := refusal.without_candidate("no_basis", "") if {
	count(candidates.considered) == 0
} else := release.decision(ranking.nearest) if {
	ranking.blocking(ranking.nearest) == 0
} else := refusal.of_candidate(ranking.nearest) if {
	ranking.blocking(ranking.nearest) > 0
}

_broken := object.union(
	refusal.without_candidate("technical_unavailable", ""),
	{"fault": concat(" ", ["rules not loaded:", concat(", ", sort(_missing))])},
)

_fault if count(_missing) > 0

_fault if not _any_expected

_fault if not is_array(data.comity.expected_national)

_any_expected if count(data.comity.expected) > 0

_missing contains name if {
	some name in data.comity.expected
	not data.comity.rules[name].loaded
}

_missing contains concat(".", ["national", name]) if {
	some name in data.comity.expected_national
	not data.comity.national[name].loaded
}
