# METADATA
# title: Subject
# description: The term covers this kind of person; minors, victims and witnesses only where it says so.
# schemas:
#   - input: schema["input.schema"]
package comity.rules.subject

import data.comity.candidates

# METADATA
# title: Loaded
# description: Marks the rule as present.
loaded := true

# METADATA
# title: Grounds
# description: What stands against a candidate.
grounds contains {"candidate": key, "rule": "subject", "ground": _ground, "detail": _detail} if {
	some key, candidate in candidates.considered
	not _kind_covered(candidate.term)
}

grounds contains {
	"candidate": key,
	"rule": "subject",
	"ground": "minor_or_victim_protection",
	"detail": "minors",
} if {
	some key, candidate in candidates.considered
	not _age_covered(candidate.term)
}

grounds contains {"candidate": key, "rule": "subject", "ground": "vulnerable_person", "detail": ""} if {
	some key, candidate in candidates.considered
	not _vulnerable_covered(candidate.term)
}

_vulnerable_covered(term) if {
	input.subject.vulnerable == false
	term.vulnerable in {"never", "review", "allow"}
}

_vulnerable_covered(term) if term.vulnerable in {"review", "allow"}

_age_covered(term) if {
	input.subject.age_band in {"adult", "unknown"}
	term.subjects.minors in {"never", "review", "allow"}
}

_age_covered(term) if {
	input.subject.age_band == "minor"
	term.subjects.minors in {"review", "allow"}
}

_kind_covered(term) if input.subject.category in term.subjects.categories

_ground := "minor_or_victim_protection" if {
	input.subject.category in data.comity.vocabulary.protected_subjects
} else := "subject_not_covered"

_detail := "victims and witnesses" if {
	_ground == "minor_or_victim_protection"
} else := ""
