package comity.rules.channel_test

import data.comity.fixture_test as fixture
import data.comity.rules.channel

_found(question, agreements) := {ground.ground | some ground in grounds} if {
	grounds := channel.grounds with input as question with data.comity.agreements as agreements
}

_details(question, agreements) := {ground.detail | some ground in grounds} if {
	grounds := channel.grounds with input as question with data.comity.agreements as agreements
}

_usual := {"a": fixture.bilateral}

test_allowed if {
	channel.loaded
	_found(fixture.question, _usual) == set()
}

test_refused if {
	_found(fixture.asked("/channel", "interpol"), _usual) == {"wrong_channel"}
	_found(fixture.question, fixture.agreed("/terms/0/channels", null)) == {"wrong_channel"}
}

test_the_channels_are_named if _details(fixture.asked("/channel", "interpol"), _usual) == {"liaison, spoc"}
