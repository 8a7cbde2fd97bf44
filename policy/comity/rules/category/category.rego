# METADATA
# title: Category
# description: The term shares the category, for the action, from the country asked.
package comity.rules.category

import data.comity.candidates

# METADATA
# title: Loaded
# description: Marks the rule as present.
loaded := true

# METADATA
# title: Grounds
# description: What stands against a candidate.
grounds contains {"candidate": key, "rule": "category", "ground": "category_not_shared", "detail": ""} if {
	some key, candidate in candidates.considered
	not candidates.covers(candidate.term)
}
