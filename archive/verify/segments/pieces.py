"""A segment in pieces, each of which can be read and checked by itself.

A piece ends where a statement record ends, because slices are told apart by the
statements between them. Where that is, is only guessed from the bytes: whoever puts
pieces together demands that each ended exactly where the next one begins.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from io import BufferedReader, FileIO
from pathlib import Path
from typing import BinaryIO, Final

from archive.attest.records.extract import EXTRACT_LIMIT_BYTES
from archive.attest.records.job import JOB_LIMIT_BYTES
from archive.attest.statements.envelope import ENVELOPE_CONTENT_TYPE, RECORD_LIMIT_BYTES
from archive.attest.trust.folder import TrustSet
from archive.errors import StoreError
from archive.files import open_regular
from archive.store.catalog.follow import CAPTURE_KINDS
from archive.store.segments.walk import SegmentChanged, SegmentEntry, SegmentWalk
from archive.verify.reporting.collector import Collector
from archive.verify.reporting.report import Outcome
from archive.verify.statements.entries import CheckedEntry, check_entry
from archive.warc.member import GZIP_HEADER, STORED_BLOCK_BYTES
from archive.warc.reading import ReadRecord, RecordWalk
from archive.warc.record import RecordHeader

PIECE_BYTES: Final = 8 << 20
"""Of a segment: some hundred captures, a fraction of a second."""
SEARCH_BYTES: Final = 256 * 1024
"""Read at once in search of a statement: most captures are smaller."""
KEPT_LIMIT_BYTES: Final = 1 << 20
"""Of a block that is handed on with its entry; a larger one is read again."""
_BLOCK_HEAD_BYTES: Final = 5
"""Before each stored block of a member: last or not, length, its complement."""
_TRAILER_BYTES: Final = 8
"""Behind the last block: CRC-32 and length."""
_RECORD_HEAD: Final = b"WARC/1.1\r\nWARC-Type: metadata\r\n"
_CONTENT_TYPE: Final = f"\r\nContent-Type: {ENVELOPE_CONTENT_TYPE}\r\n".encode("ascii")
_HEAD_BYTES: Final = 1024
"""Of a statement record, in which its media type stands."""

Stream = FileIO | BinaryIO


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """`[start, stop)` of a segment; `stop` None: to its end."""

    path: Path
    start: int
    stop: int | None
    seen: os.stat_result | None = field(default=None, compare=False)
    """The file as it was when it was cut; what stands in its place is not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A finding about an entry, whose number is not known yet."""

    step: int
    outcome: Outcome
    code: str
    detail: str
    parameters: Mapping[str, str | int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One entry with its own checks done; `checked` None: a stub, or unreadable."""

    entry: SegmentEntry
    checked: CheckedEntry | None
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a piece ended, behind its last entry."""

    covered_bytes: int
    problem: str | None
    """What stopped the walk: bytes that are in no entry."""
    unreadable: str | None
    """What the disk said."""
    passes: Mapping[int, int]
    """How often each check of the entries held."""
    is_changed: bool = False
    """Another file stands in its place: nothing of it was read."""

    def joins(self, following: Piece) -> bool:
        """Whether everything before the following piece was read, and no more."""
        is_whole = self.problem is None and self.unreadable is None
        return is_whole and self.covered_bytes == following.start


class _Noted(Collector):
    """Keeps findings until somebody can say which entry they are about."""

    def __init__(self) -> None:
        super().__init__()
        self._faults: list[Fault] = []

    @property
    def passes(self) -> dict[int, int]:
        """How often each check held."""
        return dict(self._passes)

    def take(self) -> tuple[Fault, ...]:
        """What was found since the last call."""
        faults = tuple(self._faults)
        self._faults.clear()
        return faults

    def failed(
        self, step: int, code: str, subject: str, detail: str, **parameters: str | int
    ) -> None:
        """A check did not hold."""
        del subject
        self._note(Outcome.FAILED, step, code, detail, parameters)

    def not_checked(
        self, step: int, code: str, subject: str, detail: str, **parameters: str | int
    ) -> None:
        """A check could not be made."""
        del subject
        self._note(Outcome.NOT_CHECKED, step, code, detail, parameters)

    def _note(
        self,
        outcome: Outcome,
        step: int,
        code: str,
        detail: str,
        parameters: Mapping[str, str | int],
    ) -> None:
        self._faults.append(
            Fault(
                step=step,
                outcome=outcome,
                code=code,
                detail=detail,
                parameters=parameters,
            )
        )


def walk_piece(
    piece: Piece,
    trust: TrustSet | None,
    *,
    keep: Callable[[RecordHeader], int] | None = None,
) -> Iterator[Told | Ended]:
    """Check the entries of a piece one by one (1 to 6, 10), then say how it ended."""
    noted, unreadable, is_changed = _Noted(), None, False
    walk = SegmentWalk(
        piece.path, start=piece.start, keep=keep or kept_bytes, seen=piece.seen
    )
    try:
        for entry in walk:
            checked = None
            if entry.stub is None:
                checked = check_entry(noted, entry, subject="", trust=trust)
            yield Told(entry=entry, checked=checked, faults=noted.take())
            if piece.stop is not None and entry.end_bytes >= piece.stop:
                break
    except (StoreError, OSError) as error:
        unreadable, is_changed = str(error), isinstance(error, SegmentChanged)
    yield Ended(
        covered_bytes=walk.covered_bytes,
        problem=walk.problem,
        unreadable=unreadable,
        passes=noted.passes,
        is_changed=is_changed,
    )


def kept_bytes(header: RecordHeader) -> int:
    """Blocks that other checks need: job and extract records."""
    uri = header.target_uri or ""
    if uri.startswith("urn:evidence:job:"):
        return JOB_LIMIT_BYTES
    if uri.startswith("urn:evidence:extract:"):
        return EXTRACT_LIMIT_BYTES
    return 0


def kept_small(header: RecordHeader) -> int:
    """The same, if it is small enough to be handed on."""
    is_small = header.content_length <= KEPT_LIMIT_BYTES
    return kept_bytes(header) if is_small else 0


def with_block(path: Path, record: ReadRecord) -> ReadRecord:
    """The record with what is to be kept of it, read again if it was too large.

    StoreError or FormatError if it has changed meanwhile.
    """
    is_due = kept_bytes(record.header) and record.header.content_length
    if record.kept or not is_due:
        return record
    with BufferedReader(open_regular(path)) as stream:
        walk = RecordWalk(stream, start=record.span.offset, keep=kept_bytes)
        found = next(walk, None)
    if found is None or found.member != record.member:
        raise StoreError(f"{path} was changed while it was read; verify again")
    return found


def trim(told: Told) -> Told:
    """Without what only the checks of the entry itself need; it goes through a pipe."""
    entry = replace(told.entry, records=told.entry.records[:1], envelope=None)
    checked = told.checked
    if checked is not None:
        statement = checked.statement
        if statement.kind in CAPTURE_KINDS:
            fields = {**statement.predicate, "records": ()}
            statement = replace(
                statement,
                predicate=fields,
                payload=b"",
                subjects=statement.subjects[:1],
            )
            envelope = replace(checked.envelope, payload=b"")
        else:
            envelope = checked.envelope
        checked = replace(checked, entry=entry, statement=statement, envelope=envelope)
    return replace(told, entry=entry, checked=checked)


def cut_segment(path: Path) -> Iterator[Piece]:
    """Cut a segment where statements seem to end; StoreError if it cannot be read.

    Each piece is looked for when it is asked for: that reads `SEARCH_BYTES` of small
    captures, and up to `PIECE_BYTES` of large ones.
    """
    start = 0
    with open_regular(path) as stream:
        seen = os.fstat(stream.fileno())
        for at in range(PIECE_BYTES, seen.st_size, PIECE_BYTES):
            end = _find_statement_end(stream, at, at + PIECE_BYTES)
            if end is not None and start < end < seen.st_size:
                yield Piece(path=path, start=start, stop=end, seen=seen)
                start = end
    yield Piece(path=path, start=start, stop=None, seen=seen)


def _find_statement_end(stream: Stream, at: int, limit: int) -> int | None:
    """Where the first statement record that begins in `[at, limit)` seems to end."""
    overlap = len(GZIP_HEADER) + _BLOCK_HEAD_BYTES + _HEAD_BYTES
    while at < limit:
        stream.seek(at)
        data = stream.read(SEARCH_BYTES + overlap)
        found = data.find(GZIP_HEADER)
        while 0 <= found < SEARCH_BYTES:
            head = found + len(GZIP_HEADER) + _BLOCK_HEAD_BYTES
            is_record = data.startswith(_RECORD_HEAD, head)
            if is_record and _CONTENT_TYPE in data[head : head + _HEAD_BYTES]:
                return _find_stored_end(stream, at + found)
            found = data.find(GZIP_HEADER, found + 1)
        if len(data) < SEARCH_BYTES + overlap:
            return None
        at += SEARCH_BYTES
    return None


def _find_stored_end(stream: Stream, start: int) -> int | None:
    """Where a member of stored blocks ends; None if it does not look like one."""
    at, is_last = start + len(GZIP_HEADER), False
    while not is_last and at - start <= RECORD_LIMIT_BYTES + STORED_BLOCK_BYTES:
        stream.seek(at)
        head = stream.read(_BLOCK_HEAD_BYTES)
        if len(head) < _BLOCK_HEAD_BYTES or head[0] > 1:
            return None
        is_last = head[0] == 1
        at += _BLOCK_HEAD_BYTES + int.from_bytes(head[1:3], "little")
    return at + _TRAILER_BYTES if is_last else None
