"""One capture or page capture against the caller's trust: checks 1 to 8 and 10.

Made for a page that is shown now: it reads one slice, one statement, the proof of one
entry and the checkpoint, and nothing else of the archive.
"""

from contextlib import suppress
from dataclasses import fields, replace
from itertools import takewhile
from pathlib import Path

from archive.attest.statements.statement import parse_statement
from archive.attest.trust.folder import TrustSet
from archive.capture import Capture, SliceLocation
from archive.digest import Digest
from archive.errors import (
    EvidenceError,
    FormatError,
    LogError,
    StoreError,
    Unreadable,
    VerificationError,
)
from archive.files import read_range
from archive.log.checkpoint import Checkpoint
from archive.log.merkle import leaf_hash, verify_inclusion
from archive.store.catalog.follow import LISTED_KINDS, keep_for_capture, read_capture
from archive.store.reading.reader import ArchiveReader
from archive.store.segments.segment import find_segment, parse_segment_name
from archive.store.segments.walk import SegmentEntry, SegmentWalk
from archive.verify.captures.capturetime import check_times
from archive.verify.log.chain import read_checkpoint
from archive.verify.log.witnesses import (
    WITNESS_STEP,
    LastSeen,
    asked_by,
    check_last_seen,
)
from archive.verify.notices.lookalikes import describe_host
from archive.verify.policy import (
    NO_WISHES,
    Wishes,
    headline,
    note_unknown_origin,
    required_steps,
)
from archive.verify.reporting.collector import Collector
from archive.verify.reporting.report import ALWAYS_REQUIRED, Report
from archive.verify.statements.entries import CheckedEntry, check_entry
from archive.verify.statements.moved import trace_records
from archive.verify.statements.revisits import name_capture, name_original
from archive.warc.reading import ReadRecord, RecordWalk

TRUSTED_STEPS = (3, 4, 8, 10)


def verify_capture(
    reader: ArchiveReader,
    capture: Capture,
    *,
    trust: TrustSet | None,
    last_seen: LastSeen | None = None,
    wishes: Wishes = NO_WISHES,
) -> Report:
    """Check one capture; damage never raises, it is reported."""
    collector = Collector()
    checkpoint = read_checkpoint(
        collector, reader.paths.log, origin=reader.identity.origin, trust=trust
    )
    entry = _read_entry(collector, reader, capture)
    checked = None
    if entry is not None:
        subject = f"entry {capture.leaf}"
        checked = check_entry(collector, entry, subject=subject, trust=trust)
        if checked is not None:
            told = describe_host(checked.statement.predicate.get("host_alabel") or "")
            if told:
                collector.notice(told)
            _check_place(collector, reader, capture, checked)
            _check_inclusion(collector, reader, checked, checkpoint)
            _check_original(
                collector, reader, checked, checkpoint=checkpoint, trust=trust
            )
            _check_main(collector, reader, checked, checkpoint=checkpoint, trust=trust)
    if trust is None:
        note_unknown_origin(collector, TRUSTED_STEPS)
    bracket = check_times(collector, reader, checked, trust=trust)
    check_last_seen(
        collector,
        reader.paths.log,
        checkpoint=checkpoint,
        last_seen=last_seen,
        trust=trust,
    )
    report = collector.report(
        f"capture {capture.short_id}",
        required=required_steps(
            ALWAYS_REQUIRED, trust, asked=asked_by(last_seen), wishes=wishes
        ),
        headline=headline(collector.counted(WITNESS_STEP), trust, bracket),
    )
    return replace(report, bracket=bracket)


def _read_entry(
    collector: Collector, reader: ArchiveReader, capture: Capture
) -> SegmentEntry | None:
    """The entry at the place the catalog gives: a hint that is never believed."""
    try:
        name = parse_segment_name(capture.location.segment)
        path = find_segment(reader.paths.segments, name)
    except EvidenceError as error:
        collector.not_checked(
            5, "segment-missing", capture.location.segment, str(error)
        )
        return None
    walk = SegmentWalk(path, start=capture.location.offset_bytes, keep=keep_for_capture)
    try:
        for entry in walk:
            return entry
    except (Unreadable, OSError) as error:
        collector.raised(5, "segment-missing", f"segments/{name}", error)
        return None
    except StoreError as error:
        collector.not_checked(5, "segment-missing", str(name), str(error))
        return None
    collector.failed(
        5,
        "slice-unreadable",
        f"segments/{capture.location.segment}",
        f"no whole capture at offset {capture.location.offset_bytes}: {walk.problem}"
        f"{_tell_moves(path, capture)}",
        offset=capture.location.offset_bytes,
    )
    return None


def _tell_moves(path: Path, capture: Capture) -> str:
    """What became of the records, if the statement still stands behind them."""
    begin = capture.location.offset_bytes
    end = begin + capture.location.length_bytes
    behind = next(iter(SegmentWalk(path, start=end)), None)
    if behind is None or behind.envelope is None:
        return ""
    try:
        statement = parse_statement(behind.envelope.payload)
    except FormatError:
        return ""
    rows = statement.predicate.get("records")
    if not rows or statement.slice.sha256.hex != capture.capture_id:
        return ""
    found: list[ReadRecord] = []
    with path.open("rb") as stream, suppress(FormatError):
        walk = RecordWalk(stream, start=begin)
        found += takewhile(lambda record: record.span.offset < end, walk)

    def digest_at(offset: int, length: int) -> Digest:
        return Digest.of_chunks(read_range(path, begin + offset, length))

    return f"; {trace_records(rows, found, base=begin, digest_at=digest_at)}"


