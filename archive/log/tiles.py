"""Tiles and entry bundles (c2sp.org/tlog-tiles): their names and bytes; pure.

A tile holds the hashes of 256 neighbouring complete subtrees of 256**level leaves, a
bundle the 256 leaves themselves. At the right edge both are partial, in files named
`.p/WIDTH`; such a file is written once too, the next one is another file.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from archive.errors import FormatError, LimitExceeded, MalformedLeaf
from archive.log.fields import quote
from archive.log.leaf import MAX_LEAF_BYTES
from archive.log.merkle import HASH_BYTES, MAX_TREE_SIZE

TILE_HEIGHT = 8
"""Tree levels in a tile, fixed by tlog-tiles."""
TILE_WIDTH = 1 << TILE_HEIGHT
"""Hashes of a full tile, leaves of a full bundle."""
MAX_TILE_BYTES = TILE_WIDTH * HASH_BYTES
MAX_TILE_LEVEL = 63
"""The highest level that tlog-tiles allows; our largest tree needs 6."""
LENGTH_BYTES = 2
"""Bytes of the length in front of an entry, big-endian."""
MAX_BUNDLE_BYTES = TILE_WIDTH * (LENGTH_BYTES + MAX_LEAF_BYTES)

_WIDTH = re.compile(r"[1-9][0-9]{0,2}")
_NAME = re.compile(
    r"tile/(?:(?P<level>0|[1-9][0-9]?)|entries)/(?P<n>(?:x[0-9]{3}/){0,4}[0-9]{3})"
    r"(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TileName:
    """Which file: `level` None is an entry bundle; `width` 256 is a full one."""

    level: int | None
    n: int
    width: int

    @property
    def path(self) -> str:
        """The path below `log/`."""
        if self.level is None:
            return entries_path(self.n, self.width)
        return tile_path(self.level, self.n, self.width)


def tile_path(level: int, n: int, width: int) -> str:
    """Name the n-th tile of a level, below `log/`."""
    if not 0 <= level <= MAX_TILE_LEVEL:
        raise AssertionError("no such tile level")
    return f"tile/{level}/{_format_position(n, width)}"


def entries_path(n: int, width: int) -> str:
    """Name the n-th entry bundle, below `log/`."""
    return f"tile/entries/{_format_position(n, width)}"


def parse_tile_path(text: str) -> TileName:
    """Read a path below `log/`; FormatError if no tile or bundle is called so."""
    match = _NAME.fullmatch(text)
    if match is not None:
        level = None if match["level"] is None else int(match["level"])
        n = int(match["n"].replace("x", "").replace("/", ""))
        width = int(match["width"] or TILE_WIDTH)
        if (
            n <= MAX_TREE_SIZE
            and width <= TILE_WIDTH
            and (level or 0) <= MAX_TILE_LEVEL
        ):
            name = TileName(level=level, n=n, width=width)
            if name.path == text:
                return name
    raise FormatError(f"no tile or entry bundle is called {quote(text)}")


def parse_tile(data: bytes) -> list[bytes]:
    """Split a tile into its hashes; FormatError."""
    if len(data) % HASH_BYTES or not 0 < len(data) <= MAX_TILE_BYTES:
        raise FormatError(f"a tile is 1 to {TILE_WIDTH} hashes, not {len(data)} bytes")
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]


def parse_entry_bundle(data: bytes) -> list[bytes]:
    """Split a bundle into its entries; MalformedLeaf names the offset."""
    entries: list[bytes] = []
    at = 0
    while at < len(data):
        body = at + LENGTH_BYTES
        end = body + int.from_bytes(data[at:body], "big")
        if end > len(data) or body > len(data):
            raise MalformedLeaf(f"the entry at offset {at} of a bundle is cut off")
        if len(entries) == TILE_WIDTH:
            raise MalformedLeaf(f"a bundle goes on behind {TILE_WIDTH} entries at {at}")
        entries.append(data[body:end])
        at = end
    if not entries:
        raise MalformedLeaf("a bundle without entries")
    return entries


def format_entry_bundle(entries: Sequence[bytes]) -> bytes:
    """Write a bundle of 1 to 256 entries; LimitExceeded for too long an entry."""
    if not 0 < len(entries) <= TILE_WIDTH:
        raise AssertionError(f"a bundle of {len(entries)} entries")
    parts: list[bytes] = []
    for entry in entries:
        if len(entry) > MAX_LEAF_BYTES:
            raise LimitExceeded(f"an entry of {len(entry)} bytes")
        parts += (len(entry).to_bytes(LENGTH_BYTES, "big"), entry)
    return b"".join(parts)


def _format_position(n: int, width: int) -> str:
    """Write number and width: 1234067 is `x001/x234/067`."""
    if not 0 <= n <= MAX_TREE_SIZE or not 0 < width <= TILE_WIDTH:
        raise AssertionError(f"no tile {n} of width {width}")
    position = f"{n % 1000:03d}"
    while n := n // 1000:
        position = f"x{n % 1000:03d}/{position}"
    return position if width == TILE_WIDTH else f"{position}.p/{width}"


def is_partial_width(name: str) -> bool:
    """Whether a file in a `.p` folder is called like a partial tile."""
    return _WIDTH.fullmatch(name) is not None and int(name) < TILE_WIDTH
