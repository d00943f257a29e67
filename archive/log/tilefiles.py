"""Tile and bundle files of one log folder: write once, read in any width, remove.

Written files are never changed; a partial file goes when its full file is published.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from archive.errors import FormatError, Truncated
from archive.files import Files
from archive.log.merkle import root_from_hashes
from archive.log.tiles import (
    MAX_BUNDLE_BYTES,
    TILE_HEIGHT,
    TILE_WIDTH,
    TileName,
    entries_path,
    format_entry_bundle,
    is_partial_width,
    parse_entry_bundle,
    parse_tile,
    parse_tile_path,
    tile_path,
)


class TileFiles:
    """The tile and bundle files below one log folder."""

    def __init__(self, folder: Path, files: Files) -> None:
        self._folder = folder
        self._files = files

    def write_tile(self, level: int, n: int, hashes: Sequence[bytes]) -> None:
        """Write a tile, full or partial by its number of hashes."""
        self._write(tile_path(level, n, len(hashes)), b"".join(hashes))

    def write_bundle(self, n: int, entries: Sequence[bytes]) -> None:
        """Write an entry bundle, full or partial by its number of entries."""
        self._write(entries_path(n, len(entries)), format_entry_bundle(entries))

    def read_tile(self, level: int, n: int, width: int) -> list[bytes]:
        """Read the first `width` hashes of a tile from whichever file has them."""
        found, data = self._read(TileName(level=level, n=n, width=width))
        hashes = parse_tile(data)
        if len(hashes) != found.width:
            raise Truncated(f"{self._folder / found.path}: {len(hashes)} hashes in it")
        return hashes[:width]

    def read_bundle(self, n: int, width: int) -> list[bytes]:
        """Read the first `width` entries of a bundle from whichever file has them."""
        found, data = self._read(TileName(level=None, n=n, width=width))
        entries = parse_entry_bundle(data)
        if len(entries) != found.width:
            raise Truncated(
                f"{self._folder / found.path}: {len(entries)} entries in it"
            )
        return entries[:width]

    def read_subtrees(
        self, positions: Sequence[tuple[int, int]], size: int
    ) -> list[bytes]:
        """Compute the hashes of complete subtrees (level, index) in a tree of `size`.

        Each tile is read once per call, in the width it has in that tree.
        """
        tiles: dict[tuple[int, int], list[bytes]] = {}
        found: list[bytes] = []
        for tree_level, index in positions:
            level, height = divmod(tree_level, TILE_HEIGHT)
            n, offset = divmod(index << height, TILE_WIDTH)
            end = offset + (1 << height)
            width = min(TILE_WIDTH, (size >> TILE_HEIGHT * level) - n * TILE_WIDTH)
            if end > width:
                raise AssertionError(f"no subtree {tree_level}, {index} in size {size}")
            if (level, n) not in tiles:
                tiles[level, n] = self.read_tile(level, n, width)
            found.append(root_from_hashes(tiles[level, n][offset:end]))
        return found

    def remove_covered(self, old_size: int, new_size: int) -> None:
        """Remove partial files that growing to the stored `new_size` made needless."""
        level = 0
        while new_size:
            first, end = old_size // TILE_WIDTH, new_size // TILE_WIDTH
            for n in range(first, end):
                if level == 0:
                    self._remove_partials(None, n)
                self._remove_partials(level, n)
            level, old_size, new_size = level + 1, first, end

    def remove_all_covered(self, size: int) -> None:
        """Remove every partial file that a stored `size` makes needless."""
        for folder in sorted(self._folder.rglob("*.p")):
            relative = folder.with_suffix("").relative_to(self._folder).as_posix()
            try:
                name = parse_tile_path(relative)
            except FormatError:
                continue
            if (name.n + 1) * TILE_WIDTH <= size >> TILE_HEIGHT * (name.level or 0):
                self._remove_partials(name.level, name.n)

    def _remove_partials(self, level: int | None, n: int) -> None:
        """Remove the partial files of a tile or bundle."""
        folder = self._partials_folder(level, n)
        names = self._files.list_names(folder)
        partials = [name for name in names if is_partial_width(name)]
        self._files.remove(*(folder / name for name in partials))
        # A foreign file stays, and its folder, for `evidence verify` to name.
        if len(partials) == len(names) and folder.is_dir():
            self._files.remove_folder(folder)

    def _write(self, relative: str, data: bytes) -> None:
        path = self._folder / relative
        self._files.make_folder(path.parent)
        self._files.write_once(path, data)

    def _read(self, wanted: TileName) -> tuple[TileName, bytes]:
        """Read the narrowest file that is wide enough; Truncated if there is none."""
        for width in self._widths(wanted):
            name = TileName(level=wanted.level, n=wanted.n, width=width)
            path = self._folder / name.path
            data = self._files.read(path, limit_bytes=MAX_BUNDLE_BYTES)
            if data is not None:
                return name, data
        raise Truncated(f"{self._folder / wanted.path} is missing")

    def _widths(self, wanted: TileName) -> Iterator[int]:
        """Name the widths to try; the folder is listed only if the usual ones fail."""
        yield wanted.width
        if wanted.width < TILE_WIDTH:
            yield TILE_WIDTH
            names = self._files.list_names(
                self._partials_folder(wanted.level, wanted.n)
            )
            widths = sorted(int(name) for name in names if is_partial_width(name))
            yield from (width for width in widths if width > wanted.width)

    def _partials_folder(self, level: int | None, n: int) -> Path:
        full = self._folder / TileName(level=level, n=n, width=TILE_WIDTH).path
        return full.with_name(f"{full.name}.p")
