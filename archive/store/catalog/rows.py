"""Rows of the catalog: captures and tombstones as SQLite holds them, and back.

What is read is checked: anybody may have edited the file.
"""

from collections.abc import Sequence

from archive.capture import SAMPLE_ROLES, Capture, CaptureOutcome, SliceLocation
from archive.digest import Digest
from archive.instant import format_instant, parse_instant
from archive.store.tombstones import Tombstone

CAPTURE_COLUMNS = (
    "leaf, capture_id, kind, target_uri, captured_at, outcome, http_status, "
    "media_type, source_id, job_id, payload_digest, block_digest, refers_to, role, "
    "override, segment, offset_bytes, length_bytes, record_id"
)

NO_SAMPLE = f"role not in {tuple(sorted(SAMPLE_ROLES))}"
"""A condition of rows: what was asked for as a sample stands for no address."""

TOMBSTONE_COLUMNS = "entry, leaf, capture_id, reason, authority, removed_at"


def to_row(capture: Capture) -> tuple[object, ...]:
    """The first columns of a capture's row."""
    return (
        capture.leaf,
        capture.capture_id,
        capture.short_id,
        capture.kind,
        capture.target_uri,
        format_instant(capture.captured_at),
        str(capture.outcome),
        capture.http_status,
        capture.media_type,
        capture.source_id,
        capture.job_id,
        str(capture.payload_digest) if capture.payload_digest else None,
        str(capture.block_digest) if capture.block_digest else None,
        capture.refers_to,
        capture.role,
        capture.override,
        capture.location.segment,
        capture.location.offset_bytes,
        capture.location.length_bytes,
    )


def to_capture(row: Sequence[object]) -> Capture:
    """A capture from its row; ValueError or FormatError if it is none."""
    (leaf, capture_id, kind, uri, at, outcome, status, media_type, source, job) = row[
        :10
    ]
    (payload, block, refers_to, role, override, segment, offset, length) = row[10:18]
    return Capture(
        leaf=_count(leaf),
        capture_id=Digest(str(capture_id)).hex,
        kind=str(kind),
        target_uri=str(uri),
        captured_at=parse_instant(str(at)),
        outcome=CaptureOutcome(str(outcome)),
        http_status=None if status is None else int(str(status)),
        media_type=_optional(media_type),
        source_id=_optional(source),
        job_id=_optional(job),
        payload_digest=None if payload is None else Digest.parse(str(payload)),
        block_digest=None if block is None else Digest.parse(str(block)),
        refers_to=_optional(refers_to),
        role=str(role),
        override=_optional(override),
        location=SliceLocation(
            segment=str(segment),
            offset_bytes=_count(offset),
            length_bytes=_count(length),
        ),
        record_id=_optional(row[18]),
    )


def to_place(location: SliceLocation) -> tuple[str, int, int]:
    """The columns that say where a slice lies."""
    return location.segment, location.offset_bytes, location.length_bytes


def to_tombstone(row: Sequence[object]) -> Tombstone:
    """A tombstone from its row."""
    entry, leaf, capture_id, reason, authority, removed_at = row
    return Tombstone(
        entry=int(str(entry)),
        leaf=int(str(leaf)),
        capture_id=str(capture_id),
        reason=str(reason),
        authority=str(authority),
        removed_at=parse_instant(str(removed_at)),
    )


def _count(value: object) -> int:
    if not is_count(value):
        raise ValueError(f"{value!r:.40} is no number of bytes or leaves")
    return int(str(value))


def is_count(value: object) -> bool:
    """Whether a column holds a number of bytes or leaves."""
    return type(value) is int and value >= 0


def _optional(value: object) -> str | None:
    return None if value is None else str(value)
