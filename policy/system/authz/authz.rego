# METADATA
# title: Access to the private OPA server
# description: >-
#   A node's own OPA answers only that node (bearer token), and only the two questions a node asks.
package system.authz

# METADATA
# title: Allow
# description: Whether a request to the OPA server may go on.
# entrypoint: true
default allow := false

allow if {
	_own_node
	input.method == "POST"
	input.path in [
		["v1", "data", "comity", "decision"],
		["v1", "data", "comity", "desk", "allow"],
		["v1", "data", "comity", "revision"],
	]
}

allow if {
	_own_node
	input.method == "GET"
	input.path == ["health"]
}

_own_node if {
	data.system.authz.token != ""
	input.identity == data.system.authz.token
}
