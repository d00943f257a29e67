"""What of a removed capture still lies in waiting files: it would be signed once more.

A crash in `sign` leaves a file whose entries are stated already, byte for byte. The
removed one leaves a stub without its salt, so nobody would know it again there. Bytes
that are no whole entry would go to quarantine as they are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from archive.digest import Digest
from archive.errors import FormatError
from archive.files import Files, read_range
from archive.store.removal.quarantine import holds
from archive.store.waiting.files import MAGIC, WaitingEntry, list_waiting
from archive.store.waiting.reading import read_pieces

Span = tuple[int, int]
"""Bytes `[start, end)` of a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """By what a removed entry is known again."""

    capture_id: Digest
    salt: str
    beginnings: Sequence[bytes]
    """Of its slice, and of what it received."""


def remove_from_waiting(spool: Path, removed: Removal, files: Files) -> int:
    """Write each waiting file anew without it; says in how many it was."""
    count = 0
    for file in list_waiting(spool):
        size = file.path.stat().st_size
        kept = list(_kept(file.path, size, removed))
        if sum(end - start for start, end in kept) + len(MAGIC) >= size:
            continue
        count += 1
        if kept:
            files.replace_with(file.path, _chunks(file.path, kept))
        else:
            files.remove(file.path)
    return count


def _kept(path: Path, size: int, removed: Removal) -> Iterator[Span]:
    """Spans behind the magic line that are not of the removed entry."""
    at = len(MAGIC)
    try:
        for piece in read_pieces(path):
            span = (max(at, len(MAGIC)), piece.end_bytes)
            if piece.end_bytes <= len(MAGIC):
                continue
            at = piece.end_bytes
            if isinstance(piece, WaitingEntry):
                is_it = (
                    piece.slice_sha256 == removed.capture_id.hex
                    or piece.salt == removed.salt
                )
            else:
                is_it = holds(path, removed.beginnings, span)
            if not is_it:
                yield span
    except FormatError:  # not of ours: nobody reads beyond, and `sign` refuses it
        if not holds(path, removed.beginnings, (at, size)):
            yield at, size


def _chunks(path: Path, spans: Sequence[Span]) -> Iterator[bytes]:
    for start, end in ((0, len(MAGIC)), *spans):
        yield from read_range(path, start, end - start)
