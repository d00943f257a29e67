"""The leaves of another archive's log, fetched and held against its checkpoint."""

from collections.abc import Iterator
from pathlib import Path

from archive.errors import DigestMismatch, EvidenceError, FormatError
from archive.files import DISK
from archive.log.checkpoint import Checkpoint
from archive.log.merkle import leaf_hash, root_from_hashes
from archive.log.tiles import (
    MAX_BUNDLE_BYTES,
    TILE_WIDTH,
    entries_path,
    parse_entry_bundle,
)
from archive.mirror.listing import Listing
from archive.mirror.source import Source, read_small


def read_leaves(
    source: Source, listing: Listing, checkpoint: Checkpoint, *, target: Path
) -> list[bytes]:
    """All their leaves; full bundles that the copy at `target` holds are not fetched.

    DigestMismatch unless they give the checkpoint's root. Where ours do not, damaged or
    forked as they may be, all are fetched.
    """
    for own in (target, None):
        bundles = _Bundles(source, listing, own)
        leaves = list(bundles.read(checkpoint.size))
        if root_from_hashes([leaf_hash(leaf) for leaf in leaves]) == checkpoint.root:
            return leaves
    raise DigestMismatch(
        f"the entries of {source.name} do not give the root of its checkpoint; nothing"
        " was changed"
    )


class _Bundles:
    """Bundles of leaves, ours where we have them."""

    def __init__(self, source: Source, listing: Listing, own: Path | None) -> None:
        self._source = source
        self._listing = listing
        self._own = own

    def read(self, size: int) -> Iterator[bytes]:
        """The leaves `[0, size)`."""
        for n in range(-(-size // TILE_WIDTH)):
            width = min(TILE_WIDTH, size - n * TILE_WIDTH)
            leaves = self._read_own(n)
            if leaves is None:
                leaves = self._fetch(n, width)
            yield from leaves[:width]

    def _read_own(self, n: int) -> list[bytes] | None:
        if self._own is None:
            return None
        path = self._own / "log" / entries_path(n, TILE_WIDTH)
        try:
            data = DISK.read(path, limit_bytes=MAX_BUNDLE_BYTES)
            leaves = None if data is None else parse_entry_bundle(data)
        except EvidenceError:
            return None
        return leaves if leaves and len(leaves) == TILE_WIDTH else None

    def _fetch(self, n: int, width: int) -> list[bytes]:
        wanted = (entries_path(n, width), entries_path(n, TILE_WIDTH))
        path = next(
            (f"log/{p}" for p in wanted if f"log/{p}" in self._listing.sizes),
            f"log/{wanted[0]}",
        )
        data = read_small(self._source, path, self._listing, MAX_BUNDLE_BYTES)
        leaves = parse_entry_bundle(data)
        if len(leaves) < width:
            raise FormatError(f"{path} of {self._source.name} is too short")
        return leaves
