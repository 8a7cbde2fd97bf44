package comity.desk_test

import data.comity.desk

test_a_role_may_call_what_the_table_says if {
	desk.allow with input as {"roles": ["investigator"], "method": "/comity.v1.DeskService/Ask"}
	desk.allow with input as {"roles": ["auditor", "prosecutor"], "method": "/comity.v1.DeskService/Ask"}
}

test_everything_else_is_refused if {
	not desk.allow with input as {"roles": ["auditor"], "method": "/comity.v1.DeskService/Ask"}
	not desk.allow with input as {"roles": [], "method": "/comity.v1.DeskService/Ask"}
	not desk.allow with input as {"roles": ["investigator"], "method": "/comity.v1.DeskService/Other"}
	not desk.allow with input as {}
}
