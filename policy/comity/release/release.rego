# METADATA
# title: Release
# description: What a candidate lets out, and the duties that travel with it.
# schemas:
#   - input: schema["input.schema"]
package comity.release

import data.comity.candidates
import data.comity.triggers

# METADATA
# title: Decision
# description: The decision document of a candidate that nothing blocks.
decision(key) := {
	"outcome": _outcome(candidate),
	"disclosure": _disclosure(term),
	"fields": fields(term),
	"withheld": sort(_withheld(term)),
	"conditions": sort(_conditions(term)),
	"obligations": sort(_obligations(candidate)),
	"handling": sort(_handling(candidate)),
	"retention": _retention(term),
	"limits": {"per_day": term.limits.per_day, "max_candidates": _candidates(term)},
	"human": _human(candidate),
	"reasons": [],
	"basis": basis(candidate),
	"fault": null,
} if {
	candidate := candidates.considered[key]
	term := candidate.term
	is_object(term.deadline)
	is_number(term.officers)
	is_array(data.comity.vocabulary.protected_subjects)
	triggers.readable(term)
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

# Outbound, what the text does not speak about is for the country asked to refuse: nothing is expected, but no fault.
_disclosure(term) := term.disclosure[input.action] if {
	term.disclosure[input.action]
} else := "none"

# METADATA
# title: Level
# description: How much leaves, as a number, none being 0.
level(term) := data.comity.vocabulary.levels[term.disclosure[input.action]] if {
	term.disclosure[input.action]
} else := 0

# METADATA
# title: Shared
# description: Names of the fields that the term gives; none below the core level.
shared(term) := sort(term.fields) if {
	term.disclosure[input.action] in data.comity.vocabulary.levels_with_fields
} else := []

# METADATA
# title: Fields
# description: Names of the fields that may leave; of those asked for by name, where any are.
fields(term) := shared(term) if {
	count(input.ask.fields) == 0
} else := [field |
	some field in shared(term)
	field in input.ask.fields
]

# METADATA
# title: Undertakings
# description: Duties that the asker must accept, of the agreement and of the term.
undertakings(candidate) := {duty | some duty in candidate.agreement.undertakings} | {duty |
	some duty in candidate.term.undertakings
}

# METADATA
# title: Review
# description: Whether a human must decide before anything leaves.
review(candidate) if count(triggers.roles(candidate)) > 0

_outcome(candidate) := "review" if {
	input.direction == "inbound"
	review(candidate)
	not _approved(candidate)
} else := "permitted"

_human(candidate) := {
	"role": triggers.role(candidate),
	"deadline": candidate.term.deadline[input.urgency],
	"officers": candidate.term.officers,
} if {
	_outcome(candidate) == "review"
} else := null

# The role that is asked for decided, by as many officers as the term asks for.
_approved(candidate) if {
	input.review.state == "approved"
	input.review.role == triggers.role(candidate)
	input.review.officers >= candidate.term.officers
}

_withheld(term) := {field |
	some field in input.ask.fields
	not field in shared(term)
}

_retention(term) := concat("", ["P", format_int(input.ask.keep_days, 10), "D"]) if {
	input.ask.keep_days > 0
} else := term.retention

_candidates(term) := input.ask.max_candidates if {
	input.ask.max_candidates > 0
} else := term.limits.max_candidates

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

_obligations(candidate) := ({duty | some duty in candidate.term.obligations} | undertakings(candidate)) | {onward} if {
	onward := data.comity.vocabulary.onward[candidate.agreement.onward_transfer]
}

_handling(candidate) := {"H0"} | {code |
	some duty in _obligations(candidate)
	code := data.comity.vocabulary.handling[duty]
}
