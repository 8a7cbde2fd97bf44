# METADATA
# title: Desk
# description: Which role of a node's own staff may call which method. A method that is not in the table is refused.
package comity.desk

# METADATA
# title: Allow
# description: Whether any of `input.roles` may call `input.method`.
# entrypoint: true
default allow := false

allow if {
	some role in input.roles
	input.method in data.comity.desk.methods[role]
}
