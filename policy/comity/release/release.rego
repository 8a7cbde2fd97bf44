# METADATA
# title: Release
# description: What a candidate lets out, and the duties that travel with it.
# schemas:
#   - input: schema["input.schema"]
package comity.release

import data.comity.candidates

# METADATA
# title: Decision
# description: The decision document of a candidate that nothing blocks.
decision(key) := {
	"outcome": _outcome(term),
	"disclosure": term.disclosure[input.action],
	"fields": fields(term),
	"conditions": sort(_conditions(term)),
	"obligations": sort(_obligations(candidate)),
	"handling": sort(_handling(candidate)),
	"retention": term.retention,
	"limits": {"per_day": term.limits.per_day, "max_candidates": term.limits.max_candidates},
	"human": _human(term),
	"reasons": [],
	"basis": basis(candidate),
	"fault": null,
} if {
	candidate := candidates.considered[key]
	term := candidate.term
	is_object(term.human)
	is_object(term.deadline)
}

# METADATA
# title: Basis
# description: Which text permits.
basis(candidate) := {
	"agreement": candidate.name,
	"revision": candidate.agreement.revision,
	"term": candidate.term.id,
	"article": candidate.term.article,
	"digest": candidate.agreement.digest,
}

# METADATA
# title: Level
# description: How much leaves, as a number, none being 0.
level(term) := data.comity.vocabulary.levels[term.disclosure[input.action]] if {
	term.disclosure[input.action]
} else := 0

# METADATA
# title: Fields
# description: Names of the fields that may leave; none below the core level.
fields(term) := sort(term.fields) if {
	term.disclosure[input.action] in data.comity.vocabulary.levels_with_fields
} else := []

# METADATA
# title: Review
# description: Whether a human must decide before anything leaves.
review(term) if term.human[input.action]

review(term) if {
	input.subject.age_band == "minor"
	term.subjects.minors != "allow"
}

_outcome(term) := "review" if {
	input.direction == "inbound"
	review(term)
} else := "permitted"

_human(term) := {"role": _role(term), "deadline": term.deadline[input.urgency]} if {
	_outcome(term) == "review"
} else := null

_role(term) := term.human[input.action]

_role(term) := "desk-officer" if not term.human[input.action]

_conditions(term) := {condition |
	some condition in array.concat(_always, array.concat(_minors(term), _protected(term)))
}

_always := [
	{"attribute": "category", "operator": "eq", "value": input.category},
	{"attribute": "restricted", "operator": "eq", "value": false},
]

# Whatever the question says about the person's age, a minor's record leaves only where the term says so.
_minors(term) := [] if {
	term.subjects.minors == "allow"
} else := [] if {
	input.subject.age_band == "minor"
} else := [{"attribute": "minor", "operator": "ne", "value": true}]

_protected(term) := [{"attribute": "subject_category", "operator": "not_in", "value": kept}] if {
	kept := sort({kind |
		some kind in data.comity.vocabulary.protected_subjects
		not kind in term.subjects.categories
	})
	count(kept) > 0
} else := []

_obligations(candidate) := {duty | some duty in candidate.term.obligations} | _onward(candidate.agreement)

_onward(agreement) := {data.comity.vocabulary.onward[agreement.onward_transfer]}

_handling(candidate) := {"H0"} | {code |
	some duty in _obligations(candidate)
	code := data.comity.vocabulary.handling[duty]
}
