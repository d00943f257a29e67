"""Recompute a tiled log from its entries and compare every file of it.

An auditor that trusts tiles misses an edited entry, one that recomputes from entries an
edited tile, and both a partial file that no size needs any more. So every file below
`log/` is accounted for here: compared, or named.

Reads without a lock: tiles are listed before entry bundles, as they are written after
them, and a partial file that a writer removes meanwhile is no problem.
"""

from collections import defaultdict
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path

from archive.errors import FormatError, StoreError, Unreadable
from archive.files import Files, is_temporary, not_read
from archive.log.checkpoint import Checkpoint, parse_checkpoint
from archive.log.merkle import HASH_BYTES, leaf_hash, root_from_hashes
from archive.log.note import MAX_NOTE_BYTES, parse_note
from archive.log.tiles import (
    MAX_BUNDLE_BYTES,
    TILE_HEIGHT,
    TILE_WIDTH,
    TileName,
    format_entry_bundle,
    parse_entry_bundle,
    parse_tile_path,
)

Problem = tuple[str, str]
"""Path below the log folder, and what is wrong with that file."""

CHECKPOINT_NAME = "checkpoint"


class TileCheck:
    """One pass over one log folder; flat in memory but for the list of file names."""

    def __init__(self, folder: Path, files: Files, *, allow_unpublished: bool) -> None:
        self._folder = folder
        self._files = files
        self._allow_unpublished = allow_unpublished
        self._unchecked: dict[tuple[int | None, int], list[TileName]] = defaultdict(
            list
        )
        """Files present and not compared yet, by level and number."""
        self._unread: Unreadable | None = None

    def run(self, size: int, root: bytes | None) -> Iterator[Problem]:
        """Name each file that does not fit the entries, or `size`, or the root.

        Without `root` the stored checkpoint has to be of that size and gives it.
        """
        if root is None:
            root = yield from self._read_root(size)
        yield from self._list_files()
        computed = yield from self._check_entries(size)
        for names in self._unchecked.values():
            for name in names:
                yield name.path, "there are no sound entries that it could be of"
        if computed is None:
            yield CHECKPOINT_NAME, f"the entries do not reach its size {size}"
        elif root is not None and computed != root:
            yield CHECKPOINT_NAME, f"its root is not that of the first {size} entries"
        if self._unread is not None:
            raise self._unread

    def _read_root(self, size: int) -> Generator[Problem, None, bytes | None]:
        try:
            checkpoint = self._read_checkpoint()
        except Unreadable:
            raise
        except (FormatError, StoreError) as error:
            yield CHECKPOINT_NAME, str(error)
            return None
        if checkpoint is None:
            yield CHECKPOINT_NAME, "missing"
            return None
        if checkpoint.size != size:
            yield CHECKPOINT_NAME, f"its size is {checkpoint.size}, not {size}"
            return None
        return checkpoint.root

    def _read_checkpoint(self) -> Checkpoint | None:
        data = self._files.read(
            self._folder / CHECKPOINT_NAME, limit_bytes=MAX_NOTE_BYTES
        )
        return None if data is None else parse_checkpoint(parse_note(data).body)

    def _list_files(self) -> Iterator[Problem]:
        """Sort the files by tile; name those that are none."""
        for path in self._walk():
            relative = path.relative_to(self._folder).as_posix()
            if path.is_symlink() or not path.is_file():
                yield relative, "not a regular file"
            elif is_temporary(path.name):
                yield relative, "left by an interrupted write: run any writing verb"
            else:
                yield from self._note_down(relative)

    def _note_down(self, relative: str) -> Iterator[Problem]:
        if relative == CHECKPOINT_NAME:
            return
        try:
            name = parse_tile_path(relative)
        except FormatError:
            yield relative, "no file of a log is called so"
        else:
            self._unchecked[name.level, name.n].append(name)

    def _walk(self) -> Iterator[Path]:
        """Visit all that is no folder, in order: `entries` sorts behind the levels."""
        waiting = [self._folder]
        while waiting:
            path = waiting.pop()
            try:
                is_link = path.is_symlink()
                is_folder = path.is_dir() and not (is_link and path != self._folder)
                is_there = is_link or path.exists()
            except OSError as error:
                raise not_read(path, error) from error
            if is_folder:
                names = self._files.list_names(path)
                waiting += (path / name for name in reversed(names))
            elif is_there:
                yield path

    def _check_entries(self, size: int) -> Generator[Problem, None, bytes | None]:
        """Go through the bundles from the left, and with them through all tiles.

        Gives the root of the first `size` entries, None if they are not all there.
        """
        tree = _Tree()
        root = None
        n, hashes = 0, [b""] * TILE_WIDTH
        while len(hashes) == TILE_WIDTH:
            entries = yield from self._check_bundles(n, size)
            hashes = [leaf_hash(entry) for entry in entries]
            if n == size // TILE_WIDTH and len(hashes) >= size % TILE_WIDTH:
                root = tree.root(hashes[: size % TILE_WIDTH])
            for level, number, row in tree.add(hashes):
                yield from self._check_tiles(level, number, row, size)
            n += 1
        for level, number, row in tree.unfinished():
            yield from self._check_tiles(level, number, row, size)
        return root

    def _check_bundles(
        self, n: int, size: int
    ) -> Generator[Problem, None, list[bytes]]:
        """Compare the bundles of one number; give the entries of the widest."""
        widest: list[bytes] = []
        for name in (yield from self._take(None, n, size)):
            data = yield from self._read(name)
            if data is None:
                continue
            try:
                entries = parse_entry_bundle(data)
            except FormatError as error:
                yield name.path, str(error)
                continue
            if len(entries) != name.width:
                yield name.path, f"holds {len(entries)} entries, not {name.width}"
            elif not widest:
                widest = entries
            elif data != format_entry_bundle(widest[: name.width]):
                yield name.path, "its entries are not those of the wider bundle"
        return widest

    def _check_tiles(
        self, level: int, n: int, hashes: Sequence[bytes], size: int
    ) -> Iterator[Problem]:
        """Compare all tiles of one level and number with recomputed hashes."""
        for name in (yield from self._take(level, n, size)):
            data = yield from self._read(name)
            if data is None:
                continue
            if len(data) != name.width * HASH_BYTES:
                yield name.path, f"{len(data)} bytes are not {name.width} hashes"
            elif name.width > len(hashes):
                yield name.path, f"only {len(hashes)} of its hashes have entries"
            elif (at := _first_difference(data, hashes)) is not None:
                yield name.path, f"hash {at} is not that of the entries"

    def _take(
        self, level: int | None, n: int, size: int
    ) -> Generator[Problem, None, list[TileName]]:
        """Take the files of a number off the list, widest first; miss needed ones."""
        names = self._unchecked.pop((level, n), [])
        stored = size >> TILE_HEIGHT * (level or 0)
        needed = min(TILE_WIDTH, stored - n * TILE_WIDTH)
        widths = {name.width for name in names}
        # A checkpoint of this size promised the exact width; only the full one may
        # have replaced it.
        if needed > 0 and not widths & {needed, TILE_WIDTH}:
            yield TileName(level=level, n=n, width=needed).path, "missing"
        for name in names:
            if name.width > needed and not self._allow_unpublished:
                yield name.path, "no checkpoint covers it: run any writing verb"
        return sorted(names, key=lambda name: name.width, reverse=True)

    def _read(self, name: TileName) -> Generator[Problem, None, bytes | None]:
        """Read a listed file; None after naming why not.

        What the disk does not give is no problem of the log. Without entries nothing
        can be compared any more; without a tile all others still are.
        """
        try:
            data = self._files.read(
                self._folder / name.path, limit_bytes=MAX_BUNDLE_BYTES
            )
        except Unreadable as error:
            if name.level is None:
                raise
            self._unread = self._unread or error
            return None
        except (FormatError, StoreError) as error:
            yield name.path, str(error)
            return None
        full = TileName(level=name.level, n=name.n, width=TILE_WIDTH)
        if data is None and not (self._folder / full.path).is_file():
            yield name.path, "it vanished while it was checked"
        return data


