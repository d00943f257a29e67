"""The largest tree on both sides of its bound, and what each refusal says."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from archive.errors import BadConsistencyProof, BadInclusionProof
from archive.log.merkle import (
    EMPTY_ROOT,
    HASH_BYTES,
    MAX_PROOF_HASHES,
    MAX_TREE_SIZE,
    node_hash,
    prove_consistency,
    prove_inclusion,
    read_root,
    verify_consistency,
    verify_inclusion,
    verify_subtree_consistency,
    verify_subtree_inclusion,
)

ZERO = bytes(HASH_BYTES)
ONE = bytes([1]) * HASH_BYTES
OURS = "proof asked for outside the tree, or misread hashes"


def level_hash(level: int) -> bytes:
    """The root of `1 << level` leaves that all have the hash ZERO."""
    found = ZERO
    for _ in range(level):
        found = node_hash(found, found)
    return found


def equal_leaves(positions: Sequence[tuple[int, int]]) -> list[bytes]:
    """A tree of any size all of whose leaves have the same hash."""
    return [level_hash(level) for level, _index in positions]


def test_the_largest_tree_has_a_root_and_proofs_and_a_larger_one_has_none() -> None:
    """Leaves at both ends, and each size whose tree leans over another power of two."""
    root = read_root(MAX_TREE_SIZE, equal_leaves)
    for index in (0, 1, MAX_TREE_SIZE // 2, MAX_TREE_SIZE - 2, MAX_TREE_SIZE - 1):
        proof = prove_inclusion(index, MAX_TREE_SIZE, equal_leaves)
        assert len(proof) <= MAX_PROOF_HASHES
        verify_inclusion(
            leaf_hash=ZERO, index=index, size=MAX_TREE_SIZE, proof=proof, root=root
        )
    for old in (1, 2, 3, 1 << 49, (1 << 49) + 1, MAX_TREE_SIZE - 1, MAX_TREE_SIZE):
        verify_consistency(
            old_size=old,
            new_size=MAX_TREE_SIZE,
            old_root=read_root(old, equal_leaves),
            new_root=root,
            proof=prove_consistency(old, MAX_TREE_SIZE, equal_leaves),
        )
    larger = MAX_TREE_SIZE + 1
    calls: tuple[Callable[[], object], ...] = (
        lambda: read_root(larger, equal_leaves),
        lambda: prove_inclusion(0, larger, equal_leaves),
        lambda: prove_consistency(0, larger, equal_leaves),
        lambda: prove_consistency(1, larger, equal_leaves),
    )
    for call in calls:
        with pytest.raises(AssertionError) as caught:
            call()
        assert str(caught.value) == OURS


def test_from_nothing_to_the_largest_tree_there_is_nothing_to_prove() -> None:
    assert prove_consistency(0, 0, equal_leaves) == ()
    assert prove_consistency(0, MAX_TREE_SIZE, equal_leaves) == ()
    empty: dict[str, Any] = {"old_size": 0, "old_root": EMPTY_ROOT, "proof": ()}
    verify_consistency(**empty, new_size=MAX_TREE_SIZE, new_root=ZERO)
    with pytest.raises(BadConsistencyProof) as caught:
        verify_consistency(**empty, new_size=MAX_TREE_SIZE + 1, new_root=ZERO)
    assert str(caught.value) == "from size 0: the proof and the old tree are empty"
    with pytest.raises(BadConsistencyProof) as caught:
        verify_consistency(**empty, new_size=0, new_root=ZERO)
    assert str(caught.value) == "a tree without leaves has one root only"


SHORT = f"a hash or root is not of {HASH_BYTES} bytes"
PAIR = node_hash(ZERO, ONE)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"index": 2}, "leaf 2 is not within [0, 2)"),
        ({"index": -1}, "leaf -1 is not within [0, 2)"),
        ({"size": 0, "index": 0}, "leaf 0 is not within [0, 0)"),
        ({"size": MAX_TREE_SIZE + 1}, f"leaf 0 is not within [0, {MAX_TREE_SIZE + 1})"),
        ({"leaf_hash": b""}, SHORT),
        ({"proof": ()}, "0 hashes in the proof, not 1"),
        ({"proof": (ONE, ONE)}, "2 hashes in the proof, not 1"),
        ({"proof": (ZERO,)}, "leaf 0 of [0, 2): another root"),
        ({"index": 1}, "leaf 1 of [0, 2): another root"),
    ],
)
def test_a_refused_inclusion_says_why(change: dict[str, Any], words: str) -> None:
    good: dict[str, Any] = {"leaf_hash": ZERO, "index": 0, "size": 2}
    good |= {"proof": (ONE,), "root": PAIR}
    verify_inclusion(**good)
    with pytest.raises(BadInclusionProof) as caught:
        verify_inclusion(**{**good, **change})
    assert str(caught.value) == words


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"old_size": 3}, "[0, 3) is no subtree of size 2"),
        ({"old_size": -1}, "[0, -1) is no subtree of size 2"),
        ({"new_root": ZERO[1:]}, SHORT),
        ({"proof": ()}, "0 hashes in the proof, not 1"),
        ({"proof": (ZERO,)}, "[0, 1) of size 2: another new root"),
        ({"new_root": ONE}, "[0, 1) of size 2: another new root"),
        ({"old_root": ONE}, "[0, 1) of size 2: another new root"),
        (
            {"old_size": 3, "new_size": 4, "proof": (ONE, ONE, PAIR)},
            "[0, 3) of size 4: another old root",
        ),
    ],
)
def test_a_refused_continuation_says_why(change: dict[str, Any], words: str) -> None:
    good: dict[str, Any] = {"old_size": 1, "new_size": 2, "old_root": ZERO}
    good |= {"proof": (ONE,), "new_root": PAIR}
    verify_consistency(**good)
    with pytest.raises(BadConsistencyProof) as caught:
        verify_consistency(**{**good, **change})
    assert str(caught.value) == words


def test_a_leaf_outside_its_subtree_is_refused_though_the_tree_has_it() -> None:
    """Both ends of a subtree that does not begin the log: `[2, 4)`."""
    inside: dict[str, Any] = {"subtree": (2, 4), "root": PAIR}
    verify_subtree_inclusion(leaf_hash=ZERO, index=2, proof=(ONE,), **inside)
    verify_subtree_inclusion(leaf_hash=ONE, index=3, proof=(ZERO,), **inside)
    for index in (0, 1, 4):
        with pytest.raises(BadInclusionProof) as caught:
            verify_subtree_inclusion(
                leaf_hash=ZERO, index=index, proof=(ONE,), **inside
            )
        assert str(caught.value) == f"leaf {index} is not within [2, 4)"


def test_a_subtree_is_named_by_both_ends_in_what_is_refused() -> None:
    whole = node_hash(PAIR, PAIR)
    good: dict[str, Any] = {"subtree": (2, 4), "size": 4, "subtree_root": PAIR}
    good |= {"root": whole, "proof": (PAIR,)}
    verify_subtree_consistency(**good)
    for change, words in (
        ({"subtree": (1, 3)}, "[1, 3) is no subtree of size 4"),
        ({"root": PAIR}, "[2, 4) of size 4: another new root"),
    ):
        with pytest.raises(BadConsistencyProof) as caught:
            verify_subtree_consistency(**{**good, **change})
        assert str(caught.value) == words
