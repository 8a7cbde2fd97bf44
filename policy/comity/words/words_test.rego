package comity.words_test

import data.comity.words

test_sorted if words.listed(", ", {"b", "a"}) == "a, b"

test_what_is_no_text_is_left_out if words.listed(" or ", ["b", null, 1, ["x"], "a"]) == "a or b"

test_nothing if words.listed(", ", set()) == ""
