"""A choice of captures as one WARC file, and as index lines for replay programs.

The members are those of the archive, byte for byte; behind each slice stands the
statement about it, as in a segment.
"""

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from archive.attest.statements.envelope import format_statement_record
from archive.capture import Capture
from archive.digest import READ_BYTES
from archive.errors import DigestMismatch
from archive.store.catalog.follow import CAPTURE_KINDS
from archive.store.reading.reader import ArchiveReader
from archive.store.segments.segment import (
    find_segment,
    list_segments,
    parse_segment_name,
)
from archive.store.segments.walk import SegmentWalk, read_statement
from archive.warc.cdxj import format_line, keep_head, sort_lines
from archive.warc.reading import read_records


def with_parts(reader: ArchiveReader, captures: Iterable[Capture]) -> list[Capture]:
    """The captures, those a page is made of, and those that revisits refer to.

    In the order of the log, each once; what was removed is left out.
    """
    chosen: dict[str, Capture] = {}
    waiting = list(captures)
    while waiting:
        capture = waiting.pop()
        if capture.capture_id in chosen:
            continue
        chosen[capture.capture_id] = capture
        predicate = reader.entry(capture)[1].predicate
        named = list(predicate.get("captures", ()))
        if predicate.get("refers_to") is not None:
            named.append(predicate["refers_to"]["capture"])
        for name in named:
            waiting += reader.find_all(name)[:1]
    return sorted(chosen.values(), key=lambda capture: capture.leaf)


def write_warc(
    reader: ArchiveReader, captures: Iterable[Capture], out: BinaryIO
) -> None:
    """Write slices and statements; DigestMismatch if one is not what it was."""
    for capture in captures:
        entry, _ = reader.entry(capture)
        if entry.envelope is None:
            raise DigestMismatch(f"capture {capture.short_id} has no statement")
        with reader.open_slice(capture) as stream:
            while chunk := stream.read(READ_BYTES):
                out.write(chunk)
        out.write(format_statement_record(entry.envelope))


def index_captures(reader: ArchiveReader, captures: Iterable[Capture]) -> Iterator[str]:
    """Sorted CDXJ lines of captures as they lie in their segments."""
    return sort_lines(
        line for capture in captures for line in _lines_of(reader, capture)
    )


def index_archive(reader: ArchiveReader) -> Iterator[str]:
    """Sorted CDXJ lines of every capture, from the segments themselves."""
    return sort_lines(_archive_lines(reader))


def _archive_lines(reader: ArchiveReader) -> Iterator[str]:
    for segment in list_segments(reader.paths.segments):
        name = segment.path.relative_to(reader.paths.segments).as_posix()
        for entry in SegmentWalk(segment.path, keep=keep_head):
            if entry.envelope is None:
                continue
            if read_statement(entry).kind not in CAPTURE_KINDS:
                continue
            for record in entry.records:
                line = format_line(record, offset=record.span.offset, filename=name)
                if line is not None:
                    yield line


def _lines_of(reader: ArchiveReader, capture: Capture) -> Iterator[str]:
    location = capture.location
    segment = parse_segment_name(location.segment)
    path = find_segment(reader.paths.segments, segment)
    name = path.relative_to(reader.paths.segments).as_posix()
    with reader.open_slice(capture) as stream:
        for record in read_records(stream, keep=keep_head):
            line = format_line(
                record,
                offset=location.offset_bytes + record.span.offset,
                filename=name,
            )
            if line is not None:
                yield line
