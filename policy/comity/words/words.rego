# METADATA
# title: Words
# description: >-
#   How a ground's detail is written. Whatever is no text is left out of the words, so that odd data never silence the
#   ground that they belong to: `concat` over anything but texts is undefined, or an error.
package comity.words

# METADATA
# title: Listed
# description: The texts among some values, sorted.
listed(separator, values) := concat(separator, sort([word |
	some word in values
	is_string(word)
]))
