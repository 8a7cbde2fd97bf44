# METADATA
# title: Declarations
# description: >-
#   What the country asked declared for itself narrows what it gives (reservations and declarations).
# schemas:
#   - input: schema["input.schema"]
package comity.rules.declarations

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
	"rule": "declarations",
	"ground": ground,
	"detail": _detail(declaration),
	"article": declaration.article,
} if {
	some key, candidate in candidates.considered
	some declaration in candidate.agreement.declarations
	declaration.party == candidates.provider
	some ground in _against(declaration)
}

grounds contains {"candidate": key, "rule": "declarations", "ground": "declared_category", "detail": ""} if {
	some key, candidate in candidates.considered
	not _known(candidate.agreement)
}

_known(agreement) if {
	is_array(agreement.declarations)
	every declaration in agreement.declarations { _readable(declaration, agreement) }
}

# A part that cannot be read could be anybody's and say anything.
_readable(declaration, agreement) if {
	is_array(agreement.authorities[declaration.party])
	is_string(declaration.article)
	_words(object.get(declaration, "excluded_categories", []))
	_words(object.get(declaration, "excluded_kinds", []))
	is_number(object.get(declaration, "min_penalty_months", 0))
	object.get(declaration, "own_nationals", "allow") in {"never", "allow"}
}

_words(values) if {
	is_array(values)
	every value in values { is_string(value) }
}

_against(declaration) := {ground |
	some ground, stands in {
		"declared_category": _excludes_category(declaration),
		"declared_kind": _excludes_kind(declaration),
		"declared_threshold": _asks_more(declaration),
		"declared_nationals": _keeps_nationals(declaration),
	}
	stands
}

_excludes_category(declaration) if {
	input.category in declaration.excluded_categories
} else := false

_excludes_kind(declaration) if {
	some kind in input.offence.kinds
	kind in declaration.excluded_kinds
} else := false

_asks_more(declaration) if {
	input.offence.present
	input.offence.max_penalty_months < declaration.min_penalty_months
} else := _unstated(declaration)

# Who states no offence gets no more than who states a small one, but for a purpose that is not about an offence.
_unstated(declaration) if {
	not input.offence.present
	not input.purpose in _without_offence
	declaration.min_penalty_months > 0
} else := false

_without_offence := {
	"missing-person-search",
	"remains-identification",
	"humanitarian",
	"immediate-threat",
	"road-traffic",
	"border-control",
}

_keeps_nationals(declaration) if {
	declaration.own_nationals == "never"
	input.subject.nationality != "third"
	input.subject.nationality != "requester"
} else := false

_detail(declaration) := format_int(declaration.min_penalty_months, 10) if {
	is_number(declaration.min_penalty_months)
} else := ""
