"""What a run that was cut short left to do: the next run of its source goes on there.

The archive itself is the state. A run that was killed or stopped says so in its signed
closing record; what it captured is in the archive. The next run begins at the seeds
again, but takes from the archive what is there already and fetches only the rest. So
nothing that was acknowledged is asked for twice, no link is lost wherever the process
ended, and no queue lies on disk that somebody could alter.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from archive.capture import SAMPLE_ROLES, Capture, CaptureOutcome
from archive.errors import EvidenceError
from archive.store.reading.reader import ArchiveReader

UNFINISHED_SIGNALS = frozenset({"killed", "stopped"})
"""In the closing record of a run that did not come to its end."""
RESUME_WITHIN = timedelta(hours=24)
"""What is older is captured anew: the page of today is wanted."""
RUNS = 100
"""Runs in a row that one resumes; beyond it the crawl begins anew."""
RESUMES_KEY = "resumes"
"""In the source description of a job: ids of the jobs it goes on with."""
RETRIED_STATUSES = frozenset({408, 429, 500, 502, 503, 504, 522, 524})
"""As Scrapy retries them: an answer that was not the last word."""
REDIRECTS = range(300, 400)
UNREAD = 16
"""Pages captured last, of which one is what runs hang at: as many as are asked for at a
time. Each further run in a row that hung makes it four times as many."""
UNREAD_FACTOR = 4
UNREAD_STEPS = 5
"""Then it is 16,384: the crawl is as good as begun anew."""
HUNG_LEAST = 2
"""Runs in a row that hung; with the first it may have been a source beside it."""
STUCK = "stuck"
"""In the closing record of a run whose process hung and was ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """The runs to go on with, and what they captured, by address."""

    jobs: tuple[str, ...] = ()
    captures: Mapping[str, Capture] = field(default_factory=dict)
    pages: frozenset[str] = frozenset()
    """Ids of main captures whose page is stated already."""
    unread: frozenset[str] = frozenset()
    """Ids of captures that are not read again: one of them held a run up for good."""
    is_unreadable: bool = False
    """What the last run stated was removed or is damaged: the crawl begins anew."""

    def is_done(self, target_uri: str) -> bool:
        """Whether an address needs no promise any more: its content is there."""
        capture = self.captures.get(target_uri)
        return capture is not None and capture.http_status not in REDIRECTS


NOTHING_UNFINISHED = Unfinished()


def find_unfinished(
    reader: ArchiveReader, source_id: str, *, now: datetime, overrides: bool
) -> Unfinished:
    """What the last run of a source left, if it was cut short within a day.

    `overrides`: captures of test set-ups count; only a test may say so.
    """
    try:
        return _read_unfinished(reader, source_id, now=now, overrides=overrides)
    except EvidenceError:  # `verify` says what is wrong; watching goes on
        return Unfinished(is_unreadable=True)


def _read_unfinished(
    reader: ArchiveReader, source_id: str, *, now: datetime, overrides: bool
) -> Unfinished:
    last = reader.jobs.last(source_id)
    if last is None:
        return NOTHING_UNFINISHED
    opening, closing = last
    jobs = (*_earlier_jobs(opening.source), opening.job_id)
    was_cut = not UNFINISHED_SIGNALS.isdisjoint(closing.signals)
    if not was_cut or len(jobs) > RUNS:
        return NOTHING_UNFINISHED
    captures: dict[str, Capture] = {}
    read: list[str] = []
    pages: set[str] = set()
    for job_id in jobs:
        for capture in reader.captures_of_job(job_id):
            is_old = capture.captured_at < now - RESUME_WITHIN
            if is_old or (capture.override and not overrides):
                continue
            if capture.role in SAMPLE_ROLES:
                continue
            if capture.kind == "page":
                pages |= _main_of_whole(reader, capture)
            elif _is_last_word(capture):
                captures[capture.target_uri] = capture
                if capture.role == "page":
                    read.append(capture.capture_id)
    if not captures:
        return NOTHING_UNFINISHED
    count = _count_unread(reader, jobs)
    return Unfinished(
        jobs=jobs,
        captures=captures,
        pages=frozenset(pages),
        unread=frozenset(read[-count:]) if count else frozenset(),
    )


def _count_unread(reader: ArchiveReader, jobs: Iterable[str]) -> int:
    """How many of the pages captured last are not to be read again."""
    closings = (reader.jobs.closing_of(job_id) for job_id in jobs)
    hung = sum(one is not None and STUCK in one.signals for one in closings)
    count = UNREAD
    for _ in range(min(hung - HUNG_LEAST, UNREAD_STEPS)):
        count *= UNREAD_FACTOR
    return count if hung >= HUNG_LEAST else 0


def _earlier_jobs(source: Mapping[str, object]) -> tuple[str, ...]:
    """What the last run went on with itself; a foreign description has nothing."""
    jobs = source.get(RESUMES_KEY)
    if not isinstance(jobs, list):
        return ()
    return tuple(job for job in jobs if isinstance(job, str))


def _main_of_whole(reader: ArchiveReader, page: Capture) -> set[str]:
    """The main capture of a page, unless the stop left gaps among its parts."""
    view = reader.read_page(page)
    if any("stopped" in (part.reason, part.outcome) for part in view.parts):
        return set()
    return {view.main_id}


def _is_last_word(capture: Capture) -> bool:
    whole = capture.outcome is CaptureOutcome.COMPLETE
    return whole and capture.http_status not in RETRIED_STATUSES
