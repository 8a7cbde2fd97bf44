# METADATA
# title: National law
# description: >-
#   What the national modules of this node deny. A module can only add grounds, never take one away.
# schemas:
#   - input: schema["input.schema"]
package comity.rules.national

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
	"rule": "national",
	"ground": _ground(entry),
	"detail": _text(entry, "detail"),
	"article": _text(entry, "article"),
} if {
	some name in data.comity.expected_national
	some entry in data.comity.national[name].deny
	some key, _ in candidates.considered
	_meant(entry, key)
}

# Whatever a module denies stands, also an entry that is not of the agreed form.
_meant(entry, _) if not entry.candidate

_meant(entry, key) if entry.candidate == key

_ground(entry) := entry.code if {
	data.comity.catalogue.grounds[entry.code]
} else := "national_law"

_text(entry, part) := entry[part] if {
	is_string(entry[part])
} else := ""
