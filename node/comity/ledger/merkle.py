"""The Merkle tree of RFC 6962 / RFC 9162 with SHA-256: growing it, proving from it, checking proofs.

A node is named `(level, index)`: level 0 are the leaves, and node `(k, i)` covers leaves `i·2^k … (i+1)·2^k - 1`.
Pure: hashes that are kept elsewhere come in through a `Read`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Self

from comity.errors import Tampered

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()

Read = Callable[[int, int], bytes]
"""Return the hash of the complete subtree `(level, index)`."""


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of one leaf's bytes (RFC 9162, 2.1.1)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node (RFC 9162, 2.1.1)."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """The right edge of a tree: all that is needed to append to it.

    `hashes` are the roots of the complete subtrees that the leaves fall into, the largest (leftmost) first, one for
    each one-bit of `size`. Raises `Tampered` when the two do not fit.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        wrong_length = any(len(item) != HASH_SIZE for item in self.hashes)
        if self.size < 0 or len(self.hashes) != self.size.bit_count() or wrong_length:
            raise Tampered(
                f"frontier: {len(self.hashes)} hashes do not describe {self.size} leaves: restore the ledger head",
                detail={"where": "frontier"},
            )

    @classmethod
    def decode(cls, size: int, data: bytes) -> Self:
        """Return the frontier whose concatenated hashes are `data`; raises `Tampered` when it does not fit `size`."""
        return cls(size, tuple(data[at : at + HASH_SIZE] for at in range(0, len(data), HASH_SIZE)))

    def encode(self) -> bytes:
        """Return the concatenated hashes; the size is kept beside them."""
        return b"".join(self.hashes)

    def root(self) -> bytes:
        """Return the root of the tree."""
        return _fold(self.hashes) if self.hashes else EMPTY_ROOT

    def extend(self, leaves: Sequence[bytes]) -> "Growth":
        """Append leaf hashes, at least one; this frontier stays as it is."""
        if not leaves:
            raise RuntimeError("nothing to append")
        size = self.size + len(leaves)
        old = list(self.hashes)
        start, last, nodes = self.size, size - 1, list(leaves)
        levels: list[tuple[int, list[bytes]]] = []
        while True:
            if start & 1:
                nodes.insert(0, old.pop())
                start -= 1
            levels.append((start, nodes))
            if last == 0:
                return Growth(self.size, size, tuple(levels))
            above = [node_hash(nodes[at], nodes[at + 1]) for at in range(0, len(nodes) - 1, 2)]
            if len(nodes) & 1:
                above.append(nodes[-1])  # the right edge has no sibling here: RFC 9162 moves it up unchanged
            start, last, nodes = start >> 1, last >> 1, above


@dataclass(frozen=True, slots=True)
class Growth:
    """What appending a batch of leaves made.

    `levels[k]` is the index of the first node and the nodes of level `k` from there to the right edge; the last one may
    stand for an incomplete subtree.
    """

    old_size: int
    size: int
    levels: tuple[tuple[int, list[bytes]], ...]

    @property
    def root(self) -> bytes:
        """The root of the grown tree."""
        return self.levels[-1][1][0]

    def frontier(self) -> Frontier:
        """Return the frontier of the grown tree."""
        hashes = []
        for level in range(self.size.bit_length() - 1, -1, -1):
            if self.size >> level & 1:
                start, nodes = self.levels[level]
                hashes.append(nodes[(self.size >> level) - 1 - start])
        return Frontier(self.size, tuple(hashes))

    def inclusion(self, index: int) -> tuple[bytes, ...]:
        """Return the inclusion proof of one of the new leaves, by its index in the whole tree."""
        if not self.old_size <= index < self.size:
            raise RuntimeError("only leaves of this batch can be proven from it")
        path, last = [], self.size - 1
        for start, nodes in self.levels[:-1]:
            sibling = index ^ 1
            if sibling <= last:
                path.append(nodes[sibling - start])
            index, last = index >> 1, last >> 1
        return tuple(path)

    def completed(self, step: int) -> list[tuple[int, int, bytes]]:
        """Return `(level, index, hash)` of the subtrees this batch completed at each level that `step` divides."""
        found: list[tuple[int, int, bytes]] = []
        for level in range(step, len(self.levels), step):
            start, nodes = self.levels[level]
            new = range(self.old_size >> level, self.size >> level)
            found.extend((level, index, nodes[index - start]) for index in new)
        return found


