"""Strict reading of records: one member, one record, all digests in one pass.

Nothing is repaired and nothing skipped. Memory stays at one chunk of 256 KiB, plus
what the caller asks to keep.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final, cast

from archive.digest import Digest
from archive.errors import DigestMismatch, LimitExceeded, MalformedRecord
from archive.warc.entity import EntityDecoder
from archive.warc.member import MEMBER_LIMIT_BYTES, MemberSpan, MemberWalk
from archive.warc.record import (
    HEADER_LIMIT_BYTES,
    RECORD_END,
    RecordHeader,
    parse_header,
)

HTTP_RESPONSE_TYPE: Final = "application/http; msgtype=response"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRow:
    """One line of a statement's record table; offsets count from the slice's start."""

    id: str
    """`urn:uuid:...`."""
    type: str
    target_uri: str | None
    date: str
    offset: int
    length: int
    member: Digest
    record: Digest
    block: Digest
    payload: Digest | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRecord:
    """A record as read; digests are computed, those of `header` only claimed."""

    header: RecordHeader
    span: MemberSpan
    member: Digest
    """Over the gzip bytes."""
    record: Digest
    """Over header, block and end, uncompressed."""
    block: Digest
    payload: Digest | None
    """Over the entity body; None unless the header claims a payload digest for an HTTP
    response."""
    kept: bytes
    """As much of the block's start as was asked for."""
    raw: bytes | None
    """The member of a metadata record as it lies in the stream, if asked for and not
    too large: statements are of that type."""

    def check_digests(self) -> None:
        """DigestMismatch unless the header's digests are those of what was read."""
        if self.header.block_digest != self.block:
            raise DigestMismatch(
                f"the block of {self.header.record_id} is not the one its header names"
            )
        claimed = self.header.payload_digest
        if self.header.type != "revisit" and claimed != self.payload:
            raise DigestMismatch(
                f"the payload of {self.header.record_id} is not what its header names"
            )

    def without_raw(self) -> "ReadRecord":
        """The same, and the member as it lies in the stream let go."""
        if self.raw is None:
            return self
        return ReadRecord(
            header=self.header,
            span=self.span,
            member=self.member,
            record=self.record,
            block=self.block,
            payload=self.payload,
            kept=self.kept,
            raw=None,
        )

    @property
    def row(self) -> RecordRow:
        """Its line in a record table."""
        return RecordRow(
            id=self.header.record_id,
            type=self.header.type,
            target_uri=self.header.target_uri,
            date=self.header.date,
            offset=self.span.offset,
            length=self.span.length,
            member=self.member,
            record=self.record,
            block=self.block,
            payload=self.header.payload_digest,
        )


Keep = Callable[[RecordHeader], int]
"""How many bytes of a record's block to keep."""


def keep_nothing(header: RecordHeader) -> int:
    """Keep no block bytes."""
    del header
    return 0


class RecordWalk:
    """Iterate over the records of a stream to its very end.

    `start`, `raw_limit_bytes` as in MemberWalk. Raises TornMember, MalformedRecord,
    LimitExceeded; digests are compared only by `ReadRecord.check_digests`.
    The group digest is that of a slice: call `begin_group` behind each statement, and
    `group_digest_before` at the next one is the digest of the members between.
    """

    def __init__(
        self,
        stream: BinaryIO,
        *,
        start: int | None = None,
        keep: Keep = keep_nothing,
        raw_limit_bytes: int = 0,
        limit_bytes: int = MEMBER_LIMIT_BYTES,
    ) -> None:
        self._members = MemberWalk(stream, start=start, raw_limit_bytes=raw_limit_bytes)
        self._keep = keep
        self._limit_bytes = limit_bytes
        self.begin_group = self._members.begin_group

    @property
    def group_digest(self) -> Digest:
        """Over the members since `begin_group`."""
        return self._members.group_digest

    @property
    def group_digest_before(self) -> Digest:
        """The same without the record given last."""
        return self._members.group_digest_before

    def __iter__(self) -> Iterator[ReadRecord]:
        return self

    def __next__(self) -> ReadRecord:
        if self._members.at_end:
            raise StopIteration
        assembly = _Assembly(self._keep)
        begin = self._members.span.offset + self._members.span.length
        try:
            for chunk in self._members.inflate(limit_bytes=self._limit_bytes):
                assembly.feed(chunk)
            header = assembly.finish()
        except MalformedRecord as error:
            raise MalformedRecord(f"record at offset {begin}: {error}") from error
        return ReadRecord(
            header=header,
            span=self._members.span,
            member=self._members.digest,
            record=Digest.of_running(assembly.record),
            block=Digest.of_running(assembly.block),
            payload=assembly.payload_digest,
            kept=bytes(assembly.kept),
            raw=self._members.raw if header.type == "metadata" else None,
        )


