"""Merkle tree arithmetic of RFC 6962 section 2.1 over SHA-256: hashes, roots, proofs.

Pure: proofs are made from hashes that a `HashReader` hands over in one call, and
verified from bytes alone. Ranges of leaves are `[lo, hi)`. A subtree `[start, end)` is
valid when `start` is a multiple of the smallest power of two not below `end - start`
(draft-ietf-plants-merkle-tree-certs, section 4); an inclusion proof of leaf i is the
proof that the subtree `[i, i + 1)` belongs to the tree, so one walk serves both kinds.

A verified proof says that a hash belongs to a root; who vouches for that root is the
business of the checkpoint's signatures.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from enum import Enum

from archive.errors import (
    BadConsistencyProof,
    BadInclusionProof,
    VerificationError,
)
from archive.log.fields import MAX_DECIMAL

HASH_BYTES = 32
"""Bytes of a SHA-256 digest; every hash of a proof has exactly so many."""
MAX_TREE_SIZE = MAX_DECIMAL
"""Leaves in a tree, so that every size can be written in a checkpoint."""
MAX_PROOF_HASHES = 63
"""Hashes in a proof, the bound of tlog-witness; our largest tree needs 51."""
EMPTY_ROOT = hashlib.sha256(b"").digest()
"""Root of the tree without leaves."""

HashReader = Callable[[Sequence[tuple[int, int]]], list[bytes]]
"""Given (level, index) pairs, the hashes of the complete subtrees
`[index << level, (index + 1) << level)`, in the same order."""


def leaf_hash(data: bytes) -> bytes:
    """Hash a leaf: SHA-256(00 | data)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two children: SHA-256(01 | left | right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_from_hashes(hashes: Sequence[bytes]) -> bytes:
    """Compute the root over leaf hashes, or over the roots of equal full subtrees.

    Only the last hash may stand for a smaller subtree than the others do.
    """
    row = list(hashes)
    while len(row) > 1:
        # The odd one at the end goes up unhashed, as RFC 6962 splits at powers of two.
        row = [*map(node_hash, row[::2], row[1::2]), *row[len(row) & ~1 :]]
    return row[0] if row else EMPTY_ROOT


def read_root(size: int, hash_reader: HashReader) -> bytes:
    """Compute the root of the first `size` leaves from stored hashes."""
    _demand(0 <= size <= MAX_TREE_SIZE)
    return _read_ranges([(0, size)], hash_reader)[0] if size else EMPTY_ROOT


def extend_reader(stored: HashReader, size: int, new: Sequence[bytes]) -> HashReader:
    """Read a tree of `size` stored leaves that has new leaf hashes behind them."""

    def read_one(level: int, index: int) -> bytes:
        start, end = index << level, (index + 1) << level
        if end <= size:
            return stored([(level, index)])[0]
        if start >= size:
            return root_from_hashes(new[start - size : end - size])
        return node_hash(
            read_one(level - 1, 2 * index), read_one(level - 1, 2 * index + 1)
        )

    return lambda positions: [read_one(level, index) for level, index in positions]


def prove_inclusion(
    index: int, size: int, hash_reader: HashReader
) -> tuple[bytes, ...]:
    """Prove that leaf `index` is in the tree of `size`: sibling hashes, leaf to root.

    `0 <= index < size` is the caller's duty.
    """
    return prove_subtree_consistency((index, index + 1), size, hash_reader)


def prove_consistency(old: int, new: int, hash_reader: HashReader) -> tuple[bytes, ...]:
    """Prove that the tree of `old` leaves is a prefix of the tree of `new` leaves.

    `0 <= old <= new` is the caller's duty. From size 0 the proof is empty.
    """
    if old == 0 <= new <= MAX_TREE_SIZE:
        return ()
    return prove_subtree_consistency((0, old), new, hash_reader)


def prove_subtree_consistency(
    subtree: tuple[int, int], size: int, hash_reader: HashReader
) -> tuple[bytes, ...]:
    """Prove that a valid subtree `[start, end)` belongs to the tree of `size`."""
    _demand(_is_subtree(subtree, size))
    steps = _descend(subtree, size)
    return tuple(_read_ranges([(lo, hi) for _, lo, hi in steps], hash_reader))


def verify_inclusion(
    *, leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Demand that the leaf is number `index` of the tree (RFC 6962 section 2.1.1)."""
    verify_subtree_inclusion(
        leaf_hash=leaf_hash, index=index, subtree=(0, size), proof=proof, root=root
    )


def verify_subtree_inclusion(
    *,
    leaf_hash: bytes,
    index: int,
    subtree: tuple[int, int],
    proof: Sequence[bytes],
    root: bytes,
) -> None:
    """Demand that the leaf is number `index` of the log, inside the subtree of `root`.

    Raises BadInclusionProof.
    """
    start, end = subtree
    if not _is_subtree(subtree, end) or not start <= index < end:
        raise BadInclusionProof(f"leaf {index} is not within [{start}, {end})")
    _demand_hashes([leaf_hash, root, *proof], BadInclusionProof)
    steps = _descend((index - start, index - start + 1), end - start)
    _, computed = _climb(steps, proof, base=leaf_hash, error=BadInclusionProof)
    if computed != root:
        raise BadInclusionProof(f"leaf {index} of [{start}, {end}): another root")


def verify_consistency(
    *,
    old_size: int,
    new_size: int,
    old_root: bytes,
    new_root: bytes,
    proof: Sequence[bytes],
) -> None:
    """Demand that the old tree is a prefix of the new one (RFC 6962 section 2.1.2).

    From size 0 there is nothing to prove: the proof must be empty and the old root be
    that of the empty tree. Raises BadConsistencyProof.
    """
    if old_size != 0:
        verify_subtree_consistency(
            subtree=(0, old_size),
            size=new_size,
            subtree_root=old_root,
            root=new_root,
            proof=proof,
        )
        return
    _demand_hashes([old_root, new_root, *proof], BadConsistencyProof)
    if not 0 <= new_size <= MAX_TREE_SIZE or proof or old_root != EMPTY_ROOT:
        raise BadConsistencyProof("from size 0: the proof and the old tree are empty")
    if new_size == 0 and new_root != EMPTY_ROOT:
        raise BadConsistencyProof("a tree without leaves has one root only")


def verify_subtree_consistency(
    *,
    subtree: tuple[int, int],
    size: int,
    subtree_root: bytes,
    root: bytes,
    proof: Sequence[bytes],
) -> None:
    """Demand that the subtree belongs to the tree of `size`.

    Raises BadConsistencyProof.
    """
    start, end = subtree
    if not _is_subtree(subtree, size):
        raise BadConsistencyProof(f"[{start}, {end}) is no subtree of size {size}")
    _demand_hashes([subtree_root, root, *proof], BadConsistencyProof)
    steps = _descend(subtree, size)
    old, new = _climb(steps, proof, base=subtree_root, error=BadConsistencyProof)
    if old != subtree_root:
        raise BadConsistencyProof(f"[{start}, {end}) of size {size}: another old root")
    if new != root:
        raise BadConsistencyProof(f"[{start}, {end}) of size {size}: another new root")


class _Side(Enum):
    """What the hash of a step is joined to on the way from the subtree to the root."""

    BASE = "the climb starts from this hash, not from the root of the subtree"
    RIGHT = "it stands right of the tree so far"
    LEFT = "it stands left of the tree so far, outside the subtree"
    SHARED = "it stands left of both the tree and the subtree so far"


_Step = tuple[_Side, int, int]
"""How its hash is joined, and the leaves `[lo, hi)` that it is over."""


def _is_subtree(subtree: tuple[int, int], size: int) -> bool:
    start, end = subtree
    if not 0 <= start < end <= size <= MAX_TREE_SIZE:
        return False
    return start % (1 << (end - start - 1).bit_length()) == 0


def _descend(subtree: tuple[int, int], size: int) -> list[_Step]:
    """List the hashes of a proof, from the subtree to the root.

    This is SUBPROOF of RFC 6962 section 2.1.2 written as a loop: walk from the root
    towards the subtree, note the other child at each fork.
    """
    start, end = subtree
    lo, hi = 0, size
    steps: list[_Step] = []
    while lo != start or hi != end:
        middle = lo + (1 << (hi - lo - 1).bit_length() - 1)
        if end <= middle:
            steps.append((_Side.RIGHT, middle, hi))
            hi = middle
        elif start >= middle:
            steps.append((_Side.LEFT, lo, middle))
            lo = middle
        else:
            # The subtree takes all of the left child: go on with its part of the right.
            steps.append((_Side.SHARED, lo, middle))
            lo = start = middle
    if start != subtree[0]:
        steps.append((_Side.BASE, lo, hi))
    steps.reverse()
    return steps


def _climb(
    steps: list[_Step],
    proof: Sequence[bytes],
    *,
    base: bytes,
    error: type[VerificationError],
) -> tuple[bytes, bytes]:
    """Compute the roots of subtree and tree that the proof leads to."""
    if len(proof) != len(steps):
        raise error(f"{len(proof)} hashes in the proof, not {len(steps)}")
    subtree = tree = base
    siblings = iter(proof)
    for side, _, _ in steps:
        sibling = next(siblings)
        if side is _Side.BASE:
            subtree = tree = sibling
        elif side is _Side.RIGHT:
            tree = node_hash(tree, sibling)
        else:
            tree = node_hash(sibling, tree)
            if side is _Side.SHARED:
                subtree = node_hash(sibling, subtree)
    return subtree, tree


def _complete_subtrees(lo: int, hi: int) -> Iterator[tuple[int, int]]:
    """Split a range of the tree into complete subtrees, the widest first."""
    while lo < hi:
        level = (hi - lo).bit_length() - 1
        yield level, lo >> level
        lo += 1 << level


def _read_ranges(
    ranges: Sequence[tuple[int, int]], hash_reader: HashReader
) -> list[bytes]:
    """Compute the hash of each range from stored hashes, read in one call."""
    parts = [list(_complete_subtrees(lo, hi)) for lo, hi in ranges]
    stored = hash_reader([position for part in parts for position in part])
    _demand(len(stored) == sum(map(len, parts)))
    _demand(all(len(item) == HASH_BYTES for item in stored))
    unread = iter(stored)
    return [_join([next(unread) for _ in part]) for part in parts]


def _join(hashes: list[bytes]) -> bytes:
    """Hash complete subtrees of falling width into the one they make up."""
    *wider, joined = hashes
    for left in reversed(wider):
        joined = node_hash(left, joined)
    return joined


def _demand_hashes(hashes: Sequence[bytes], error: type[VerificationError]) -> None:
    if set(map(len, hashes)) != {HASH_BYTES}:
        raise error(f"a hash or root is not of {HASH_BYTES} bytes")


def _demand(holds: bool) -> None:
    if not holds:
        raise AssertionError("proof asked for outside the tree, or misread hashes")
