"""A log grown in any steps is the tree of its leaves, and proves it."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from archive.errors import BadConsistencyProof, BadInclusionProof
from archive.log.log import TiledLog
from archive.log.merkle import (
    EMPTY_ROOT,
    leaf_hash,
    root_from_hashes,
    verify_consistency,
    verify_inclusion,
)
from archive.log.note import ED25519, VerifierKey, make_vkey
from tests.support.archives.log_parts import QuickFiles
from tests.support.judging.examples import examples

LEAVES = [f"leaf {i}\n".encode() for i in range(1_200)]
HASHES = [leaf_hash(leaf) for leaf in LEAVES]
steps = st.lists(
    st.one_of(st.integers(1, 5), st.integers(1, 300), st.sampled_from([255, 256])),
    min_size=1,
    max_size=4,
)
hashes = st.binary(min_size=32, max_size=32)
numbers = st.one_of(st.integers(-2, 40), st.integers(-(2**70), 2**70))


class NoSigner:
    """Signs with zeros: these tests are about the tree."""

    @property
    def vkey(self) -> VerifierKey:
        return make_vkey("log", ED25519, bytes(32))

    def sign(self, message: bytes) -> bytes:
        return bytes(64)


@settings(max_examples=100, deadline=None)
@given(steps, st.data())
def test_any_steps_give_the_tree_of_the_leaves(
    widths: list[int], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        log = TiledLog(Path(folder) / "log", QuickFiles())
        log.create()
        size = 0
        for width in widths:
            done = log.append_and_publish(
                LEAVES[size : size + width], origin="log", signer=NoSigner()
            )
            size += width
            assert done.root == root_from_hashes(HASHES[:size])
        assert list(log.iter_tile_problems(size)) == []
        assert list(log.read_leaves(0, size)) == LEAVES[:size]
        old = data.draw(st.integers(0, size))
        index = data.draw(st.integers(0, size - 1))
        verify_consistency(
            old_size=old,
            new_size=size,
            old_root=root_from_hashes(HASHES[:old]) if old else EMPTY_ROOT,
            new_root=done.root,
            proof=log.prove_consistency(old, size),
        )
        verify_inclusion(
            leaf_hash=HASHES[index],
            index=index,
            size=size,
            proof=log.prove(index, size),
            root=done.root,
        )


@settings(max_examples=examples(2_000), deadline=None)
@given(numbers, numbers, st.lists(hashes, max_size=5), hashes, hashes)
def test_hostile_arguments_are_refused_by_our_own_errors(
    one: int, other: int, proof: list[bytes], first: bytes, second: bytes
) -> None:
    accepted = 0
    try:
        verify_inclusion(
            leaf_hash=first, index=one, size=other, proof=proof, root=second
        )
        accepted += 1
    except BadInclusionProof:
        pass
    try:
        verify_consistency(
            old_size=one, new_size=other, old_root=first, new_root=second, proof=proof
        )
        accepted += 1
    except BadConsistencyProof:
        pass
    assert accepted == 0 or first == second
