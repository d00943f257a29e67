"""Captures and jobs as values, where no archive is needed; replace what matters."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from archive.attest.records.job import JobOpening
from archive.capture import Capture, CaptureOutcome, SliceLocation
from archive.digest import Digest

CAPTURED_AT = datetime(2025, 1, 26, tzinfo=UTC)


def bare_capture(number: int, uri: str) -> Capture:
    """A whole page that no archive holds; its id and its leaf are the number."""
    return Capture(
        capture_id=f"{number:064x}",
        kind="capture",
        leaf=number,
        target_uri=uri,
        captured_at=CAPTURED_AT,
        outcome=CaptureOutcome.COMPLETE,
        http_status=200,
        media_type="text/html",
        source_id=None,
        job_id=None,
        payload_digest=None,
        block_digest=None,
        refers_to=None,
        role="page",
        override=None,
        location=SliceLocation(segment="s", offset_bytes=number, length_bytes=1),
    )


def opening_of(
    seeds: Sequence[str],
    *,
    job_id: str,
    opened_at: datetime,
    source_id: str | None = None,
    source: Mapping[str, object] | None = None,
) -> JobOpening:
    """What a job promises: those seeds, of a source or of a list."""
    return JobOpening(
        job_id=job_id,
        opened_at=opened_at,
        source_id=source_id,
        source=dict(source or {}),
        vantage="test",
        settings_digest=Digest.of(b""),
        seeds=tuple(seeds),
    )
