# METADATA
# title: Authorisation
# description: Where the term asks for an order, a valid one of the right kind is stated.
# schemas:
#   - input: schema["input.schema"]
package comity.rules.authorisation

import data.comity.candidates
import data.comity.words

# METADATA
# title: Loaded
# description: Marks the rule as present.
loaded := true

# METADATA
# title: Grounds
# description: What stands against a candidate.
grounds contains {
	"candidate": key,
	"rule": "authorisation",
	"ground": "judicial_authorisation_refused",
	"detail": concat("", ["an order of ", words.listed(" or ", givers)]),
} if {
	some key, candidate in candidates.considered
	some order in candidate.term.requires
	givers := data.comity.vocabulary.orders[order]
	not _given(givers)
}

_given(givers) if {
	input.authorisation.valid == true
	input.authorisation.type in givers
}
