"""LogReader: checkpoint, leaves, hashes and proofs of a log folder, never written.

What is read is as good as the folder: tiles are compared with the entries by
`iter_tile_problems` alone, and no signature is looked at here.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from archive.errors import LogMissing
from archive.files import DISK, Files
from archive.log.check import CHECKPOINT_NAME, TileCheck
from archive.log.checkpoint import Checkpoint, parse_checkpoint
from archive.log.merkle import (
    MAX_TREE_SIZE,
    HashReader,
    prove_consistency,
    prove_inclusion,
    read_root,
)
from archive.log.note import MAX_NOTE_BYTES, SignedNote, parse_note
from archive.log.tilefiles import TileFiles
from archive.log.tiles import TILE_WIDTH


class LogReader:
    """The folder `log/` of an archive, for whoever reads it."""

    def __init__(self, folder: Path, files: Files = DISK) -> None:
        self._folder = folder
        self._files = files
        self._tiles = TileFiles(folder, files)

    @property
    def size(self) -> int:
        """Leaves that the stored checkpoint covers; 0 before the first one."""
        stored = self._read_stored()
        return stored[1].size if stored else 0

    def read_checkpoint(self) -> bytes | None:
        """Read the stored checkpoint as signed; None before the first one."""
        data = self._files.read(
            self._folder / CHECKPOINT_NAME, limit_bytes=MAX_NOTE_BYTES
        )
        if data is None and not self._folder.is_dir():
            raise LogMissing(f"there is no log at {self._folder}; run `evidence init`")
        return data

    def read_leaves(self, start: int, end: int) -> Iterator[bytes]:
        """Read the leaves `[start, end)`; Truncated where one is missing."""
        if not 0 <= start <= end <= MAX_TREE_SIZE:
            raise AssertionError(f"no range of leaves: {start}, {end}")
        for n in range(start // TILE_WIDTH, -(-end // TILE_WIDTH)):
            begin = n * TILE_WIDTH
            width = min(TILE_WIDTH, end - begin)
            yield from self._tiles.read_bundle(n, width)[max(0, start - begin) :]

    def hash_reader(self, size: int) -> HashReader:
        """Give a reader of stored hashes for the tree of `size`; each call reads anew.

        The hashes come from tiles, which only `iter_tile_problems` compares with the
        entries: verify what is made from them against a checkpoint.
        """

        def read(positions: Sequence[tuple[int, int]]) -> list[bytes]:
            return self._tiles.read_subtrees(positions, size)

        return read

    def root(self, size: int) -> bytes:
        """The root of the first `size` entries."""
        return read_root(size, self.hash_reader(size))

    def prove(self, index: int, size: int) -> tuple[bytes, ...]:
        """Prove that leaf `index` is in the tree of `size`."""
        return prove_inclusion(index, size, self.hash_reader(size))

    def prove_consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        """Prove that the tree of `old` leaves is a prefix of the tree of `new`."""
        return prove_consistency(old, new, self.hash_reader(new))

    def iter_tile_problems(
        self, size: int, root: bytes | None = None, *, allow_unpublished: bool = True
    ) -> Iterator[tuple[str, str]]:
        """Recompute the tree from the entries; name each file that does not fit.

        Yields (path below the log folder, reason). Every file present is compared, also
        partial ones that nothing needs any more and those beyond `size`; unknown names,
        links and needed files that are missing are problems too. `root` is what the
        caller's verified checkpoint states for `size`; without it, the stored one's.
        Files beyond `size` are those of a writer at work or of one that was killed:
        they are compared with each other, but no root vouches for them. When nobody
        writes and the checkpoint is the newest, pass `allow_unpublished=False` to have
        them named. Damaged bytes never raise; Unreadable, last of all where that can
        be: the disk does not give a file.
        """
        check = TileCheck(
            self._folder, self._files, allow_unpublished=allow_unpublished
        )
        return check.run(size, root)

    def _read_stored(self) -> tuple[SignedNote, Checkpoint] | None:
        data = self.read_checkpoint()
        if data is None:
            return None
        note = parse_note(data)
        return note, parse_checkpoint(note.body)
