"""Walk a segment: which records are a slice, and which statement speaks for it.

The records since the last statement record are the slice of the next one. Recovery,
catalog, index and `verify` all read segments through this one walk, record by record,
in constant memory.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from archive.attest.statements.envelope import (
    ENVELOPE_CONTENT_TYPE,
    RECORD_LIMIT_BYTES,
    STUB_CONTENT_TYPE,
    Envelope,
    Stub,
    parse_statement_record,
    parse_stub_record,
)
from archive.attest.statements.statement import Statement, parse_statement
from archive.digest import Digest
from archive.errors import (
    DigestMismatch,
    FormatError,
    LimitExceeded,
    MalformedStatement,
    StoreError,
)
from archive.files import open_regular
from archive.warc.reading import Keep, ReadRecord, RecordWalk, keep_nothing
from archive.warc.record import RecordHeader

MEMBERS_LIMIT = 10_000
"""Members of one slice: over six times what the largest statement can name."""


class SegmentChanged(StoreError):
    """Another file stands where a segment was; offsets in it mean nothing any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentEntry:
    """A slice and the statement record behind it; offsets count in the segment.

    `envelope` is None and `problem` says why where the record is not in its form.
    """

    slice_offset: int
    slice_bytes: int
    slice_digest: Digest
    records: tuple[ReadRecord, ...]
    """The slice's records; their spans count in the segment, not in the slice."""
    statement_offset: int
    statement_bytes: int
    envelope: Envelope | None
    problem: str | None
    stub: Stub | None = None
    """Set where slice and statement were removed: what stands in their place."""
    digest_at: Callable[[int, int], Digest | None] | None = None
    """Hashes `[offset, offset + length)` of the slice, for who can read it again."""

    @property
    def end_bytes(self) -> int:
        """Where the next slice begins."""
        return self.statement_offset + self.statement_bytes


class SegmentWalk:
    """Iterate over a segment's entries; afterwards `problem` and `covered_bytes` hold.

    `covered_bytes` is the end of the last statement record, `problem` what stopped the
    walk or lies behind it (None: every byte belongs to an entry). A file that cannot
    be opened, a link and a pipe raise StoreError.

    `seen`: what the file was when `start` was found in it. A removal puts another one
    in its place, in which the same offset means nothing: SegmentChanged.
    `keep` bounds what is kept of a slice, not of each record: see `_Room`.
    """

    def __init__(
        self,
        path: Path,
        *,
        start: int = 0,
        keep: Keep = keep_nothing,
        seen: os.stat_result | None = None,
    ) -> None:
        self._path = path
        self._start = start
        self._seen = seen
        self._keep = keep
        self.covered_bytes = start
        self.problem: str | None = None

    def __iter__(self) -> Iterator[SegmentEntry]:
        with open_regular(self._path) as stream:
            now = os.fstat(stream.fileno())
            if self._seen is not None and _is_another(now, self._seen):
                raise SegmentChanged(
                    f"{self._path} was changed while it was read; verify again"
                )
            if self._start > now.st_size:
                self.problem = f"the segment ends before offset {self._start}"
                return
            try:
                yield from self._entries(cast("BinaryIO", stream))
            except FormatError as error:
                self.problem = str(error)

    def _entries(self, stream: BinaryIO) -> Iterator[SegmentEntry]:
        room = _Room(self._keep)
        walk = RecordWalk(
            stream,
            start=self._start,
            keep=room.give,
            raw_limit_bytes=RECORD_LIMIT_BYTES,
        )
        records: list[ReadRecord] = []
        walk.begin_group()
        for record in walk:
            if not is_statement(record.header) and not is_stub(record.header):
                if len(records) == MEMBERS_LIMIT:
                    raise LimitExceeded(
                        f"the slice at offset {records[0].span.offset} has more than "
                        f"{MEMBERS_LIMIT} members"
                    )
                records.append(record.without_raw())
                continue
            entry = _entry(record, tuple(records), walk.group_digest_before)
            self.covered_bytes = entry.end_bytes
            records.clear()
            room.empty()
            walk.begin_group()
            yield entry
        if records:
            self.problem = (
                f"the record at offset {records[0].span.offset} and what follows it "
                "have no statement behind them"
            )


def _is_another(now: os.stat_result, seen: os.stat_result) -> bool:
    """Whether a file is not the one that was seen; that one may have grown since.

    The number of a file that is gone may be given to the next but one, but what stands
    for a removed entry is shorter.
    """
    is_same = (now.st_dev, now.st_ino) == (seen.st_dev, seen.st_ino)
    return not is_same or now.st_size < seen.st_size


class _Room:
    """Hands out what a caller keeps of a slice: equal answers share their room.

    A small file may hold thousands of large blocks of zeros.
    """

    def __init__(self, keep: Keep) -> None:
        self._keep = keep
        self._kept: dict[int, int] = {}

    def empty(self) -> None:
        """The next slice begins."""
        self._kept.clear()

    def give(self, header: RecordHeader) -> int:
        """How many bytes of this record are kept."""
        wanted = self._keep(header)
        kept = self._kept.get(wanted, 0)
        given = wanted - kept
        self._kept[wanted] = kept + min(given, header.content_length)
        return given


def is_statement(header: RecordHeader) -> bool:
    """Whether a record is a signed statement, by its type and media type."""
    return header.type == "metadata" and header.content_type == ENVELOPE_CONTENT_TYPE


def is_stub(header: RecordHeader) -> bool:
    """Whether a record stands for a removed entry: plain metadata about no address."""
    is_plain = header.content_type == STUB_CONTENT_TYPE
    return header.type == "metadata" and is_plain and header.target_uri is None


def read_statement(entry: SegmentEntry) -> Statement:
    """Parse an entry's statement and demand that it speaks for the slice before it.

    MalformedStatement, UnknownKind or DigestMismatch otherwise.
    """
    if entry.envelope is None:
        raise MalformedStatement(
            f"statement record at {entry.statement_offset}: {entry.problem}"
        )
    statement = parse_statement(entry.envelope.payload)
    check_slice(entry, statement)
    return statement


def check_slice(entry: SegmentEntry, statement: Statement) -> None:
    """DigestMismatch unless the slice is the one its statement names."""
    claimed = statement.slice
    place = f"the slice at offset {entry.slice_offset}"
    if claimed.sha256 != entry.slice_digest:
        raise DigestMismatch(f"{place} is not the one its statement names")
    if claimed.length_bytes != entry.slice_bytes:
        raise DigestMismatch(f"{place} is not as long as its statement says")
    if claimed.members != len(entry.records):
        raise DigestMismatch(f"{place} has another number of members than signed")


def _entry(
    statement: ReadRecord, records: tuple[ReadRecord, ...], digest: Digest
) -> SegmentEntry:
    envelope, stub, problem = None, None, None
    try:
        if is_stub(statement.header):
            stub = parse_stub_record(statement.raw or b"")
        else:
            envelope = parse_statement_record(statement.raw or b"")
    except FormatError as error:
        problem = str(error)
    offset = records[0].span.offset if records else statement.span.offset
    return SegmentEntry(
        slice_offset=offset,
        slice_bytes=statement.span.offset - offset,
        slice_digest=digest,
        records=records,
        statement_offset=statement.span.offset,
        statement_bytes=statement.span.length,
        envelope=envelope,
        problem=problem,
        stub=stub,
    )
