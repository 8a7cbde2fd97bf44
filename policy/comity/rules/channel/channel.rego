# METADATA
# title: Channel
# description: The question came by a channel that the term takes.
# schemas:
#   - input: schema["input.schema"]
package comity.rules.channel

import data.comity.candidates
import data.comity.words

# METADATA
# title: Loaded
# description: Marks the rule as present.
loaded := true

# METADATA
# title: Grounds
# description: What stands against a candidate.
grounds contains {"candidate": key, "rule": "channel", "ground": "wrong_channel", "detail": _named(candidate.term)} if {
	some key, candidate in candidates.considered
	not _taken(candidate.term)
}

_taken(term) if input.channel in term.channels

_named(term) := words.listed(", ", term.channels) if {
	is_array(term.channels)
} else := "none"
