# METADATA
# title: Dual criminality
# description: >-
#   The conduct is an offence in the country asked as well, by conduct and not by name. That country's own table
#   (`data.comity.offences`) decides; the asker's claim alone never suffices, the asker's denial does. The check
#   falls away for the 32 list offences where the term says so and the penalty is high enough.
# schemas:
#   - input: schema["input.schema"]
package comity.rules.dual_crim

import data.comity.candidates

# METADATA
# title: Loaded
# description: Marks the rule as present.
loaded := true

# METADATA
# title: Grounds
# description: What stands against a candidate.
grounds contains {"candidate": key, "rule": "dual_crim", "ground": "dual_crim", "detail": _detail(candidate.term)} if {
	some key, candidate in candidates.considered
	not _satisfied(candidate.term)
}

_satisfied(term) if term.offences.dual_criminality == "not-required"

_satisfied(term) if {
	term.offences.dual_criminality == "unless-listed"
	input.offence.list_category in data.comity.vocabulary.list_offences
	is_number(term.offences.listed_min_penalty_months)
	input.offence.max_penalty_months >= term.offences.listed_min_penalty_months
}

_satisfied(term) if {
	term.offences.dual_criminality in {"unless-listed", "required"}
	input.offence.dual_criminal != false
	_punishable
}

# Without an offence `facts` refuses.
_satisfied(term) if {
	term.offences.dual_criminality in {"unless-listed", "required"}
	input.offence.present == false
}

# By conduct: one of the statutes that the table of the two countries sets beside the asker's own.
_punishable if {
	some code in data.comity.mappings[candidates.requester][candidates.provider][input.offence.code]
	data.comity.offences[candidates.provider].statutes[code]
}

# By class, where the tables of the two countries do not have the asker's statute. Where they have it and set nothing
# beside it, the country asked does not punish that conduct, whatever the class.
_punishable if {
	not _tabled
	input.offence.iccs in data.comity.offences[candidates.provider].iccs
}

_punishable if {
	not _tabled
	input.offence.list_category in data.comity.offences[candidates.provider].list
}

_tabled if data.comity.mappings[candidates.requester][candidates.provider][input.offence.code]

_detail(term) := concat("", [
	", and it is not a list offence with a maximum penalty of at least ",
	format_int(term.offences.listed_min_penalty_months, 10),
	" months",
]) if {
	term.offences.dual_criminality == "unless-listed"
	is_number(term.offences.listed_min_penalty_months)
} else := ""
