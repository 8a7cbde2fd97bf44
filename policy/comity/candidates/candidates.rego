# METADATA
# title: Candidates
# description: >-
#   The (agreement, term) pairs that could carry the exchange. Agreements need both countries as parties and, where
#   the question names one, that name. Of their terms those that speak about the action and the category for the
#   country asked are considered; where none does, all are, so that the refusal can say what is missing.
# schemas:
#   - input: schema["input.schema"]
package comity.candidates

# METADATA
# title: Provider
# description: The country that answers.
provider := input.self.country if input.direction == "inbound"

provider := input.peer.country if input.direction == "outbound"

# METADATA
# title: Requester
# description: The country that asks.
requester := input.peer.country if input.direction == "inbound"

requester := input.self.country if input.direction == "outbound"

# METADATA
# title: Considered
# description: The candidates, by `agreement/term`.
considered := _covering if {
	count(_covering) > 0
} else := _all

# METADATA
# title: Covers
# description: Whether a term speaks about the action and the category, for the country asked.
covers(term) if {
	input.category in term.categories
	input.action in term.actions
	provider in term.providers
	data.comity.vocabulary.levels[term.disclosure[input.action]] > 0
}

# METADATA
# title: Named
# description: Every `agreement/term` that is loaded, whoever its parties are.
named contains concat("/", [name, term.id]) if {
	some name, agreement in data.comity.agreements
	some term in agreement.terms
}

_covering := {key: candidate |
	some key, candidate in _all
	covers(candidate.term)
}

_all := {concat("/", [name, term.id]): {"name": name, "agreement": agreement, "term": term} |
	some name, agreement in data.comity.agreements
	_between(agreement)
	_named(name)
	some term in agreement.terms
}

_between(agreement) if {
	provider != requester
	provider in agreement.parties
	requester in agreement.parties
}

# Two rules, not `in {"", name}`: OPA 1.21's rule index takes such a set for its constant members alone.
_named(_) if input.basis.agreement == ""

_named(name) if input.basis.agreement == name
