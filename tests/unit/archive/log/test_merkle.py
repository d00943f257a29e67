import hashlib
import json
from base64 import b64decode
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from archive.errors import BadConsistencyProof, BadInclusionProof
from archive.log.merkle import (
    EMPTY_ROOT,
    MAX_TREE_SIZE,
    HashReader,
    extend_reader,
    leaf_hash,
    node_hash,
    prove_consistency,
    prove_inclusion,
    prove_subtree_consistency,
    read_root,
    root_from_hashes,
    verify_consistency,
    verify_inclusion,
    verify_subtree_consistency,
    verify_subtree_inclusion,
)

LARGEST = 300
VECTORS = Path(__file__).resolve().parents[3] / "vectors" / "merkle.json"


@pytest.fixture(scope="module")
def vectors() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(VECTORS.read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def hashes(vectors: dict[str, Any]) -> list[bytes]:
    return [b64decode(text) for text in vectors["hashes"]]


@pytest.fixture(scope="module")
def reader(naive: ModuleType) -> HashReader:
    def read(positions: Sequence[tuple[int, int]]) -> list[bytes]:
        return [naive.mth(i << level, (i + 1) << level) for level, i in positions]

    return read


def is_accepted(kind: str, arguments: dict[str, Any]) -> bool:
    try:
        if kind == "inclusion":
            verify_inclusion(**arguments)
        else:
            verify_consistency(**arguments)
    except (BadInclusionProof, BadConsistencyProof):
        return False
    return True


def test_vector_file_is_what_its_script_makes(naive: ModuleType) -> None:
    assert VECTORS.read_text(encoding="utf-8") == naive.format_vectors()


def test_roots_and_proofs_equal_the_vectors(
    vectors: dict[str, Any], hashes: list[bytes], reader: HashReader
) -> None:
    leaves = [hashes[number] for number in vectors["leaf_hashes"]]
    assert leaves == [leaf_hash(str(i).encode()) for i in range(len(leaves))]
    for size, root in enumerate(vectors["roots"]):
        assert root_from_hashes(leaves[:size]) == hashes[root]
        assert read_root(size, reader) == hashes[root]
        for index, row in enumerate(vectors["inclusion"][size]):
            expected = tuple(hashes[number] for number in row)
            assert prove_inclusion(index, size, reader) == expected
        for old, row in enumerate(vectors["consistency"][size]):
            expected = tuple(hashes[number] for number in row)
            assert prove_consistency(old, size, reader) == expected


def test_every_broken_proof_of_the_vectors_is_refused(
    vectors: dict[str, Any], hashes: list[bytes]
) -> None:
    accepted = []
    for case in vectors["rejects"]:
        arguments = {
            key: case[key] for key in case if key not in ("name", "kind", "why")
        }
        for key in ("leaf_hash", "root", "old_root", "new_root"):
            if key in arguments:
                arguments[key] = hashes[arguments[key]]
        arguments["proof"] = [hashes[number] for number in arguments["proof"]]
        if is_accepted(case["kind"], arguments):
            accepted.append(case["name"])
    assert accepted == []
    assert len(vectors["rejects"]) > 200


def test_all_inclusion_pairs_to_300_equal_the_naive_tree(
    naive: ModuleType, reader: HashReader
) -> None:
    for size in range(1, LARGEST + 1):
        root = read_root(size, reader)
        assert root == naive.mth(0, size)
        for index in range(size):
            proof = prove_inclusion(index, size, reader)
            assert list(proof) == naive.path(index, 0, size)
            leaf = naive.mth(index, index + 1)
            verify_inclusion(
                leaf_hash=leaf, index=index, size=size, proof=proof, root=root
            )


def test_all_consistency_pairs_to_300_equal_the_naive_tree(
    naive: ModuleType, reader: HashReader
) -> None:
    for new in range(LARGEST + 1):
        for old in range(new + 1):
            proof = prove_consistency(old, new, reader)
            assert list(proof) == (naive.proof(old, new) if old else [])
            verify_consistency(
                old_size=old,
                new_size=new,
                old_root=naive.mth(0, old),
                new_root=naive.mth(0, new),
                proof=proof,
            )


def test_all_subtrees_to_64_are_proved_and_verified(
    naive: ModuleType, reader: HashReader
) -> None:
    for size in range(1, 65):
        for start in range(size):
            for end in range(start + 1, size + 1):
                if start % (1 << (end - start - 1).bit_length()):
                    continue
                verify_subtree_consistency(
                    subtree=(start, end),
                    size=size,
                    subtree_root=naive.mth(start, end),
                    root=naive.mth(0, size),
                    proof=prove_subtree_consistency((start, end), size, reader),
                )


def test_leaf_of_a_subtree_is_verified_by_its_index_in_the_log(
    naive: ModuleType,
) -> None:
    verify_subtree_inclusion(
        leaf_hash=naive.mth(6, 7),
        index=6,
        subtree=(4, 7),
        proof=[naive.mth(4, 6)],
        root=naive.mth(4, 7),
    )


def test_each_flipped_bit_of_a_proof_or_root_is_refused(
    naive: ModuleType, reader: HashReader
) -> None:
    accepted = 0
    for old, new in ((1, 2), (3, 7), (6, 8), (7, 13), (16, 21)):
        proof = prove_consistency(old, new, reader)
        parts = [naive.mth(0, old), naive.mth(0, new), *proof]
        for changed in flipped(parts):
            arguments = {"old_size": old, "new_size": new, "old_root": changed[0]}
            arguments |= {"new_root": changed[1], "proof": changed[2:]}
            accepted += is_accepted("consistency", arguments)
    for index, size in ((0, 1), (2, 3), (5, 7), (12, 13), (16, 21)):
        proof = prove_inclusion(index, size, reader)
        parts = [naive.mth(index, index + 1), naive.mth(0, size), *proof]
        for changed in flipped(parts):
            arguments = {"index": index, "size": size, "leaf_hash": changed[0]}
            arguments |= {"root": changed[1], "proof": changed[2:]}
            accepted += is_accepted("inclusion", arguments)
    assert accepted == 0


def flipped(parts: list[bytes]) -> list[list[bytes]]:
    found = []
    for at, part in enumerate(parts):
        for bit in range(8 * len(part)):
            changed = int.from_bytes(part, "big") ^ (1 << bit)
            found.append([*parts[:at], changed.to_bytes(len(part), "big")])
            found[-1] += parts[at + 1 :]
    return found


def test_index_and_size_of_a_proof_cannot_be_exchanged_for_others(
    naive: ModuleType, reader: HashReader
) -> None:
    """Neighbouring sizes may share a path length; none may share root and index."""
    for size in range(1, 20):
        for index in range(size):
            arguments: dict[str, Any] = {
                "leaf_hash": naive.mth(index, index + 1),
                "proof": prove_inclusion(index, size, reader),
                "root": naive.mth(0, size),
            }
            accepted = [
                other
                for other in range(-1, 40)
                if is_accepted("inclusion", {**arguments, "index": other, "size": size})
            ]
            assert accepted == [index]


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_hash_of_another_length_is_refused(naive: ModuleType, length: int) -> None:
    leaf, other = naive.mth(0, 1), naive.mth(1, 2)
    root = naive.mth(0, 2)
    wrong = bytes(length)
    arguments: dict[str, Any]
    for parts in ((wrong, other, root), (leaf, wrong, root), (leaf, other, wrong)):
        arguments = {"leaf_hash": parts[0], "proof": [parts[1]], "root": parts[2]}
        with pytest.raises(BadInclusionProof, match="32 bytes"):
            verify_inclusion(index=0, size=2, **arguments)
    for parts in ((wrong, other, root), (leaf, wrong, root), (leaf, other, wrong)):
        arguments = {"old_root": parts[0], "proof": [parts[1]], "new_root": parts[2]}
        with pytest.raises(BadConsistencyProof, match="32 bytes"):
            verify_consistency(old_size=1, new_size=2, **arguments)
    with pytest.raises(BadConsistencyProof, match="32 bytes"):
        verify_consistency(
            old_size=0, new_size=1, old_root=EMPTY_ROOT, new_root=wrong, proof=()
        )


def test_equal_roots_of_an_interior_node_do_not_pass_as_leaf(naive: ModuleType) -> None:
    """A node is hashed with another prefix than a leaf (RFC 6962 section 2.1)."""
    left, right = naive.mth(0, 1), naive.mth(1, 2)
    assert leaf_hash(left + right) != node_hash(left, right)
    assert node_hash(left, right) == hashlib.sha256(b"\x01" + left + right).digest()


def test_from_the_empty_tree_only_the_empty_proof_passes() -> None:
    root = leaf_hash(b"0")
    good: dict[str, Any] = {"old_size": 0, "new_size": 1, "old_root": EMPTY_ROOT}
    verify_consistency(**good, new_root=root, proof=())
    verify_consistency(
        old_size=0, new_size=0, old_root=EMPTY_ROOT, new_root=EMPTY_ROOT, proof=()
    )
    for change in (
        {"proof": (root,)},
        {"old_root": root},
        {"new_size": 0},
        {"new_size": -1},
        {"new_size": MAX_TREE_SIZE + 1},
    ):
        assert not is_accepted(
            "consistency", {**good, "new_root": root, "proof": (), **change}
        )


def test_largest_tree_is_verified_in_bounds() -> None:
    """Sizes of 15 digits are walked, larger ones refused before any walk."""
    last = MAX_TREE_SIZE - 1
    with pytest.raises(BadInclusionProof, match="hashes in the proof"):
        verify_inclusion(
            leaf_hash=bytes(32), index=last, size=last + 1, proof=(), root=bytes(32)
        )
    with pytest.raises(BadInclusionProof, match="not within"):
        verify_inclusion(
            leaf_hash=bytes(32), index=0, size=2**200, proof=(), root=bytes(32)
        )


@pytest.mark.parametrize(
    "subtree", [(2, 5), (1, 3), (2, 2), (0, 0), (4, 2), (-2, 0), (0, 9)]
)
def test_range_that_is_no_subtree_is_refused(subtree: tuple[int, int]) -> None:
    with pytest.raises(BadConsistencyProof, match="no subtree"):
        verify_subtree_consistency(
            subtree=subtree, size=8, subtree_root=bytes(32), root=bytes(32), proof=()
        )


def test_proving_outside_the_tree_is_our_own_mistake(reader: HashReader) -> None:
    for call in (
        lambda: prove_inclusion(3, 3, reader),
        lambda: prove_inclusion(-1, 3, reader),
        lambda: prove_consistency(4, 3, reader),
        lambda: prove_consistency(0, -1, reader),
        lambda: read_root(-1, reader),
        lambda: read_root(3, lambda positions: []),
        lambda: read_root(1, lambda positions: [b"short"]),
    ):
        with pytest.raises(AssertionError):
            call()


def test_stored_and_new_leaves_give_every_subtree_together(
    reader: HashReader,
) -> None:
    total = 21
    leaves = reader([(0, index) for index in range(total)])
    positions = [
        (level, index) for level in range(5) for index in range(total >> level)
    ]
    whole = reader(positions)
    for size in range(total + 1):

        def stored(asked: Sequence[tuple[int, int]], size: int = size) -> list[bytes]:
            assert all((index + 1) << level <= size for level, index in asked)
            return reader(asked)

        assert extend_reader(stored, size, leaves[size:])(positions) == whole
