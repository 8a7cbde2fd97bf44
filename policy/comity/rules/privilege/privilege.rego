# METADATA
# title: Privilege
# description: >-
#   Immunities and privileges refuse unless they were waived (Reg. (EU) 2023/1543 arts. 10(5), 12(1)(a)).
# schemas:
#   - input: schema["input.schema"]
package comity.rules.privilege

import data.comity.candidates

# METADATA
# title: Loaded
# description: Marks the rule as present.
loaded := true

# METADATA
# title: Grounds
# description: What stands against a candidate.
grounds contains {"candidate": key, "rule": "privilege", "ground": _ground, "detail": ""} if {
	some key, _ in candidates.considered
	not _free
}

_free if input.privilege.kind == "none"

_free if input.privilege.waived == true

_ground := "press_privilege" if {
	input.privilege.kind == "press"
} else := "privileged"
