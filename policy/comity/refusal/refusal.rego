# METADATA
# title: Refusal
# description: A refusal with every ground of the nearest candidate, each with its article and remedy.
package comity.refusal

import data.comity.candidates
import data.comity.ranking
import data.comity.release

# METADATA
# title: Of a candidate
# description: The refusal under the nearest candidate.
of_candidate(key) := object.union(_nothing, {"reasons": sort(_reasons(key)), "basis": release.basis(candidate)}) if {
	candidate := candidates.considered[key]
}

# METADATA
# title: Without a candidate
# description: The refusal on one ground of the catalogue, before any agreement is looked at.
without_candidate(name, detail) := object.union(_nothing, {"reasons": [_reason(name, detail, article)]}) if {
	article := data.comity.catalogue.instruments[data.comity.catalogue.grounds[name].slot]
}

_nothing := {
	"outcome": "refused",
	"disclosure": "none",
	"fields": [],
	"withheld": [],
	"conditions": [],
	"obligations": [],
	"handling": [],
	"retention": "",
	"limits": {"per_day": 0, "max_candidates": 0},
	"human": null,
	"reasons": [],
	"basis": null,
	"fault": null,
}

_reasons(key) := {reason(candidates.considered[key], ground) | some ground in ranking.grounds(key)}

# METADATA
# title: Reason
# description: One ground against a candidate in words, with its article and remedy.
reason(candidate, ground) := _reason(ground.ground, ground.detail, _article(candidate, ground))

_reason(name, detail, article) := {
	"code": entry.code,
	"article": article,
	"message": replace(entry.message, "{}", detail),
	"remedy": replace(entry.remedy, "{}", detail),
} if {
	entry := data.comity.catalogue.grounds[name]
}

# The ground's own article (a declaration, an assurance, national law); else the one that the parties gave this
# ground; else the instrument for what concerns all of it; else the term's.
_article(candidate, ground) := ground.article if {
	ground.article != ""
} else := given if {
	given := candidate.agreement.refusals[data.comity.catalogue.grounds[ground.ground].code]
	given != ""
} else := candidate.agreement.instrument if {
	data.comity.catalogue.grounds[ground.ground].slot == "instrument"
} else := candidate.term.article
