"""Write records into a stream as gzip members and hash all that goes out.

Memory stays at one piece of 1 MiB, however large a block is.
"""

import hashlib
from collections.abc import Iterator
from typing import BinaryIO, Final

from archive.capture import ByteSource, MemoryBytes
from archive.digest import READ_BYTES, Digest
from archive.errors import DigestMismatch
from archive.instant import format_instant
from archive.warc.headerlines import format_record_header
from archive.warc.member import Effort, compress_member, write_member
from archive.warc.reading import RecordRow
from archive.warc.record import RECORD_END, Record

WHOLE_BYTES: Final = READ_BYTES
"""A block up to this size is held whole while it is written."""
CODED_TYPES: Final = (
    "image/",
    "video/",
    "audio/",
    "font/woff",
    "application/zip",
    "application/gzip",
    "application/x-7z-compressed",
    "application/vnd.rar",
    "application/vnd.openxmlformats-officedocument",
    "application/vnd.oasis.opendocument",
)
"""Media types, by their beginnings, that are compressed in themselves."""
PDF_TYPE: Final = "application/pdf"
"""Some of its streams are compressed, and mostly the large ones."""
PLAIN_TYPES: Final = ("image/svg+xml", "image/bmp", "audio/wav")
"""The exceptions among them."""


class RecordWriter:
    """Writes record after record into `out` and counts from where it begins."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = _HashingOut(out)
        self._rows: list[RecordRow] = []

    @property
    def rows(self) -> tuple[RecordRow, ...]:
        """The records written so far."""
        return tuple(self._rows)

    @property
    def digest(self) -> Digest:
        """Over all bytes written so far."""
        return Digest.of_running(self._out.whole)

    @property
    def length_bytes(self) -> int:
        """Bytes written so far."""
        return self._out.length_bytes

    def write(self, record: Record, effort: Effort) -> None:
        """Write one record as one member.

        DigestMismatch if its block is not the one its header names; what went out is
        then worthless.
        """
        offset = self._out.length_bytes
        header = format_record_header(record)
        if record.block.length_bytes <= WHOLE_BYTES:
            whole = _write_whole(self._out, record, header, effort)
        else:
            whole = _write_pieces(self._out, record, header, effort)
        self._rows.append(
            RecordRow(
                id=record.record_id,
                type=record.type,
                target_uri=record.target_uri,
                date=format_instant(record.date),
                offset=offset,
                length=self._out.length_bytes - offset,
                member=self._out.end_member(),
                record=whole,
                block=record.block_digest,
                payload=record.payload_digest,
            )
        )


def _write_whole(
    out: "_HashingOut", record: Record, header: bytes, effort: Effort
) -> Digest:
    """Write a record in one piece: most are small, and each step costs as much."""
    block, digest = read_whole(record.block)
    _check(record, len(block), digest)
    content = b"".join((header, block, RECORD_END))
    out.write(compress_member(content, effort))
    return Digest.of(content)


def _write_pieces(
    out: "_HashingOut", record: Record, header: bytes, effort: Effort
) -> Digest:
    pieces = _RecordPieces(record, header)
    write_member(out, pieces, effort)
    return Digest.of_running(pieces.record)


def digest_of(source: ByteSource) -> Digest:
    """Hash a source; bytes in memory are hashed once in their life."""
    if isinstance(source, MemoryBytes):
        return source.digest
    return Digest.of_chunks(read_pieces(source))


def read_whole(source: ByteSource) -> tuple[bytes, Digest]:
    """Read a source that is known to be small, and hash it."""
    if isinstance(source, MemoryBytes):
        return source.data, source.digest
    data = b"".join(read_pieces(source))
    return data, Digest.of(data)


def read_pieces(source: ByteSource) -> Iterator[bytes]:
    """Give a source's bytes in pieces of 1 MiB."""
    with source.open() as stream:
        yield from iter(lambda: stream.read(READ_BYTES), b"")


def choose_effort(media_type: str | None, *, coded: bool = False) -> Effort:
    """CODED for what is compressed already, by its type or by a content coding."""
    name = (media_type or "").partition(";")[0].strip().lower()
    if coded or (name.startswith(CODED_TYPES) and name not in PLAIN_TYPES):
        return Effort.CODED
    return Effort.FAST if name == PDF_TYPE else Effort.DENSE


class _RecordPieces:
    """A record's bytes from header to end, hashed as they are taken."""

    def __init__(self, record: Record, header: bytes) -> None:
        self._source = record
        self._header = header
        self.record = hashlib.sha256()

    def __iter__(self) -> Iterator[bytes]:
        self.record.update(self._header)
        yield self._header
        block = hashlib.sha256()
        length = 0
        for piece in read_pieces(self._source.block):
            block.update(piece)
            self.record.update(piece)
            length += len(piece)
            yield piece
        _check(self._source, length, Digest.of_running(block))
        self.record.update(RECORD_END)
        yield RECORD_END


def _check(record: Record, length: int, digest: Digest) -> None:
    """Demand that the block read is the one that the record's header names."""
    expected = record.block.length_bytes
    if length != expected or digest.hex != record.block_digest.hex:
        raise DigestMismatch(
            f"the spooled {record.type} of {record.target_uri} is not "
            f"the one received ({length} bytes of {expected}); capture it again"
        )


class _HashingOut:
    """Hands bytes on and hashes them: as a whole, and member by member."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._member: hashlib._Hash | None = None
        """None in the first member: so far it is the whole."""
        self.whole = hashlib.sha256()
        self.length_bytes = 0

    def end_member(self) -> Digest:
        """The digest of what was written since the last call."""
        digest = Digest.of_running(self._member or self.whole)
        self._member = hashlib.sha256()
        return digest

    def write(self, data: bytes) -> int:
        """Write all of the data; a short write is continued."""
        written = self._out.write(data)
        while written < len(data):
            written += self._out.write(data[written:])
        self.whole.update(data)
        if self._member is not None:
            self._member.update(data)
        self.length_bytes += len(data)
        return len(data)
