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

grounds contains {"candidate": key, "rule": "national", "ground": "national_law", "detail": "", "article": ""} if {
	some name in data.comity.expected_national
	not _denials(name)
	some key, _ in candidates.considered
}

# OPA hands a set of denials on as a set; one that lies in data is a list. By name: a module handed over as a value
# would be evaluated whole, helpers and all.
_denials(name) if is_set(data.comity.national[name].deny)

_denials(name) if is_array(data.comity.national[name].deny)

# Whatever a module denies stands, also an entry that is not of the agreed form.
# A denial is meant for every candidate, but where it names another one. A term that its agreement has not is a slip of
# the pen, or gone: the denial is then meant for all of that agreement, never for nothing.
_meant(entry, key) if not _elsewhere(entry, key)

_elsewhere(entry, key) if {
	entry.candidate != key
	entry.candidate in candidates.named
}

_elsewhere(entry, key) if {
	[agreement, _] := split(entry.candidate, "/")
	not startswith(key, concat("", [agreement, "/"]))
}

_ground(entry) := entry.code if {
	data.comity.catalogue.grounds[entry.code]
} else := "national_law"

_text(entry, part) := entry[part] if {
	is_string(entry[part])
} else := ""