def read_records(
    stream: BinaryIO,
    *,
    start: int | None = None,
    keep: Keep = keep_nothing,
    limit_bytes: int = MEMBER_LIMIT_BYTES,
) -> Iterator[ReadRecord]:
    """Read all records up to the end of the stream; see RecordWalk."""
    return RecordWalk(stream, start=start, keep=keep, limit_bytes=limit_bytes)


def read_slice_rows(stream: BinaryIO) -> tuple[RecordRow, ...]:
    """Make a slice's record table again from its bytes, digests checked."""
    rows = []
    for record in read_records(stream):
        record.check_digests()
        rows.append(record.row)
    return tuple(rows)


def read_block(stream: BinaryIO, *, start: int | None, limit_bytes: int) -> ReadRecord:
    """Read the one record at `start` with its whole block, digests checked.

    LimitExceeded if the block is larger than `limit_bytes`.
    """
    record = next(RecordWalk(stream, start=start, keep=lambda _header: limit_bytes))
    record.check_digests()
    if record.header.content_length > limit_bytes:
        raise LimitExceeded(f"a block of {record.header.content_length} bytes")
    return record


class _Assembly:
    """Puts one record together from the chunks of its member."""

    def __init__(self, keep: Keep) -> None:
        self._keep = keep
        self._head = bytearray()
        self._header: RecordHeader | None = None
        self._left = 0
        self._tail = b""
        self._room = 0
        self._decoder: EntityDecoder | None = None
        self._entity = hashlib.sha256()
        self.record = hashlib.sha256()
        self.block = hashlib.sha256()
        self.kept = bytearray()

    @property
    def payload_digest(self) -> Digest | None:
        """Over the entity body, where a payload digest is claimed."""
        return Digest.of_running(self._entity) if self._decoder else None

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the record; what is not kept is not copied."""
        self.record.update(data)
        chunk = memoryview(data)
        if self._header is None:
            chunk = chunk[self._take_header(data) :]
        if self._left:
            self._take_block(chunk[: self._left])
            chunk = chunk[self._taken :]
        if self._header is not None and chunk:
            self._tail += bytes(chunk[: len(RECORD_END) + 1])
            if not RECORD_END.startswith(self._tail):
                raise MalformedRecord(
                    "the block does not end where Content-Length says, or more follows"
                )

    def finish(self) -> RecordHeader:
        """Demand that the record is whole."""
        if self._header is None:
            raise MalformedRecord("a member without a whole record header")
        if self._left or self._tail != RECORD_END:
            raise MalformedRecord("the record ends before its Content-Length")
        return self._header

    def _take_header(self, chunk: bytes) -> int:
        """How many bytes were the header's; it may come in several chunks."""
        if not self._head:
            end = chunk.find(RECORD_END, 0, HEADER_LIMIT_BYTES) + len(RECORD_END)
            if end >= len(RECORD_END):
                self._begin_block(parse_header(chunk[:end]))
                return end
        self._head += chunk[: HEADER_LIMIT_BYTES + len(RECORD_END)]
        end = self._head.find(RECORD_END)
        if end < 0:
            if len(self._head) > HEADER_LIMIT_BYTES:
                raise MalformedRecord(f"no record header in {HEADER_LIMIT_BYTES} bytes")
            return len(chunk)
        end += len(RECORD_END)
        before = len(self._head) - min(len(chunk), HEADER_LIMIT_BYTES + len(RECORD_END))
        self._begin_block(parse_header(bytes(self._head[:end])))
        return end - before

    def _begin_block(self, header: RecordHeader) -> None:
        self._header = header
        self._left = header.content_length
        self._room = self._keep(header)
        claimed = header.payload_digest is not None and header.type == "response"
        if claimed and header.content_type == HTTP_RESPONSE_TYPE:
            self._decoder = EntityDecoder()

    def _take_block(self, data: memoryview) -> None:
        self._taken = len(data)
        self._left -= len(data)
        self.block.update(data)
        if self._room > len(self.kept):
            self.kept += data[: self._room - len(self.kept)]
        if self._decoder:
            for piece in self._decoder.feed(cast("bytes", data)):
                self._entity.update(piece)
