# METADATA
# title: Form
# description: >-
#   Holds the input document against the contract in `data.comity.vocabulary.input`. Rego compares values of
#   different types without complaint, so a wrong type must never reach a rule.
package comity.form

# METADATA
# title: Problems
# description: Dotted names of the facts that are missing, unknown or of the wrong kind.
problems contains concat(".", row.path) if {
	some row in data.comity.vocabulary.input
	not _fits(row)
}

problems contains "an unknown key" if {
	some key, _ in input
	not key in _top
}

problems contains concat(".", [key, "an unknown key"]) if {
	some key in _top
	some inner, _ in input[key]
	is_object(input[key])
	not [key, inner] in _paths
}

_paths contains row.path if some row in data.comity.vocabulary.input

_top contains row.path[0] if some row in data.comity.vocabulary.input

_fits(row) if _is(row, object.get(input, row.path, {}))

_is(row, value) if _scalar(row, value)

_scalar(row, value) if {
	row.kind == "text"
	is_string(value)
}

_scalar(row, value) if {
	row.kind == "flag"
	is_boolean(value)
}

_scalar(row, value) if {
	row.kind == "claim"
	value in [true, false, null]
}

_scalar(row, value) if {
	row.kind == "number"
	is_number(value)
	value >= 0
	value <= 1000000000000
}

_scalar(row, value) if {
	row.kind == "one_of"
	value in row.of
}

_is(row, value) if {
	row.kind == "texts"
	is_array(value)
	every item in value { is_string(item) }
}

_is(row, value) if {
	row.kind == "some_of"
	is_array(value)
	every item in value { item in row.of }
}

_is(row, value) if {
	row.kind == "rows"
	is_array(value)
	every item in value { _row(row, item) }
}

_row(row, item) if {
	is_object(item)
	object.keys(item) == {cell.path[0] | some cell in row.row}
	every cell in row.row { _scalar(cell, item[cell.path[0]]) }
}
