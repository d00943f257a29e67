"""Bring the catalog up to date: follow the segments by next entry."""

import json
import re
import sqlite3
from pathlib import Path
from typing import Any

from archive.attest.statements.kinds import UnknownKind
from archive.attest.statements.statement import Statement, parse_common
from archive.capture import (
    TRUNCATED_REASONS,
    Capture,
    CaptureOutcome,
    SliceLocation,
)
from archive.errors import FormatError, StoreError, VerificationError
from archive.instant import parse_instant
from archive.store.catalog.catalog import Catalog, HeadFacts, Progress
from archive.store.catalog.jobrows import JobFacts
from archive.store.segments.segment import FoundSegment, list_segments
from archive.store.segments.walk import SegmentEntry, SegmentWalk, read_statement
from archive.store.tombstones import tombstone_of
from archive.warc.head import HttpHead, parse_http_head
from archive.warc.reading import ReadRecord
from archive.warc.record import RecordHeader

HEAD_BYTES = 64 * 1024
"""Bytes of a response kept to read its status and media type."""
METADATA_BYTES = 4 * 1024 * 1024
"""Bytes of a metadata record kept: some kB for a capture, more for a large page."""
CAPTURE_KINDS = ("capture", "page")
LOOKS = 5
"""A writer renames a segment when it seals it, and may do so while we look."""
IMPORT_KIND = "import"
LISTED_KINDS = (*CAPTURE_KINDS, IMPORT_KIND)
"""What the catalog lists: captures, and what others captured and we took in."""
MESSAGE_TYPES = ("response", "revisit")
"""Records whose block is a message of the server."""
_ROLE = re.compile("[a-z-]{1,32}")
_CUT: dict[str | None, CaptureOutcome] = {
    reason: outcome for outcome, reason in TRUNCATED_REASONS.items()
}
VALIDATOR_CHARACTERS = 1024
"""Of an ETag or a date that is sent back; a longer one is no validator."""


def catch_up(catalog: Catalog, segments: Path) -> None:
    """Add every whole entry beyond the catalog's progress.

    Waits for another process that is at it; then there is nothing left to do.
    Entries that do not hold end the walk: `verify` says why, the catalog does not.
    """
    for left in reversed(range(LOOKS)):
        try:
            _catch_up(catalog, segments)
        except (FileNotFoundError, StoreError) as error:
            gone = error if isinstance(error, OSError) else error.__cause__
            if not left or not isinstance(gone, FileNotFoundError):
                raise
        else:
            return


def _catch_up(catalog: Catalog, segments: Path) -> None:
    found = list_segments(segments)
    if not found or _is_current(catalog, found[-1]):
        return
    try:
        with catalog.update():
            rewritten: set[str] = set()
            for segment in found:
                if segment.name.serial >= _serial(catalog):
                    rewritten |= _follow(catalog, segment)
            for segment in found:
                if str(segment.name) in rewritten:
                    move_all(catalog, segment)
    except sqlite3.OperationalError as error:
        if "locked" not in str(error):
            raise


def _serial(catalog: Catalog) -> int:
    segment = catalog.progress().segment
    return int(segment.rpartition("/")[2][:8]) if segment else 0


def _is_current(catalog: Catalog, last: FoundSegment) -> bool:
    progress = catalog.progress()
    size = last.path.stat().st_size
    return progress.segment == str(last.name) and progress.offset_bytes == size


