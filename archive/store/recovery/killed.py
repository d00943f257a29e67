"""What a killed process left: jobs that are not closed, removals that are not done."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from archive.attest.records.job import TRAIL_LIMIT, JobClosing, JobOpening, SeedOutcome
from archive.capture import Capture, CaptureOutcome
from archive.errors import FormatError, StoreError
from archive.files import Files
from archive.store.reading.reader import ArchiveReader
from archive.store.recovery.stuck import forget_stuck, stuck_jobs
from archive.store.waiting.files import list_waiting
from archive.store.waiting.reading import read_waiting

T = TypeVar("T")
KILLED = "the job ended before it could say how this seed ended"
STUCK = "the job gave no sign of life and was ended before it could say how it ended"
"""The same where whoever started the process says why it ended."""


def find_killed_jobs(root: Path, clock: Callable[[], datetime]) -> list[JobClosing]:
    """Closings for all unclosed jobs; the caller holds the lock, so none is running.

    What is signed then is never what the catalog says, which anybody may have edited:
    if it names such a job, all is read from the segments again. A job of which a part
    still waits to be signed is left: its own closing waits, too.
    """

    def close_all(reader: ArchiveReader) -> list[JobClosing]:
        waiting = _jobs_that_wait(reader.paths.spool)
        stuck = stuck_jobs(reader.paths.spool)
        return [
            _close(
                opening,
                reader.captures_of_job(opening.job_id),
                clock(),
                is_stuck=opening.job_id in stuck,
            )
            for opening in reader.jobs.unclosed()
            if opening.job_id not in waiting
        ]

    return _read_twice(root, lambda reader: reader.jobs.has_unclosed(), close_all)


def forget_closed(spool: Path, files: Files) -> None:
    """Forget why jobs ended that are closed by now; called behind all closings."""
    if stuck_jobs(spool):
        forget_stuck(spool, files, but=_jobs_that_wait(spool))


def find_unfinished_removals(root: Path) -> list[int]:
    """Entries of tombstones that nobody did yet; found as killed jobs are."""
    unfinished = ArchiveReader.unfinished_removals
    return _read_twice(root, unfinished, unfinished)


def _read_twice(
    root: Path,
    is_any: Callable[[ArchiveReader], object],
    find: Callable[[ArchiveReader], list[T]],
) -> list[T]:
    """Ask the catalog whether there is anything, and the segments what it is."""
    reader = ArchiveReader.open(root)
    try:
        if not is_any(reader):
            return []
    finally:
        reader.close()
    reader = ArchiveReader.open_afresh(root)
    try:
        return find(reader)
    finally:
        reader.close()


def _jobs_that_wait(spool: Path) -> set[str]:
    """Jobs named in waiting files; those that are none of ours name nothing."""
    found: set[str] = set()
    for file in list_waiting(spool):
        with suppress(FormatError, StoreError):
            for entry in read_waiting(file.path):
                found.add(str(entry.predicate.get("job")))
    return found


def _close(
    opening: JobOpening,
    captures: list[Capture],
    closed_at: datetime,
    *,
    is_stuck: bool,
) -> JobClosing:
    """Settle each seed by the captures of exactly its address."""
    by_uri: dict[str, list[Capture]] = {}
    for capture in captures:
        if capture.kind == "capture":
            by_uri.setdefault(capture.target_uri, []).append(capture)
    reason = STUCK if is_stuck else KILLED
    outcomes: list[SeedOutcome] = []
    for number, uri in enumerate(opening.seeds):
        outcomes.append(_settle(number, by_uri.get(uri, []), unreached=reason))
        by_uri[uri] = _deciding(by_uri.get(uri, []))
    return JobClosing(
        job_id=opening.job_id,
        closed_at=closed_at,
        outcomes=tuple(outcomes),
        signals={"killed": 1, **({"stuck": 1} if is_stuck else {})},
        expectations=(),
    )


def _deciding(captures: list[Capture]) -> list[Capture]:
    """The one that says how an address ended: all that a second seed of it names.

    An address may be promised 100,000 times, and the record has a bound.
    """
    whole = [one for one in captures if one.outcome is CaptureOutcome.COMPLETE]
    return (whole or captures)[-1:]


def _settle(number: int, captures: list[Capture], *, unreached: str) -> SeedOutcome:
    """How a seed ended; it names the last attempts, and always the deciding one."""
    decided = _deciding(captures)
    if not decided:
        return SeedOutcome(n=number, state="not-reached", captures=(), reason=unreached)
    last = captures[-TRAIL_LIMIT:]
    named = last if decided[0] in last else [*decided, *last[1:]]
    ids = tuple(capture.capture_id for capture in named)
    if decided[0].outcome is CaptureOutcome.COMPLETE:
        return SeedOutcome(n=number, state="captured", captures=ids, reason="")
    reason = f"the last attempt ended as {decided[0].outcome}"
    return SeedOutcome(n=number, state="failed", captures=ids, reason=reason)
