"""What a killed process left: jobs that are not closed, removals that are not done."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from archive.attest.job import JobClosing, JobOpening, SeedOutcome
from archive.capture import Capture, CaptureOutcome
from archive.store.reader import ArchiveReader

KILLED = "the job ended before it could say how this seed ended"


def find_killed_jobs(root: Path, clock: Callable[[], datetime]) -> list[JobClosing]:
    """Closings for all unclosed jobs; the caller holds the lock, so none is running.

    What is signed then is never what the catalog says, which anybody may have edited:
    if it names such a job, all is read from the segments again.
    """
    reader = ArchiveReader.open(root)
    try:
        if not reader.has_unclosed_jobs():
            return []
    finally:
        reader.close()
    reader = ArchiveReader.open_afresh(root)
    try:
        return [
            _close(opening, reader.captures_of_job(opening.job_id), clock())
            for opening in reader.unclosed_jobs()
        ]
    finally:
        reader.close()


def find_unfinished_removals(root: Path) -> list[int]:
    """Entries of tombstones that nobody did yet; found as killed jobs are."""
    reader = ArchiveReader.open(root)
    try:
        if not reader.unfinished_removals():
            return []
    finally:
        reader.close()
    reader = ArchiveReader.open_afresh(root)
    try:
        return reader.unfinished_removals()
    finally:
        reader.close()


def _close(
    opening: JobOpening, captures: list[Capture], closed_at: datetime
) -> JobClosing:
    """Settle each seed by the captures of exactly its address."""
    by_uri: dict[str, list[Capture]] = {}
    for capture in captures:
        if capture.kind == "capture":
            by_uri.setdefault(capture.target_uri, []).append(capture)
    return JobClosing(
        job_id=opening.job_id,
        closed_at=closed_at,
        outcomes=tuple(
            _settle(number, by_uri.get(uri, []))
            for number, uri in enumerate(opening.seeds)
        ),
        signals={"killed": 1},
        expectations=(),
    )


def _settle(number: int, captures: list[Capture]) -> SeedOutcome:
    ids = tuple(capture.capture_id for capture in captures)
    if any(capture.outcome is CaptureOutcome.COMPLETE for capture in captures):
        return SeedOutcome(n=number, state="captured", captures=ids, reason="")
    if captures:
        reason = f"the last attempt ended as {captures[-1].outcome}"
        return SeedOutcome(n=number, state="failed", captures=ids, reason=reason)
    return SeedOutcome(n=number, state="not-reached", captures=(), reason=KILLED)