def _follow(catalog: Catalog, segment: FoundSegment) -> set[str]:
    """Take in a segment; returns those that were written anew, as it says."""
    progress = catalog.progress()
    name = str(segment.name)
    start = progress.offset_bytes if progress.segment == name else 0
    if start and not segment.is_open and not _stands_at(segment, progress):
        # Written anew since: what is known of it lies elsewhere, the rest is new.
        move_all(catalog, segment)
        start = find_entry(segment, progress.next_leaf)
    next_leaf, end = progress.next_leaf, start
    rewritten: set[str] = set()
    for entry in SegmentWalk(segment.path, start=start, keep=keep_for_capture):
        if entry.stub is not None:
            next_leaf, end = next_leaf + 1, entry.end_bytes
            continue
        try:
            statement = read_statement(entry)
        except UnknownKind:  # of a later version: not a capture
            next_leaf, end = next_leaf + 1, entry.end_bytes
            continue
        except (FormatError, VerificationError):
            break
        if statement.seq < next_leaf:  # never in the place of one that is there
            break
        _add(catalog, statement, entry, name)
        if statement.kind == "seal" and statement.predicate["reseal"] is not None:
            rewritten.add(statement.predicate["segment"]["file"])
            catalog.settle(statement.predicate["reseal"]["tombstone"])
        next_leaf, end = statement.seq + 1, entry.end_bytes
    catalog.set_progress(Progress(next_leaf=next_leaf, segment=name, offset_bytes=end))
    return rewritten


def _stands_at(segment: FoundSegment, progress: Progress) -> bool:
    """Whether the entry the catalog wants next still begins where it did."""
    if progress.offset_bytes == segment.path.stat().st_size:
        return True
    entry = next(iter(SegmentWalk(segment.path, start=progress.offset_bytes)), None)
    if entry is None or entry.envelope is None:
        return False
    return parse_common(entry.envelope.payload).seq == progress.next_leaf


def find_entry(segment: FoundSegment, leaf: int) -> int:
    """Where an entry begins in a segment, or where the last whole one ends."""
    end, index = 0, None
    for entry in SegmentWalk(segment.path):
        index = _index_of(entry, index)
        if index == leaf:
            return entry.slice_offset
        end = entry.end_bytes
    return end


def move_all(catalog: Catalog, segment: FoundSegment) -> None:
    """Say of everything in a segment that was written anew where it lies now."""
    for entry in SegmentWalk(segment.path):
        try:
            statement = read_statement(entry) if entry.stub is None else None
        except (FormatError, VerificationError):
            continue
        if statement is not None:
            place = _location(entry, str(segment.name))
            _move(catalog, statement, place)


def _move(catalog: Catalog, statement: Statement, place: SliceLocation) -> None:
    if statement.kind == "job-open":
        catalog.jobs.move(statement.predicate["job"], place)
    elif statement.kind == "job-close":
        catalog.jobs.close(statement.predicate["job"], place)
    elif statement.kind in LISTED_KINDS:
        catalog.move(statement.seq, place)


def _index_of(entry: SegmentEntry, before: int | None) -> int | None:
    """The leaf index of an entry; that of a stub follows from the one before it."""
    if entry.envelope is not None:
        return parse_common(entry.envelope.payload).seq
    return None if before is None else before + 1


def keep_for_capture(header: RecordHeader) -> int:
    """How much of each record `read_capture` needs."""
    if header.type == "metadata":
        return METADATA_BYTES
    return HEAD_BYTES if header.type in MESSAGE_TYPES else 0


def _add(
    catalog: Catalog, statement: Statement, entry: SegmentEntry, segment: str
) -> None:
    location = _location(entry, segment)
    if statement.kind == "job-open":
        facts = JobFacts(
            source_id=statement.predicate["source_id"], opened_at=statement.signed
        )
        job_id = statement.predicate["job"]
        catalog.jobs.open(job_id, location, leaf=statement.seq, facts=facts)
    elif statement.kind == "job-close":
        catalog.jobs.close(statement.predicate["job"], location)
    elif statement.kind == "tombstone":
        catalog.bury(tombstone_of(statement))
    if statement.kind not in LISTED_KINDS:
        return
    capture = read_capture(statement, entry.records, location)
    parts = statement.predicate["captures"] if statement.kind == "page" else ()
    catalog.add_capture(capture, parts, head=_head_facts(entry.records[0]))


def _location(entry: SegmentEntry, segment: str) -> SliceLocation:
    return SliceLocation(
        segment=segment,
        offset_bytes=entry.slice_offset,
        length_bytes=entry.slice_bytes,
    )


