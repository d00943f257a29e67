"""What the jobs of a span of time promised, captured and said, source by source."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from archive.attest.records.job import JobClosing, JobOpening
from archive.capture import Capture, CaptureOutcome
from archive.capture_class import CONTENT_CLASSES, CaptureClass, ClassNote
from archive.store.catalog.jobrows import JobPlaces
from archive.store.reading.reader import ArchiveReader
from search.report.span.second_profile import Sample, pair_samples
from search.report.span.statuses import GONE, SHOWN, is_hop

GONE_CLASSES = frozenset({CaptureClass.SOFT_404})


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The time that is reported on, `[since, until)`."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One capture that was to hold what a source says, with its class if it has one."""

    capture: Capture
    note: ClassNote | None

    @property
    def is_content(self) -> bool:
        """Whether it shows what the source says."""
        if self.capture.outcome is not CaptureOutcome.COMPLETE:
            return False
        if self.note is not None:
            return self.note.capture_class in CONTENT_CLASSES
        return self.capture.http_status in SHOWN

    @property
    def is_hop(self) -> bool:
        """A redirect has no content of its own; where it leads is captured, too."""
        return is_hop(self.capture.http_status)

    @property
    def is_gone(self) -> bool:
        """Whether the server says that there is no such page."""
        if self.note is not None and self.note.capture_class in GONE_CLASSES:
            return True
        return self.capture.http_status in GONE

    @property
    def state(self) -> str:
        """Class, status or outcome in a word."""
        capture = self.capture
        if capture.outcome is not CaptureOutcome.COMPLETE:
            return str(capture.outcome)
        if self.note is not None and self.note.capture_class != CaptureClass.ERROR:
            return self.note.capture_class
        return str(capture.http_status)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job: its promise, and its end if it has one."""

    opened_at: datetime
    opening: JobOpening
    closing: JobClosing | None

    @property
    def turn(self) -> Mapping[str, Any]:
        """Why it ran: `every_s`, `phase`; empty where a person said so."""
        turn = self.opening.source.get("turn")
        return turn if isinstance(turn, dict) else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePeriod:
    """All that one source's jobs did in the window."""

    source_id: str | None
    """None for captures from the command line."""
    description: Mapping[str, Any]
    """Of the newest job."""
    jobs: tuple[Job, ...]
    """In the order of the log."""
    before: Job | None
    """The last job before the window."""
    captures: int
    """Of every role."""
    attempts: tuple[Attempt, ...]
    """Those for pages, lists, feeds and files, in the order of the log."""
    samples: tuple[Sample, ...] = ()
    """Addresses that a second profile was asked for, too."""


def gather(
    reader: ArchiveReader, window: Window, *, source_ids: tuple[str, ...] = ()
) -> Iterator[SourcePeriod]:
    """Read the window's jobs, one source at a time: every source that ever had a job.

    `source_ids`: only these.
    """
    jobs: defaultdict[str | None, list[JobPlaces]] = defaultdict(list)
    for places in reader.jobs.since(window.since):
        if places.opened_at < window.until:
            jobs[places.source_id].append(places)
    known = [*reader.history().source_ids(), *([None] if None in jobs else [])]
    for source_id in known:
        if not source_ids or source_id in source_ids:
            yield _read(reader, source_id, jobs[source_id], window)


def _read(
    reader: ArchiveReader,
    source_id: str | None,
    places: list[JobPlaces],
    window: Window,
) -> SourcePeriod:
    jobs = tuple(_job(reader, one) for one in places)
    before = _last_before(reader, source_id, window) if source_id else None
    newest = jobs[-1] if jobs else before
    captures, attempts = 0, []
    samples: list[Sample] = []
    for job, one in zip(jobs, places, strict=True):
        notes = job.closing.classes if job.closing else {}
        made = list(reader.captures_of_job(one.job_id))
        samples += pair_samples(made)
        for capture in made:
            captures += 1
            if capture.kind == "capture" and capture.role == "page":
                note = notes.get(capture.capture_id)
                attempts.append(Attempt(capture=capture, note=note))
    return SourcePeriod(
        source_id=source_id,
        description=newest.opening.source if newest else {},
        jobs=jobs,
        before=before,
        captures=captures,
        attempts=tuple(attempts),
        samples=tuple(samples),
    )


def _last_before(reader: ArchiveReader, source_id: str, window: Window) -> Job | None:
    last = reader.history().job_before(source_id, window.since)
    return None if last is None else _job(reader, last)


def _job(reader: ArchiveReader, places: JobPlaces) -> Job:
    closing = (
        None if places.closing is None else reader.jobs.read_closing(places.closing)
    )
    return Job(
        opened_at=places.opened_at,
        opening=reader.jobs.read_opening(places.opening),
        closing=closing,
    )
