package system.authz_test

import data.system.authz

_request := {"identity": "t", "method": "POST", "path": ["v1", "data", "comity", "decision"]}

test_the_node_asks_its_questions if {
	authz.allow with input as _request with data.system.authz.token as "t"
	authz.allow with input as object.union(_request, {"method": "GET", "path": ["health"]}) with data.system.authz.token as "t"
}

test_everything_else_is_refused if {
	not authz.allow with input as _request with data.system.authz.token as "other"
	not authz.allow with input as object.union(_request, {"identity": ""}) with data.system.authz.token as ""
	not authz.allow with input as object.union(_request, {"method": "PUT"}) with data.system.authz.token as "t"
	not authz.allow with input as object.union(_request, {"path": ["v1", "policies"]}) with data.system.authz.token as "t"
	not authz.allow with input as object.union(_request, {"path": ["health"]}) with data.system.authz.token as "t"
}