def _head_facts(main: ReadRecord) -> HeadFacts | None:
    """The validators of a response; None where there is no head."""
    head = _head(main)
    if head is None:
        return None
    return HeadFacts(
        record_id=main.header.record_id,
        etag=_validator(head, "ETag"),
        last_modified=_validator(head, "Last-Modified"),
    )


def _validator(head: HttpHead, name: str) -> str | None:
    """The one value of a header as it can be sent back; None where it cannot."""
    values = head.find_all(name)
    if len(values) != 1 or not 0 < len(values[0]) <= VALIDATOR_CHARACTERS:
        return None
    text = values[0].decode("latin-1")
    return text if text.isprintable() else None


def _head(main: ReadRecord) -> HttpHead | None:
    has_head = main.header.type in MESSAGE_TYPES and _is_http(main)
    return parse_http_head(main.kept) if has_head else None


def read_capture(
    statement: Statement, records: tuple[ReadRecord, ...], location: SliceLocation
) -> Capture:
    """Make the capture of a `capture` or `page` statement from its slice's records.

    Of an `import` statement, too: what its file says of address and time.
    """
    if statement.kind == IMPORT_KIND:
        return _read_import(statement, records[0], location)
    predicate = statement.predicate
    main = records[0]
    head = _head(main)
    context = _context(records[-1])
    refers_to = predicate["refers_to"]
    return Capture(
        capture_id=statement.slice.sha256.hex,
        kind=statement.kind,
        leaf=statement.seq,
        target_uri=predicate["target_uri"],
        captured_at=parse_instant(predicate["captured_at"]),
        outcome=CaptureOutcome(predicate["outcome"]),
        http_status=head.status if head else None,
        media_type=head.media_type if head else None,
        source_id=predicate["source_id"],
        job_id=predicate["job"],
        payload_digest=main.header.payload_digest,
        block_digest=main.block if main.header.type in MESSAGE_TYPES else None,
        refers_to=refers_to["capture"] if refers_to else None,
        role=_role(context),
        override=_override(predicate["connection"]),
        location=location,
        record_id=main.header.record_id if head else None,
    )


def _read_import(
    statement: Statement, main: ReadRecord, location: SliceLocation
) -> Capture:
    """What was found in a file of others: nobody here vouches for address and time."""
    header, head = main.header, _head(main)
    return Capture(
        capture_id=statement.slice.sha256.hex,
        kind=IMPORT_KIND,
        leaf=statement.seq,
        target_uri=header.target_uri or "",
        captured_at=parse_instant(header.date),
        outcome=_CUT.get(header.find("WARC-Truncated"), CaptureOutcome.COMPLETE),
        http_status=head.status if head else None,
        media_type=head.media_type if head else None,
        source_id=None,
        job_id=None,
        payload_digest=header.payload_digest,
        block_digest=main.block if header.type in MESSAGE_TYPES else None,
        refers_to=None,
        role="page",
        override=None,
        location=location,
        record_id=header.record_id if head else None,
    )


def _is_http(record: ReadRecord) -> bool:
    return record.header.content_type.startswith("application/http")


def _context(record: ReadRecord) -> dict[str, Any]:
    """The `context` of a metadata record; empty where the record has none."""
    if record.header.content_type != "application/json":
        return {}
    try:
        value = json.loads(record.kept)
    except (ValueError, RecursionError):
        return {}
    context = value.get("context") if isinstance(value, dict) else None
    return context if isinstance(context, dict) else {}


def _role(context: dict[str, Any]) -> str:
    """What the capture was made for, as far as it can be said in a word."""
    role = context.get("role", "page")
    return role if isinstance(role, str) and _ROLE.fullmatch(role) else "page"


def _override(connection: dict[str, str | None] | None) -> str | None:
    if connection is None:
        return None
    return connection["connect_to"] or connection["allow_network"]
