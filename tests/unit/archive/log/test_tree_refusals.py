"""Each refusal of a proof about a tree says exactly what it found; bounds are exact.

A person who reads the sentence must know what to look at, so the words are a promise.
"""

from collections.abc import Sequence

import pytest

from archive.errors import (
    BadConsistencyProof,
    BadInclusionProof,
)
from archive.log.merkle import (
    EMPTY_ROOT,
    MAX_TREE_SIZE,
    leaf_hash,
    node_hash,
    prove_consistency,
    read_root,
    verify_consistency,
    verify_inclusion,
    verify_subtree_consistency,
    verify_subtree_inclusion,
)
from tests.support.judging.refusals import Case

HASH = bytes(32)
ONE, TWO = leaf_hash(b"1"), leaf_hash(b"2")
PAIR = node_hash(ONE, TWO)


CASES = {
    "inclusion-outside": Case(
        lambda: verify_inclusion(leaf_hash=ONE, index=2, size=2, proof=(), root=PAIR),
        BadInclusionProof,
        "leaf 2 is not within [0, 2)",
    ),
    "inclusion-hash": Case(
        lambda: verify_inclusion(
            leaf_hash=ONE, index=0, size=2, proof=(b"",), root=PAIR
        ),
        BadInclusionProof,
        "a hash or root is not of 32 bytes",
    ),
    "inclusion-length": Case(
        lambda: verify_inclusion(leaf_hash=ONE, index=0, size=2, proof=(), root=PAIR),
        BadInclusionProof,
        "0 hashes in the proof, not 1",
    ),
    "inclusion-root": Case(
        lambda: verify_inclusion(
            leaf_hash=ONE, index=0, size=2, proof=(TWO,), root=HASH
        ),
        BadInclusionProof,
        "leaf 0 of [0, 2): another root",
    ),
    "subtree-inclusion-outside": Case(
        lambda: verify_subtree_inclusion(
            leaf_hash=ONE, index=1, subtree=(2, 4), proof=(), root=PAIR
        ),
        BadInclusionProof,
        "leaf 1 is not within [2, 4)",
    ),
    "empty-proof": Case(
        lambda: verify_consistency(
            old_size=0, new_size=2, proof=(HASH,), old_root=EMPTY_ROOT, new_root=PAIR
        ),
        BadConsistencyProof,
        "from size 0: the proof and the old tree are empty",
    ),
    "empty-old-root": Case(
        lambda: verify_consistency(
            old_size=0, new_size=2, proof=(), old_root=HASH, new_root=PAIR
        ),
        BadConsistencyProof,
        "from size 0: the proof and the old tree are empty",
    ),
    "empty-new-root": Case(
        lambda: verify_consistency(
            old_size=0, new_size=0, proof=(), old_root=EMPTY_ROOT, new_root=PAIR
        ),
        BadConsistencyProof,
        "a tree without leaves has one root only",
    ),
    "no-subtree": Case(
        lambda: verify_subtree_consistency(
            subtree=(1, 3), size=4, proof=(), subtree_root=HASH, root=HASH
        ),
        BadConsistencyProof,
        "[1, 3) is no subtree of size 4",
    ),
    "consistency-hash": Case(
        lambda: verify_consistency(
            old_size=1, new_size=2, proof=(b"",), old_root=ONE, new_root=PAIR
        ),
        BadConsistencyProof,
        "a hash or root is not of 32 bytes",
    ),
    "consistency-length": Case(
        lambda: verify_consistency(
            old_size=1, new_size=2, proof=(), old_root=ONE, new_root=PAIR
        ),
        BadConsistencyProof,
        "0 hashes in the proof, not 1",
    ),
    "another-old-root": Case(
        lambda: verify_subtree_consistency(
            subtree=(0, 3),
            size=4,
            proof=(TWO, ONE, PAIR),
            subtree_root=HASH,
            root=HASH,
        ),
        BadConsistencyProof,
        "[0, 3) of size 4: another old root",
    ),
    "another-new-root": Case(
        lambda: verify_consistency(
            old_size=1, new_size=2, proof=(TWO,), old_root=ONE, new_root=HASH
        ),
        BadConsistencyProof,
        "[0, 1) of size 2: another new root",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_refusal_says_exactly_what_it_found(case: Case) -> None:
    case.check()


# Bounds: the last value that is allowed is allowed


def test_a_tree_of_the_largest_size_is_a_tree() -> None:
    def zeros(asked: Sequence[tuple[int, int]]) -> list[bytes]:
        return [HASH for _ in asked]

    assert prove_consistency(0, MAX_TREE_SIZE, zeros) == ()
    assert len(read_root(MAX_TREE_SIZE, zeros)) == 32
    verify_consistency(
        old_size=0,
        new_size=MAX_TREE_SIZE,
        proof=(),
        old_root=EMPTY_ROOT,
        new_root=HASH,
    )
    with pytest.raises(AssertionError, match="outside the tree"):
        read_root(MAX_TREE_SIZE + 1, zeros)
