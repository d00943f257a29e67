"""Redo files: the exact bytes of everything in the open segment, with their place.

`spool/NNNNNNNN.batch` belongs to the segment of that serial. It is a magic line, then
entries: 8 bytes big-endian header length, header (canonical JSON: segment, offset,
slice and statement length, SHA-256 of both together), slice, statement record. An
entry counts when it is whole; an entry that is not was never acknowledged. The file
goes when its segment is sealed and the next segment has begun. It is never appended to
behind bytes that may not be on disk: recovery writes it as a new file first.
"""

import re
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from archive.attest.values.canonical import dump_canonical, parse_canonical
from archive.digest import READ_BYTES, Digest
from archive.errors import FormatError
from archive.files import DISK, Files, read_range

MAGIC = b"evidence-spool/v1\n"
HELD_SLICE_BYTES = 64 * 1024
"""A slice up to this size is read once and held until it is in the segment, too: most
are smaller, and a group of them takes little memory."""
HEADER_LIMIT_BYTES = 4096
"""Bytes of an entry header: five short fields."""
SEGMENTS_KEPT = 4
"""Names written a moment ago; there is one open segment."""
_NAME = re.compile(r"([0-9]{8})\.batch")


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolEntry:
    """One slice and its statement record; `start` is where the slice begins here."""

    segment: str
    offset_bytes: int
    slice_bytes: int
    statement_bytes: int
    digest: Digest
    start: int

    @property
    def length_bytes(self) -> int:
        """Slice and statement together."""
        return self.slice_bytes + self.statement_bytes

    @property
    def end_bytes(self) -> int:
        """Where the entry ends in its segment."""
        return self.offset_bytes + self.length_bytes


def spool_path(folder: Path, serial: int) -> Path:
    """The redo file of a segment."""
    return folder / f"{serial:08d}.batch"


def list_spools(folder: Path) -> dict[int, Path]:
    """All redo files by segment serial."""
    found = {}
    for path in sorted(folder.iterdir()):
        match = _NAME.fullmatch(path.name)
        if match:
            found[int(match[1])] = path
    return found


def format_entry_header(entry: SpoolEntry) -> bytes:
    """An entry's length and header; slice and statement record follow it."""
    place = (entry.offset_bytes, entry.slice_bytes, entry.statement_bytes)
    return _format_header(place, segment=entry.segment, digest=entry.digest)


def _format_header(
    place: tuple[int, int, int], *, segment: str, digest: Digest
) -> bytes:
    """The same for an entry that has no place here yet."""
    offset, slice_bytes, statement_bytes = place
    # Canonical JSON: numbers and hex digits are written as they are.
    header = (
        f'{{"offset":{offset},"segment":{_quoted(segment)},"sha256":"{digest.hex}",'
        f'"slice":{slice_bytes},"statement":{statement_bytes}}}'
    ).encode()
    return struct.pack(">Q", len(header)) + header


@lru_cache(maxsize=SEGMENTS_KEPT)
def _quoted(segment: str) -> str:
    """A segment's name as JSON: one after the other goes into the same."""
    return dump_canonical(segment).decode()


def read_entries(path: Path, *, trusted_bytes: int = 0) -> Iterator[SpoolEntry]:
    """Yield the whole entries in order; stop silently at the first one that is not.

    Entries that end at `trusted_bytes` of their segment or before are not hashed: their
    bytes are wanted only if the segment loses its own, and are hashed then.
    """
    size = path.stat().st_size
    with path.open("rb") as stream:
        if stream.read(len(MAGIC)) != MAGIC:
            return
        while True:
            entry = _read_header(stream)
            if entry is None or entry.start + entry.length_bytes > size:
                return
            if entry.end_bytes > trusted_bytes:
                chunks = _bounded(stream, entry.length_bytes)
                if Digest.of_chunks(chunks) != entry.digest:
                    return
            yield entry
            stream.seek(entry.start + entry.length_bytes)


def copy_entry(path: Path, entry: SpoolEntry, append: Callable[[bytes], None]) -> None:
    """Hand on an entry's slice and statement, piece by piece, from where it lies."""
    for chunk in read_range(path, entry.start, entry.length_bytes):
        append(chunk)


