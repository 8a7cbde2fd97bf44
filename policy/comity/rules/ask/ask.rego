# METADATA
# title: What is asked for
# description: >-
#   Fields, number of matches and time to keep are within the term. Fields beyond it refuse the whole question,
#   unless the term says trim: nothing is silently cut.
# schemas:
#   - input: schema["input.schema"]
package comity.rules.ask

import data.comity.candidates
import data.comity.release

# METADATA
# title: Loaded
# description: Marks the rule as present.
loaded := true

# METADATA
# title: Grounds
# description: What stands against a candidate.
grounds contains {
	"candidate": key,
	"rule": "ask",
	"ground": "field_not_shared",
	"detail": concat(", ", sort(_beyond(candidate.term))),
} if {
	some key, candidate in candidates.considered
	not _fields_given(candidate.term)
}

grounds contains {
	"candidate": key,
	"rule": "ask",
	"ground": "too_many_candidates",
	"detail": _most(candidate.term),
} if {
	some key, candidate in candidates.considered
	not _few(candidate.term)
}

grounds contains {"candidate": key, "rule": "ask", "ground": "keep_too_long", "detail": _days(candidate.term)} if {
	some key, candidate in candidates.considered
	not _short(candidate.term)
}

_beyond(term) := {field |
	some field in input.ask.fields
	not field in release.shared(term)
}

_fields_given(term) if {
	term.partial in {"refuse", "trim"}
	count(_beyond(term)) == 0
}

_fields_given(term) if term.partial == "trim"

_few(term) if {
	is_number(term.limits.max_candidates)
	input.ask.max_candidates <= term.limits.max_candidates
}

_short(term) if {
	is_number(term.retention_days)
	input.ask.keep_days <= term.retention_days
}

_most(term) := format_int(term.limits.max_candidates, 10) if {
	is_number(term.limits.max_candidates)
} else := "none"

_days(term) := format_int(term.retention_days, 10) if {
	is_number(term.retention_days)
} else := "no"
