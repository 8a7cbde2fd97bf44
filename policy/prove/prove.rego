# METADATA
# title: Prove
# description: >-
#   Answers many questions about single parts of the policy in one evaluation, for `comity policy prove`: the grounds
#   of one rule against one candidate, what one candidate releases, which candidates are considered. No decision
#   reads this package.
package prove

import data.comity.candidates
import data.comity.ranking
import data.comity.release
import data.comity.triggers

# METADATA
# title: Answers
# description: >-
#   One answer for each row of `input.rows`, in that order, null where the part is undefined. `input.base` is a whole
#   input document, `row.facts` what differs from it, `row.fired` the triggers that hold, `input.key` the candidate.
answers := [_answer(input.ask, row) | some row in input.rows]

_one := {key: candidate} if {
	key := input.key
	candidate := candidates._all[key] with input as input.base
}

_facts(row) := object.union(input.base, row.facts)

_fired(row) := {word | some word in row.fired}

_answer("grounds", row) := found if {
	rule := input.rule
	one := _one
	facts := _facts(row)
	found := data.comity.rules[rule].grounds with input as facts with data.comity.candidates.considered as one
} else := null

_answer("national", row) := found if {
	modules := [input.rule]
	one := _one
	facts := _facts(row)
	found := data.comity.rules.national.grounds with input as facts with data.comity.candidates.considered as one with data.comity.expected_national as modules
} else := null

_answer("candidates", row) := found if {
	facts := _facts(row)
	found := candidates._all with input as facts
} else := null

_answer("all", row) := found if {
	facts := _facts(row)
	found := object.keys(candidates._all) with input as facts
} else := null

_answer("countries", row) := found if {
	facts := _facts(row)
	found := [candidates.provider, candidates.requester] with input as facts
} else := null

_answer("considered", row) := found if {
	facts := _facts(row)
	found := object.keys(candidates.considered) with input as facts
} else := null

_answer("fired", row) := found if {
	facts := _facts(row)
	found := triggers._fired with input as facts
} else := null

_answer("roles", row) := found if {
	candidate := _one[input.key]
	facts := _facts(row)
	fired := _fired(row)
	found := triggers.roles(candidate) with input as facts with data.comity.triggers._fired as fired
} else := null

_answer("release", row) := found if {
	key := input.key
	one := _one
	facts := _facts(row)
	fired := _fired(row)
	found := release.decision(key) with input as facts with data.comity.candidates.considered as one with data.comity.triggers._fired as fired
} else := null

_answer("rank", row) := found if {
	one := _one
	facts := _facts(row)
	fired := _fired(row)
	grounds := {ground | some ground in row.grounds}
	found := min(ranking._ranks) with input as facts with data.comity.candidates.considered as one with data.comity.triggers._fired as fired with data.comity.ranking._all_grounds as grounds
} else := null
