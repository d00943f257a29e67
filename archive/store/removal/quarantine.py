"""Which files hold what an entry holds: as it was stored, or as it came.

In quarantine tails, redo files and pieces of waiting files hold slices byte for byte,
and what a killed process left behind a body as it came from the wire. In the spool it
is what an interrupted write left.
"""

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from archive.files import is_temporary, read_range
from archive.store.segments.segment import FileWindow
from archive.store.segments.walk import SegmentEntry
from archive.warc.reading import read_records
from archive.warc.record import RecordHeader

HEAD_BYTES: Final = 1024
"""By its first bytes a slice or a block is known again: they hold an id or a date."""
SHORT_BYTES: Final = 64
"""Of a block; one below that may be anybody's."""
RECEIVED_TYPES: Final = ("response", "revisit", "resource")


def find_copies(
    quarantine: Path, spool: Path, beginnings: Sequence[bytes]
) -> list[Path]:
    """Regular files in quarantine that hold one of them, and unfinished ones beside."""
    unfinished = (path for path in spool.iterdir() if is_temporary(path.name))
    return [
        path
        for path in sorted((*quarantine.iterdir(), *unfinished))
        if path.is_file() and not path.is_symlink() and holds(path, beginnings)
    ]


def find_beginnings(segment: Path, entry: SegmentEntry) -> Iterator[bytes]:
    """The beginning of the slice, and of each block that was received.

    The entry is whole: its segment was vouched for.
    """
    length = min(HEAD_BYTES, entry.slice_bytes)
    yield b"".join(read_range(segment, entry.slice_offset, length))
    with FileWindow(segment, entry.slice_offset, entry.slice_bytes) as window:
        for record in read_records(io.BufferedReader(window), keep=_keep):
            if len(record.kept) >= SHORT_BYTES:
                yield record.kept


def _keep(header: RecordHeader) -> int:
    return HEAD_BYTES if header.type in RECEIVED_TYPES else 0


def holds(
    path: Path, wanted: Sequence[bytes], span: tuple[int, int] | None = None
) -> bool:
    """Whether one of them is in the file, or begins with all that the file holds.

    `span`: of the file the bytes `[start, end)`.
    """
    start, end = span or (0, path.stat().st_size)
    size = end - start
    overlap = max(map(len, wanted))
    if SHORT_BYTES <= size < overlap:
        data = b"".join(read_range(path, start, size))
        return any(one.startswith(data) or one in data for one in wanted)
    kept = b""
    for chunk in read_range(path, start, size):
        kept = kept[-overlap:] + chunk
        if any(one in kept for one in wanted):
            return True
    return False
