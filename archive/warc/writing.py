"""Write records into a stream as gzip members and hash all that goes out.

Memory stays at one piece of 1 MiB, however large a block is.
"""

import hashlib
from collections.abc import Iterator
from typing import BinaryIO, Final

from archive.capture import ByteSource
from archive.digest import READ_BYTES, Digest
from archive.errors import DigestMismatch
from archive.warc.member import Effort, write_member
from archive.warc.reading import RecordRow
from archive.warc.record import RECORD_END, Record, format_header

CODED_TYPES: Final = (
    "image/",
    "video/",
    "audio/",
    "font/woff",
    "application/pdf",
    "application/zip",
    "application/gzip",
    "application/x-7z-compressed",
    "application/vnd.rar",
    "application/vnd.openxmlformats-officedocument",
    "application/vnd.oasis.opendocument",
)
"""Media types, by their beginnings, that are compressed in themselves."""
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
        return Digest(self._out.whole.hexdigest())

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
        header = record.header
        member = self._out.begin_member()
        pieces = _RecordPieces(record, format_header(header))
        write_member(self._out, pieces, effort)
        self._rows.append(
            RecordRow(
                id=header.record_id,
                type=header.type,
                target_uri=header.target_uri,
                date=header.date,
                offset=offset,
                length=self._out.length_bytes - offset,
                member=Digest(member.hexdigest()),
                record=Digest(pieces.record.hexdigest()),
                block=pieces.block_digest,
                payload=record.payload_digest,
            )
        )


def read_pieces(source: ByteSource) -> Iterator[bytes]:
    """Give a source's bytes in pieces of 1 MiB."""
    with source.open() as stream:
        yield from iter(lambda: stream.read(READ_BYTES), b"")


def choose_effort(media_type: str | None, *, coded: bool = False) -> Effort:
    """FAST for what is compressed already, by its type or by a content coding."""
    name = (media_type or "").partition(";")[0].strip().lower()
    packed = name.startswith(CODED_TYPES) and name not in PLAIN_TYPES
    return Effort.FAST if coded or packed else Effort.DENSE


class _RecordPieces:
    """A record's bytes from header to end, hashed as they are taken."""

    def __init__(self, record: Record, header: bytes) -> None:
        self._source = record
        self._header = header
        self._block = hashlib.sha256()
        self.record = hashlib.sha256()

    @property
    def block_digest(self) -> Digest:
        """Over the block."""
        return Digest(self._block.hexdigest())

    def __iter__(self) -> Iterator[bytes]:
        self.record.update(self._header)
        yield self._header
        length = 0
        for piece in read_pieces(self._source.block):
            self._block.update(piece)
            self.record.update(piece)
            length += len(piece)
            yield piece
        self._check(length)
        self.record.update(RECORD_END)
        yield RECORD_END

    def _check(self, length: int) -> None:
        expected = self._source.block.length_bytes
        if length != expected or self.block_digest != self._source.block_digest:
            raise DigestMismatch(
                f"the spooled {self._source.type} of {self._source.target_uri} is not "
                f"the one received ({length} bytes of {expected}); capture it again"
            )


class _HashingOut:
    """Hands bytes on and hashes them: as a whole, and member by member."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._member = hashlib.sha256()
        self.whole = hashlib.sha256()
        self.length_bytes = 0

    def begin_member(self) -> "hashlib._Hash":
        """Begin the digest of a member; it grows with what is written."""
        self._member = hashlib.sha256()
        return self._member

    def write(self, data: bytes) -> int:
        """Write all of the data; a short write is continued."""
        view = memoryview(data)
        while view:
            view = view[self._out.write(view) :]
        self.whole.update(data)
        self._member.update(data)
        self.length_bytes += len(data)
        return len(data)