def frontier_at(size: int, read: Read) -> Frontier:
    """Return the frontier of the first `size` leaves from the kept hashes."""
    levels = [level for level in range(size.bit_length() - 1, -1, -1) if size >> level & 1]
    return Frontier(size, tuple(read(level, (size >> level) - 1) for level in levels))


def inclusion_proof(index: int, size: int, read: Read) -> tuple[bytes, ...]:
    """Return the proof that leaf `index` is in the tree of `size` leaves (RFC 9162, 2.1.3.1)."""
    if not 0 <= index < size:
        raise RuntimeError("a proof needs an index below the tree size")
    return tuple(_path(0, index, size, read))


def consistency_proof(old: int, new: int, read: Read) -> tuple[bytes, ...]:
    """Return the proof that the tree of `new` leaves begins with the tree of `old` leaves (RFC 9162, 2.1.4.1)."""
    if not 0 < old <= new:
        raise RuntimeError("a proof needs 0 < old <= new")
    if old == new:
        return ()
    level = (old & -old).bit_length() - 1  # the last complete subtree of the old tree
    index = (old - 1) >> level
    seed = [read(level, index)] if index else []  # index 0: that subtree is the old tree, whose root the other side has
    return (*seed, *_path(level, index, new, read))


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that a leaf hash stands at `index` under `root`; raises `Tampered` (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        raise _broken(f"index: {index} is not below the tree size {size}", "index")
    _check_hashes((leaf, *proof))
    node, last, value = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise _broken("proof: it is longer than the tree is high", "proof")
        if node & 1 or node == last:
            value = node_hash(sibling, value)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            value = node_hash(value, sibling)
        node, last = node >> 1, last >> 1
    if last != 0:
        raise _broken("proof: it is shorter than the tree is high", "proof")
    if value != root:
        raise _broken("proof: entry, index and proof do not lead to the root of the checkpoint", "proof")


def verify_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """Check that the tree of `new` leaves begins with that of `old`; raises `Tampered` (RFC 9162, 2.1.4.2).

    From nothing nothing can be proven: `old` of 0 is refused.
    """
    if not 0 < old <= new:
        raise _broken(f"size: no consistency between sizes {old} and {new}", "size")
    if old == new:
        if proof or old_root != new_root:
            raise _broken("root: two different roots for one tree size", "root")
        return
    _check_hashes(proof)
    path = list(proof) if old & (old - 1) else [old_root, *proof]  # a power of two: its root is the first node
    if not path:
        raise _broken("proof: it is empty", "proof")
    found_old, found_new = _walk(old, new, path)
    if found_old != old_root or found_new != new_root:
        raise _broken("proof: it does not lead from the old root to the new one", "proof")


def _walk(old: int, new: int, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old_value = new_value = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise _broken("proof: it is longer than the tree is high", "proof")
        if node & 1 or node == last:
            old_value, new_value = node_hash(sibling, old_value), node_hash(sibling, new_value)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new_value = node_hash(new_value, sibling)
        node, last = node >> 1, last >> 1
    if last != 0:
        raise _broken("proof: it is shorter than the tree is high", "proof")
    return old_value, new_value


def _path(level: int, index: int, size: int, read: Read) -> list[bytes]:
    """Return the siblings on the way from node `(level, index)` up to the root of `size` leaves."""
    path, last = [], (size - 1) >> level
    while last:
        sibling = index ^ 1
        if sibling <= last:
            path.append(_subtree(level, sibling, size, read))
        level, index, last = level + 1, index >> 1, last >> 1
    return path


def _subtree(level: int, index: int, size: int, read: Read) -> bytes:
    """Return the hash of node `(level, index)`, complete or cut off by the right edge."""
    if (index + 1) << level <= size:
        return read(level, index)
    rest = size - (index << level)
    levels = [k for k in range(level - 1, -1, -1) if rest >> k & 1]
    return _fold([read(k, (size >> k) - 1) for k in levels])


def _fold(hashes: Sequence[bytes]) -> bytes:
    value = hashes[-1]
    for left in reversed(hashes[:-1]):
        value = node_hash(left, value)
    return value


def _check_hashes(proof: Sequence[bytes]) -> None:
    if any(len(item) != HASH_SIZE for item in proof):
        raise _broken(f"proof: a hash is not {HASH_SIZE} bytes long", "proof")


def _broken(problem: str, where: str) -> Tampered:
    return Tampered(problem, detail={"where": where})
