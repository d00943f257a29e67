"""Read waiting files: every whole entry, and the bytes between them that are none.

A crash tears the last entry alone. All else that is no entry was one once: bytes rot,
and whoever can write there may have changed them. The entries behind are found again
(by the slice, gzip members that say where they end) and what is lost is told.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from archive.digest import Digest
from archive.errors import FormatError, MalformedStatement
from archive.files import open_regular, read_range
from archive.store.waiting.files import (
    DIGEST_BYTES,
    HEADER_LIMIT_BYTES,
    MAGIC,
    WaitingEntry,
    parse_waiting_header,
)
from archive.warc.member import MemberWalk

PREFIX_BYTES: Final = 8 + DIGEST_BYTES
GZIP_MAGIC: Final = b"\x1f\x8b\x08"
"""The beginning of every slice; canonical JSON has none of the first two bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DamagedPiece:
    """Bytes of a waiting file that are no whole entry; `start` in the file."""

    path: Path
    start: int
    length_bytes: int
    is_torn: bool
    """The file ends in the middle of an entry, as after a power cut."""

    @property
    def end_bytes(self) -> int:
        """Where the next entry begins."""
        return self.start + self.length_bytes

    @property
    def words(self) -> str:
        """What they are, for people."""
        place = f"its {self.length_bytes} bytes from byte {self.start} on"
        if self.is_torn:
            return f"{place} are the beginning of an entry that was never finished"
        return f"{place} are damaged: what they held cannot be signed"

    def chunks(self) -> Iterator[bytes]:
        """The bytes themselves."""
        return read_range(self.path, self.start, self.length_bytes)

    def digest(self) -> Digest:
        """SHA-256 of them."""
        return Digest.of_chunks(self.chunks())


def read_waiting(path: Path) -> Iterator[WaitingEntry]:
    """The whole entries in order; errors as `read_pieces`."""
    for piece in read_pieces(path):
        if isinstance(piece, WaitingEntry):
            yield piece


def read_pieces(path: Path) -> Iterator[WaitingEntry | DamagedPiece]:
    """The whole file, entry by entry, and what lies between them.

    MalformedStatement for an entry that is whole and no draft, and for a file that is
    no waiting file: nobody of ours wrote it so.
    """
    with open_regular(path) as stream:
        size = stream.seek(0, 2)
        stream.seek(0)
        if stream.read(len(MAGIC)) != MAGIC:
            if size < len(MAGIC):
                return
            if _read_header(stream, len(MAGIC)) is None:
                raise MalformedStatement(f"{path} is no waiting file")
            yield _damaged(path, 0, len(MAGIC))
        at = len(MAGIC)
        while at < size:
            piece = _read_piece(stream, path, at=at, size=size)
            yield piece
            at = piece.end_bytes


def _read_piece(
    stream: BinaryIO, path: Path, *, at: int, size: int
) -> WaitingEntry | DamagedPiece:
    header = _read_header(stream, at)
    if header is None:
        end = _find_end(stream, at, size)
        if end is not None:
            return _damaged(path, at, end)
        return _damaged(path, at, size, is_torn=_header_end(stream, at) > size)
    try:
        entry = parse_waiting_header(header, start=at + PREFIX_BYTES + len(header))
    except (FormatError, KeyError, TypeError, ValueError) as error:
        raise MalformedStatement(f"{path}, offset {at}: no draft: {error}") from error
    if entry.end_bytes > size:
        return _damaged(path, at, size, is_torn=True)
    found = Digest.of_chunks(read_range(path, entry.start, entry.length_bytes))
    if found.hex != entry.slice_sha256:
        return _damaged(path, at, entry.end_bytes)
    return entry


def _damaged(
    path: Path, start: int, end: int, *, is_torn: bool = False
) -> DamagedPiece:
    return DamagedPiece(
        path=path, start=start, length_bytes=end - start, is_torn=is_torn
    )


def _read_header(stream: BinaryIO, at: int) -> bytes | None:
    """The header of the entry there, whose digest holds; None if there is none."""
    stream.seek(at)
    prefix = stream.read(PREFIX_BYTES)
    if len(prefix) < PREFIX_BYTES:
        return None
    (length,) = struct.unpack(">Q", prefix[:8])
    if length > HEADER_LIMIT_BYTES:
        return None
    data = stream.read(length)
    return data if Digest.of(data).raw == prefix[8:] else None


def _header_end(stream: BinaryIO, at: int) -> int:
    """Where the header would end by its length; the end of its prefix if absurd."""
    stream.seek(at)
    prefix = stream.read(PREFIX_BYTES)
    length = int.from_bytes(prefix[:8]) if len(prefix) == PREFIX_BYTES else 0
    return at + PREFIX_BYTES + (length if length <= HEADER_LIMIT_BYTES else 0)


def _find_end(stream: BinaryIO, at: int, size: int) -> int | None:
    """Where an entry with a damaged header ends: behind the last member of its slice.

    Whatever a page holds is inside a member, so no page can feign an entry.
    """
    stream.seek(at + PREFIX_BYTES)
    begin = stream.read(HEADER_LIMIT_BYTES + len(GZIP_MAGIC)).find(GZIP_MAGIC)
    if begin < 0:
        return None
    end = at + PREFIX_BYTES + begin
    try:
        while end < size:
            stream.seek(end)
            if stream.read(len(GZIP_MAGIC)) != GZIP_MAGIC:
                break
            walk = MemberWalk(stream, start=end)
            for _chunk in walk.inflate():
                pass
            end += walk.span.length
    except FormatError:
        return None
    return end