def _check_place(
    collector: Collector,
    reader: ArchiveReader,
    capture: Capture,
    checked: CheckedEntry,
) -> None:
    """The entry found is the capture that was asked for, of this archive."""
    statement = checked.statement
    if statement.slice.sha256.hex != capture.capture_id:
        collector.failed(
            5,
            "capture-elsewhere",
            f"capture {capture.short_id}",
            "another capture stands at this place; run `evidence rebuild`",
        )
    if statement.archive_id != reader.identity.archive_id:
        collector.failed(
            1,
            "archive-foreign",
            f"entry {statement.seq}",
            f"the statement was made for the archive {statement.archive_id}",
        )
    if statement.kind not in LISTED_KINDS:
        collector.failed(
            5,
            "capture-elsewhere",
            f"capture {capture.short_id}",
            f"what stands at this place is a {statement.kind}, no capture; "
            "run `evidence rebuild`",
        )
    elif checked.entry.records:  # else check 5 has said so
        _check_catalog(collector, capture, checked)


def _check_original(
    collector: Collector,
    reader: ArchiveReader,
    checked: CheckedEntry,
    *,
    checkpoint: Checkpoint | None,
    trust: TrustSet | None,
) -> None:
    """The capture a revisit refers to is checked like itself: its payload is shown."""
    refers_to = checked.statement.predicate.get("refers_to")
    if refers_to is None or not checked.entry.records:
        return
    subject = f"entry {checked.statement.seq}"
    try:
        original = reader.get_capture(refers_to["capture"])
    except StoreError as error:
        collector.not_checked(6, "revisit-unfounded", subject, str(error))
        return
    entry = _read_entry(collector, reader, original)
    found = entry and check_entry(
        collector, entry, subject=f"entry {original.leaf}", trust=trust
    )
    if not found or not found.entry.records:
        return
    _check_place(collector, reader, original, found)
    _check_inclusion(collector, reader, found, checkpoint)
    if name_original(checked) != name_capture(found) or name_original(found):
        collector.failed(
            6,
            "revisit-unfounded",
            subject,
            f"capture {original.short_id} is not what this revisit refers to",
        )


def _check_main(
    collector: Collector,
    reader: ArchiveReader,
    checked: CheckedEntry,
    *,
    checkpoint: Checkpoint | None,
    trust: TrustSet | None,
) -> None:
    """The main capture of a page is checked like itself: its content is shown."""
    main_id = checked.statement.predicate.get("main")
    if main_id is None:
        return
    try:
        main = reader.get_capture(main_id)
    except StoreError as error:
        subject = f"entry {checked.statement.seq}"
        collector.not_checked(6, "page-unfounded", subject, str(error))
        return
    entry = _read_entry(collector, reader, main)
    found = entry and check_entry(
        collector, entry, subject=f"entry {main.leaf}", trust=trust
    )
    if not found:
        return
    _check_place(collector, reader, main, found)
    _check_inclusion(collector, reader, found, checkpoint)
    _check_original(collector, reader, found, checkpoint=checkpoint, trust=trust)


def _check_catalog(
    collector: Collector, capture: Capture, checked: CheckedEntry
) -> None:
    """What the catalog shows of a capture is what its statement and records say.

    The catalog is derived and not signed; whoever reads "VERIFIED" beside an address
    relies on it all the same.
    """
    subject = f"capture {capture.short_id}"
    entry = checked.entry
    location = SliceLocation(
        segment=capture.location.segment,
        offset_bytes=entry.slice_offset,
        length_bytes=entry.slice_bytes,
    )
    try:
        signed = read_capture(checked.statement, entry.records, location)
    except FormatError as error:
        collector.raised(6, "records-disagree", subject, error)
        return
    differing = [
        field.name
        for field in fields(Capture)
        if getattr(signed, field.name) != getattr(capture, field.name)
    ]
    if differing:
        collector.failed(
            6,
            "catalog-differs",
            subject,
            f"the catalog shows another {', '.join(differing)} than was signed; "
            "run `evidence rebuild`",
        )


def _check_inclusion(
    collector: Collector,
    reader: ArchiveReader,
    checked: CheckedEntry,
    checkpoint: Checkpoint | None,
) -> None:
    """Checks 2 and 7: its leaf stands in the log, under the signed root."""
    if checkpoint is None:
        return
    index = checked.statement.seq
    subject = f"entry {index}"
    if index >= checkpoint.size:
        for step in (2, 7):
            collector.not_checked(
                step, "not-logged-yet", subject, "the statement is not logged yet"
            )
        return
    try:
        if next(reader.log.read_leaves(index, index + 1)) == checked.leaf_line:
            collector.passed(2)
        else:
            collector.failed(2, "leaf-differs", subject, "the log holds another leaf")
        verify_inclusion(
            leaf_hash=leaf_hash(checked.leaf_line),
            index=index,
            size=checkpoint.size,
            proof=reader.log.prove(index, checkpoint.size),
            root=checkpoint.root,
        )
    except (VerificationError, FormatError, LogError, StoreError) as error:
        collector.raised(7, "inclusion-unproven", subject, error)
    else:
        collector.passed(7)
