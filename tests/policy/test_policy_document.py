"""The input document as JSON text: what has more than one meaning has none here (T22)."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policy_samples import question

from comity.errors import Malformed
from comity.identity.descriptor import read_descriptor
from comity.policy.document import MAX_BYTES, decode, encode

DEEP = 10_000


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b'{"x": NaN}', "NaN"),
        (b'{"x": Infinity}', "Infinity"),
        (b'{"x": -Infinity}', "Infinity"),
        (b'{"x": 1e999}', "beyond all bounds"),
        (b'{"x": -1e999}', "beyond all bounds"),
        (b'{"x": 9007199254740992}', "2\\^53"),
        (b'{"x": -9007199254740992}', "2\\^53"),
        (b'{"x": ' + b"9" * 10_000 + b"}", "2\\^53"),
        (b'{"action": "query.search", "action": "x"}', "twice"),
        (b'{"offence": {"present": true, "present": false}}', "twice"),
        (b'{"a": 1, "\\u0061": 2}', "twice"),
        (b'{"x": "\\ud800"}', "plain"),
        (b'{"x": "\xff"}', "not JSON"),
        (b'\xef\xbb\xbf{"x": 1}', "not JSON"),
        (b'{"x": 1,}', "not JSON"),
        (b'{"x": 01}', "not JSON"),
        (b"{'x': 1}", "not JSON"),
        (b'{"x": 1} {"x": 2}', "not JSON"),
        (b"", "not JSON"),
        (b"[]", "object"),
        (b"null", "object"),
        (b'"x"', "object"),
        (b'{"x":' + b"[" * DEEP + b"]" * DEEP + b"}", "deep"),
        (b'{"x":' * DEEP + b"1" + b"}" * DEEP, "deep"),
        (b'{"x": "' + b"a" * MAX_BYTES + b'"}', "larger"),
    ],
)
def test_what_is_not_taken(raw: bytes, words: str) -> None:
    with pytest.raises(Malformed, match=words):
        decode(raw)


def test_the_usual_question_comes_back() -> None:
    assert decode(encode(question())) == question()
    assert decode(json.dumps(question(), indent=2).encode()) == question()
    assert decode(b'{"x": 9007199254740991, "y": -1.5}') == {"x": 2**53 - 1, "y": -1.5}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)  # fmt: skip


@given(st.dictionaries(st.text(), json_values, max_size=4))
def test_every_plain_document_comes_back(document: dict[str, Any]) -> None:
    assert decode(encode(document)) == document


@given(st.binary(max_size=200))
def test_bytes_are_taken_as_python_takes_them_or_not_at_all(raw: bytes) -> None:
    try:
        found = decode(raw)
    except Malformed:
        return
    assert json.loads(raw) == found


def test_a_peer_descriptor_that_is_nested_too_deeply_is_malformed() -> None:
    with pytest.raises(Malformed):
        read_descriptor(b"[" * DEEP * 5)
