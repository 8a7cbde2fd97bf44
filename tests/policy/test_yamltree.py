"""YAML that is read, and YAML that is refused."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.errors import Malformed
from comity.policy.yamltree import MAX_BYTES, parse


def test_plain_scalars_follow_json() -> None:
    text = b"a: NO\nb: yes\nc: 2026-01-01\nd: 12\ne: true\nf: null\ng: '12'\nh: 012\ni: 1.5\nj: ~\nk: [0, -3]"
    assert parse(text, "x").plain() == {
        "a": "NO",
        "b": "yes",
        "c": "2026-01-01",
        "d": 12,
        "e": True,
        "f": None,
        "g": "12",
        "h": "012",
        "i": "1.5",
        "j": None,
        "k": [0, -3],
    }


def test_lines_are_those_of_keys_and_values() -> None:
    tree = parse(b"a:\n  - x\n  - y\nb: z\n", "x")
    assert [entry.line for entry in tree.value.values()] == [1, 4]
    assert [item.line for item in tree.value["a"].node.value] == [2, 3]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"a: &x 1\nb: *x", "anchors and aliases"),
        (b"a: 1\nb: *x", "anchors and aliases"),
        (b"a: !!python/object/apply:os.system [ls]", "tags are not used"),
        (b"a: !custom 1", "tags are not used"),
        (b"a: 1\na: 2", "x:2: key `a` is there twice"),
        (b"a: {b: 1, b: 2}", "key `b` is there twice"),
        (b"a: 1\n---\nb: 2", "a second document"),
        (b"", "the file is empty"),
        (b"a: [1", "not YAML"),
        (b"a: \xff\xfe", "not YAML"),
        (b"a: \x00", "not YAML"),
        (b"[1]: 2", "a key must be a plain word"),
        (b"? {a: 1}\n: 2", "a key must be a plain word"),
        (b"a: " + b"[" * 60 + b"]" * 60, "nested too deeply"),
        (b"a: " + b"x" * MAX_BYTES, "larger than"),
        (b"<<: {a: 1}\n<<: {b: 1}", "there twice"),
    ],
)
def test_refused(text: bytes, words: str) -> None:
    with pytest.raises(Malformed, match=words.replace("`", ".").replace("(", ".")):
        parse(text, "x")


_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**14), 10**14)
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.from_regex(r"[a-z]{1,6}", fullmatch=True), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None)
@given(_json)
def test_json_is_read_as_json(value: object) -> None:
    assert parse(json.dumps(value, ensure_ascii=False).encode(), "x").plain() == value