def rewrite_spool(
    files: Files, path: Path, entries: Sequence[tuple[Path, SpoolEntry]]
) -> None:
    """Write a redo file as a new file; each entry from where it lies now."""

    def chunks() -> Iterator[bytes]:
        yield MAGIC
        for source, entry in entries:
            yield format_entry_header(entry)
            yield from read_range(source, entry.start, entry.length_bytes)

    files.replace_with(path, chunks())


def _read_header(stream: BinaryIO) -> SpoolEntry | None:
    prefix = stream.read(8)
    if len(prefix) < 8:
        return None
    (length,) = struct.unpack(">Q", prefix)
    if length > HEADER_LIMIT_BYTES:
        return None
    try:
        header = parse_canonical(stream.read(length), limit_bytes=HEADER_LIMIT_BYTES)
        if not isinstance(header, dict):
            return None
        entry = SpoolEntry(
            segment=str(header["segment"]),
            offset_bytes=int(str(header["offset"])),
            slice_bytes=int(str(header["slice"])),
            statement_bytes=int(str(header["statement"])),
            digest=Digest(str(header["sha256"])),
            start=stream.tell(),
        )
    except (FormatError, KeyError, ValueError):
        return None
    # A length below zero would lead backwards, round and round.
    is_sane = entry.offset_bytes >= 0 <= entry.slice_bytes and entry.statement_bytes > 0
    return entry if is_sane else None


def _bounded(stream: BinaryIO, length: int) -> Iterator[bytes]:
    while length:
        chunk = stream.read(min(length, READ_BYTES))
        if not chunk:
            return
        length -= len(chunk)
        yield chunk


class RedoFile:
    """The redo file of the open segment: written and synced before the segment is."""

    def __init__(self, path: Path, files: Files = DISK) -> None:
        self._file = files.append_to(path)
        if self._file.length_bytes == 0:
            self._file.append(MAGIC)
        self._waiting: list[Iterable[bytes]] = []
        """What each entry written since the last sync holds, piece by piece."""

    def add(
        self,
        stream: BinaryIO | None,
        statement: bytes,
        *,
        segment: str,
        offset_bytes: int,
        slice_bytes: int,
    ) -> SpoolEntry:
        """Write one entry; durable from `sync` on. Keep the stream open till then."""
        content = _slice_then(stream, statement, slice_bytes)
        digest = Digest.of_chunks(content)
        header = _format_header(
            (offset_bytes, slice_bytes, len(statement)), segment=segment, digest=digest
        )
        self._file.append(header)
        entry = SpoolEntry(
            segment=segment,
            offset_bytes=offset_bytes,
            slice_bytes=slice_bytes,
            statement_bytes=len(statement),
            digest=digest,
            start=self._file.length_bytes,
        )
        for chunk in content:
            self._file.append(chunk)
        self._waiting.append(content)
        return entry

    def sync(self) -> None:
        """Make all entries durable."""
        self._file.sync()

    def copy_waiting(self, append: Callable[[bytes], None]) -> None:
        """Hand the entries written since the last call on to the segment."""
        for content in self._waiting:
            for chunk in content:
                append(chunk)
        self._waiting.clear()

    def close(self) -> None:
        """Close the file; it stays until its segment is sealed."""
        self._file.close()


def _slice_then(
    stream: BinaryIO | None, statement: bytes, slice_bytes: int
) -> Iterable[bytes]:
    """A slice and its statement, to be gone through more than once."""
    if stream is None:
        return (statement,)
    if slice_bytes > HELD_SLICE_BYTES:
        return _Pieces(stream, statement)
    stream.seek(0)
    return (stream.read(), statement)


@dataclass(frozen=True, slots=True)
class _Pieces:
    """A long slice, read anew each time, and its statement."""

    stream: BinaryIO
    statement: bytes

    def __iter__(self) -> Iterator[bytes]:
        self.stream.seek(0)
        yield from iter(lambda: self.stream.read(READ_BYTES), b"")
        yield self.statement
