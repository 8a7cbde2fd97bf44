# METADATA
# title: Triggers
# description: What makes a person decide before anything leaves, and who decides, the highest of the roles that apply.
# schemas:
#   - input: schema["input.schema"]
package comity.triggers

# METADATA
# title: Role
# description: The role that must decide; undefined where none must.
role(candidate) := name if {
	highest := max({data.comity.vocabulary.human_rank[each] | some each in roles(candidate)})
	some name, rank in data.comity.vocabulary.human_rank
	rank == highest
}

# METADATA
# title: Readable
# description: Whether all that a term says about persons who decide can be read; else nobody can tell who must.
readable(term) if {
	is_object(term.human)
	is_array(term.review)
	every name in term.human { data.comity.vocabulary.human_rank[name] }
	every row in term.review {
		is_string(row.when)
		data.comity.vocabulary.human_rank[row.role]
	}
}

# METADATA
# title: Roles
# description: Every role that a trigger of this question names.
roles(candidate) := {role |
	some role in array.concat(_named(candidate.term), _usual(candidate))
}

_named(term) := array.concat(
	[role | role := term.human[input.action]],
	[row.role |
		some row in term.review
		row.when in _fired
	],
)

# Where the text asks for a person and names none, a desk officer decides.
_usual(candidate) := ["desk-officer" |
	some word, asks in {
		"minor": candidate.term.subjects.minors == "review",
		"vulnerable": candidate.term.vulnerable == "review",
		"automated": candidate.term.automated == "review",
		"confidential": candidate.term.confidentiality == "ask-first",
		"onward-transfer": candidate.agreement.onward_transfer == "prior-consent",
	}
	asks
	word in _fired
]

_fired contains "minor" if input.subject.age_band == "minor"

_fired contains "vulnerable" if input.subject.vulnerable

_fired contains "own-national" if input.subject.nationality == "provider"

_fired contains "evidence-use" if input.intended_use == "evidence"

_fired contains "onward-transfer" if input.onward

_fired contains "confidential" if input.confidential

_fired contains "automated" if input.automated

_fired contains "state-security" if "state-security" in input.offence.kinds

_fired contains "political-carve-out" if "political" in input.offence.kinds

_fired contains "special-category" if input.category in data.comity.vocabulary.special_categories

_fired contains "group" if input.scope != "individual"
