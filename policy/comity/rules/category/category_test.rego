package comity.rules.category_test

import data.comity.fixture_test as fixture
import data.comity.rules.category

_count(question, agreements) := count(grounds) if {
	grounds := category.grounds with input as question with data.comity.agreements as agreements
}

test_covered if {
	_count(fixture.question, {"a": fixture.bilateral}) == 0
	category.loaded
}

test_not_covered if {
	_count(fixture.asked("/category", "firearms"), {"a": fixture.bilateral}) == 1
	_count(fixture.asked("/action", "evidence.fetch"), {"a": fixture.bilateral}) == 1
	_count(fixture.question, fixture.agreed("/terms/0/providers", ["EE"])) == 1
	_count(fixture.question, fixture.agreed("/terms/0/disclosure", {})) == 1
	_count(fixture.question, fixture.agreed("/terms/0/disclosure", {"query.search": "all"})) == 1
}
