"""Walk a segment: which members are a slice, and which statement speaks for it.

The members since the last statement record are the slice of the next one. Recovery,
catalog, index and `verify` all read segments through this one walk.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from archive.attest.statement import (
    DSSE_TYPE,
    STATEMENT_RECORD_LIMIT_BYTES,
    Envelope,
    Statement,
    parse_statement,
    parse_statement_record,
)
from archive.digest import Digest
from archive.errors import FormatError
from archive.warc.member import MemberWalk

_METADATA = b"WARC/1.1\r\nWARC-Type: metadata\r\n"
_DSSE_LINE = f"\r\nContent-Type: {DSSE_TYPE}\r\n".encode()
HEADER_PEEK_BYTES = 4096
"""A statement's header is nine short lines; enough of the record to recognise it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentEntry:
    """A slice and the statement record behind it; offsets count in the segment.

    `envelope` is None and `problem` says why where the record is not in its form.
    """

    slice_offset: int
    slice_bytes: int
    slice_members: int
    slice_digest: Digest
    statement_offset: int
    statement_bytes: int
    envelope: Envelope | None
    problem: str | None

    @property
    def end_bytes(self) -> int:
        """Where the next slice begins."""
        return self.statement_offset + self.statement_bytes


class SegmentWalk:
    """Iterate over a segment's entries; afterwards `problem` and `covered_bytes` hold.

    `covered_bytes` is the end of the last statement record, `problem` what stopped the
    walk or lies behind it (None: every byte belongs to an entry).
    """

    def __init__(self, path: Path, *, start: int = 0) -> None:
        self._path = path
        self._start = start
        self.covered_bytes = start
        self.problem: str | None = None

    def __iter__(self) -> Iterator[SegmentEntry]:
        with self._path.open("rb", buffering=0) as stream:
            yield from self._entries(stream)

    def _entries(self, stream: BinaryIO) -> Iterator[SegmentEntry]:
        walk = MemberWalk(
            stream, start=self._start, raw_limit_bytes=STATEMENT_RECORD_LIMIT_BYTES
        )
        slice_offset, members = self._start, 0
        walk.begin_group()
        try:
            while not walk.at_end:
                if not _is_statement(walk.inflate()):
                    members += 1
                    continue
                yield _entry(walk, slice_offset, members)
                self.covered_bytes = walk.span.offset + walk.span.length
                slice_offset, members = self.covered_bytes, 0
                walk.begin_group()
        except FormatError as error:
            self.problem = str(error)
            return
        if members:
            self.problem = (
                f"{members} members at {slice_offset} have no statement behind them"
            )


def _entry(walk: MemberWalk, slice_offset: int, members: int) -> SegmentEntry:
    envelope, problem = None, None
    try:
        envelope = parse_statement_record(walk.raw or b"")
    except FormatError as error:
        problem = str(error)
    return SegmentEntry(
        slice_offset=slice_offset,
        slice_bytes=walk.span.offset - slice_offset,
        slice_members=members,
        slice_digest=walk.group_digest_before,
        statement_offset=walk.span.offset,
        statement_bytes=walk.span.length,
        envelope=envelope,
        problem=problem,
    )


def _is_statement(chunks: Iterator[bytes]) -> bool:
    """Consume a member; whether its record header is that of a statement."""
    head = b""
    for chunk in chunks:
        if len(head) < HEADER_PEEK_BYTES:
            head += chunk[:HEADER_PEEK_BYTES]
    if not head.startswith(_METADATA):
        return False
    lines = head.partition(b"\r\n\r\n")[0] + b"\r\n"
    return _DSSE_LINE in lines


def check_entry(entry: SegmentEntry, statement: Statement) -> str | None:
    """Say how slice and statement differ, None if they agree."""
    claimed = statement.slice
    if claimed.sha256 != entry.slice_digest.hex:
        return "the slice's digest is not the one its statement names"
    if claimed.length_bytes != entry.slice_bytes:
        return "the slice's length is not the one its statement names"
    if claimed.members != entry.slice_members:
        return "the slice's member count is not the one its statement names"
    return None


def read_statement(entry: SegmentEntry) -> Statement:
    """Parse an entry's statement and demand that it speaks for the slice before it."""
    if entry.envelope is None:
        raise FormatError(
            f"statement record at {entry.statement_offset}: {entry.problem}"
        )
    statement = parse_statement(entry.envelope.payload)
    problem = check_entry(entry, statement)
    if problem:
        raise FormatError(f"slice at {entry.slice_offset}: {problem}")
    return statement


