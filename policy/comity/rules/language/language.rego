# METADATA
# title: Language
# description: The question is in a language that the country asked accepts (UNTOC art. 18(14)).
# schemas:
#   - input: schema["input.schema"]
package comity.rules.language

import data.comity.candidates

# METADATA
# title: Loaded
# description: Marks the rule as present.
loaded := true

# METADATA
# title: Grounds
# description: What stands against a candidate.
grounds contains {"candidate": key, "rule": "language", "ground": "wrong_language", "detail": ""} if {
	some key, candidate in candidates.considered
	not _understood(candidate.agreement)
}

_understood(agreement) if {
	input.language == ""
	is_array(agreement.languages[candidates.provider])
}

_understood(agreement) if input.language in agreement.languages[candidates.provider]
