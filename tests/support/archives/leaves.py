"""Leaves, the roots over them, and a log that grows by them."""

from archive.log.checkpoint import Checkpoint
from archive.log.log import TiledLog
from archive.log.merkle import (
    leaf_hash,
    root_from_hashes,
)
from archive.log.note import (
    NoteSigner,
)


def make_leaves(start: int, end: int) -> list[bytes]:
    return [f"leaf {i}\n".encode() for i in range(start, end)]


def root_of(size: int) -> bytes:
    return root_from_hashes([leaf_hash(leaf) for leaf in make_leaves(0, size)])


def grow(log: TiledLog, signer: NoteSigner, *sizes: int) -> Checkpoint:
    """Append up to each size in turn, with a checkpoint each time."""
    for size in sizes:
        done = log.append_and_publish(
            make_leaves(log.size, size), origin=signer.vkey.name, signer=signer
        )
        assert (done.size, done.root) == (size, root_of(size))
    return done
