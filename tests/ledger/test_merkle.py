"""The tree against the definition of RFC 9162, against outside vectors, and against its own proofs."""

import base64
import json
from functools import cache
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from comity.errors import Tampered
from comity.ledger.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    frontier_at,
    inclusion_proof,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)

LEAVES = [leaf_hash(i.to_bytes(2, "big")) for i in range(700)]
SIZES = st.integers(1, len(LEAVES))


def mth(leaves: list[bytes]) -> bytes:
    """The recursive definition of RFC 9162, 2.1.1."""
    if len(leaves) <= 1:
        return leaves[0] if leaves else EMPTY_ROOT
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return node_hash(mth(leaves[:split]), mth(leaves[split:]))


def rfc_path(m: int, leaves: list[bytes]) -> list[bytes]:
    """The recursive definition of RFC 9162, 2.1.3.1."""
    if len(leaves) == 1:
        return []
    k = 1 << (len(leaves) - 1).bit_length() - 1
    if m < k:
        return [*rfc_path(m, leaves[:k]), mth(leaves[k:])]
    return [*rfc_path(m - k, leaves[k:]), mth(leaves[:k])]


def rfc_subproof(m: int, leaves: list[bytes], whole: bool = True) -> list[bytes]:
    """The recursive definition of RFC 9162, 2.1.4.1."""
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = 1 << (len(leaves) - 1).bit_length() - 1
    if m <= k:
        return [*rfc_subproof(m, leaves[:k], whole), mth(leaves[k:])]
    return [*rfc_subproof(m - k, leaves[k:], False), mth(leaves[:k])]


@cache
def read(level: int, index: int) -> bytes:
    chunk = LEAVES[index << level : (index + 1) << level]
    assert len(chunk) == 1 << level, "only complete subtrees may be asked for"
    return mth(chunk)


@given(st.lists(st.integers(1, 90), min_size=1, max_size=5))
def test_growing_in_any_batches_is_the_tree_of_the_definition(batches: list[int]) -> None:
    frontier, kept = Frontier(), {}
    for count in batches:
        old = frontier.size
        growth = frontier.extend(LEAVES[old : old + count])
        kept.update({(level, index): value for level, index, value in growth.completed(2)})
        frontier = growth.frontier()
        assert (frontier.size, frontier.root(), growth.root) == (
            old + count,
            mth(LEAVES[: old + count]),
            frontier.root(),
        )
        for index in range(old, frontier.size):
            assert growth.inclusion(index) == inclusion_proof(index, frontier.size, read)
    wanted = {(k, i): read(k, i) for k in range(2, 12, 2) for i in range(frontier.size >> k)}
    assert kept == wanted
    assert frontier_at(frontier.size, read) == frontier == Frontier.decode(frontier.size, frontier.encode())


@given(SIZES, st.data())
def test_inclusion_proofs_are_those_of_the_definition_and_verify(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(index, size, read)
    assert list(proof) == rfc_path(index, LEAVES[:size])
    root = mth(LEAVES[:size])
    verify_inclusion(LEAVES[index], index, size, proof, root)
    other = data.draw(st.integers(0, size - 1).filter(lambda i: i != index)) if size > 1 else None
    if other is not None:
        with pytest.raises(Tampered):
            verify_inclusion(LEAVES[other], index, size, proof, root)
        with pytest.raises(Tampered):
            verify_inclusion(LEAVES[index], other, size, proof, root)
    for wrong in ([*proof, root], list(proof[:-1])) if proof else ([root],):
        with pytest.raises(Tampered):
            verify_inclusion(LEAVES[index], index, size, wrong, root)


@given(SIZES, SIZES, st.data())
def test_consistency_proofs_are_those_of_the_definition_and_verify(a: int, b: int, data: st.DataObject) -> None:
    old, new = sorted((a, b))
    proof = consistency_proof(old, new, read)
    assert list(proof) == (rfc_subproof(old, LEAVES[:new]) if old < new else [])
    old_root, new_root = mth(LEAVES[:old]), mth(LEAVES[:new])
    verify_consistency(old, new, proof, old_root, new_root)
    with pytest.raises(Tampered):
        verify_consistency(old, new, proof, old_root, mth(LEAVES[1 : new + 1]) if new < len(LEAVES) else EMPTY_ROOT)
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        bent = [*proof[:at], bytes([proof[at][0] ^ 1]) + proof[at][1:], *proof[at + 1 :]]
        for wrong in (bent, proof[:at], [*proof, old_root]):
            with pytest.raises(Tampered):
                verify_consistency(old, new, wrong, old_root, new_root)


def test_nothing_follows_from_an_empty_tree() -> None:
    assert Frontier().root() == EMPTY_ROOT == sha256(b"").digest()
    with pytest.raises(Tampered):
        verify_consistency(0, 0, [], EMPTY_ROOT, EMPTY_ROOT)
    with pytest.raises(RuntimeError):
        Frontier().extend([])


@pytest.mark.parametrize(("size", "hashes"), [(1, ()), (2, (b"x" * 32,) * 2), (-1, (b"x" * 32,)), (1, (b"x" * 31,))])
def test_a_frontier_that_does_not_fit_its_size_is_refused(size: int, hashes: tuple[bytes, ...]) -> None:
    with pytest.raises(Tampered, match="frontier"):
        Frontier(size, hashes)


def _decode(texts: list[str] | None) -> list[bytes]:
    return [base64.b64decode(text) for text in texts or []]


def _check(case: dict) -> None:
    proof = _decode(case["proof"])
    if case["kind"] == "inclusion":
        leaf, root = _decode([case["leafHash"], case["root"]])
        verify_inclusion(leaf, case["leafIdx"], case["treeSize"], proof, root)
    else:
        verify_consistency(case["size1"], case["size2"], proof, *_decode([case["root1"], case["root2"]]))


def test_vectors_of_transparency_dev(shared: Path) -> None:
    """The `subtree…` cases belong to draft-ietf-plants-merkle-tree-certs, which the ledger does not use."""
    lines = (shared / "data" / "vectors" / "merkle_cases.jsonl").read_text().splitlines()
    cases = [case for case in map(json.loads, lines) if case["kind"] in ("inclusion", "consistency")]
    assert len(cases) == 196
    for case in cases:
        if case["wantErr"]:
            with pytest.raises(Tampered):
                _check(case)
                pytest.fail(f"{case['file']} was accepted")
        else:
            _check(case)