class _Tree:
    """Tiles of a tree that grows from the left, one tile of leaf hashes at a time."""

    def __init__(self) -> None:
        self._rows: list[list[bytes]] = [[]]
        """Per level, the hashes that do not fill a tile yet."""
        self._tiles: list[int] = [0]
        """Per level, how many tiles are full."""

    def add(self, hashes: list[bytes]) -> Iterator[tuple[int, int, list[bytes]]]:
        """Add up to 256 leaf hashes; yield (level, n, hashes) of tiles now full."""
        self._rows[0] = hashes
        level = 0
        while len(row := self._rows[level]) == TILE_WIDTH:
            yield level, self._tiles[level], row
            self._rows[level] = []
            self._tiles[level] += 1
            level += 1
            if level == len(self._rows):
                self._rows.append([])
                self._tiles.append(0)
            self._rows[level].append(root_from_hashes(row))

    def unfinished(self) -> Iterator[tuple[int, int, list[bytes]]]:
        """Yield the partial tiles at the right edge, as `add` does."""
        for level, row in enumerate(self._rows):
            if row:
                yield level, self._tiles[level], row

    def root(self, hashes: list[bytes]) -> bytes:
        """Compute the root as if these leaf hashes, at most 255, came next."""
        row = hashes
        for upper in self._rows[1:]:
            row = [*upper, root_from_hashes(row)] if row else upper
        return root_from_hashes(row)


def _first_difference(data: bytes, hashes: Sequence[bytes]) -> int | None:
    """Give the number of the first hash of a tile that is not the computed one."""
    for at in range(len(data) // HASH_BYTES):
        if data[at * HASH_BYTES : (at + 1) * HASH_BYTES] != hashes[at]:
            return at
    return None
