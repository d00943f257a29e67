"""The two signed records around every run: what was promised, and how it ended."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from archive.attest.records.classes import CLASSES_LIMIT
from archive.attest.records.job import JobClosing, JobOpening, SeedOutcome
from archive.attest.values.canonical import dump_canonical
from archive.capture_class import CONTENT_CLASSES, CaptureClass, ClassNote
from archive.digest import Digest, format_short_id
from archive.store.writing.sink import CaptureSink
from crawlers.crawl.jobs.joblog import JobLog
from crawlers.sources.classes import RULES_VERSION
from crawlers.sources.expectations import (
    ExpectationResult,
    RunFigures,
    check_expectations,
)
from crawlers.sources.source import Expectations

NOTHING_EXPECTED = Expectations()
ONE_HOUR = timedelta(hours=1)
CLASSES_BYTES = 24 << 20
"""Of a closing record, whose outcomes need the rest."""
NOTE_BYTES = 256
"""Of one class beside its words and its key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPlan:
    """What a job promises before its first fetch."""

    job_id: str
    source_id: str | None
    description: dict[str, object]
    """The source and the settings of the run, as signed."""
    vantage: str
    seeds: tuple[str, ...]
    expect: Expectations = NOTHING_EXPECTED


def new_job_id(random_bytes: Callable[[int], bytes]) -> str:
    """26 letters nobody can guess."""
    return format_short_id(random_bytes(16))


@contextmanager
def signed_job(
    writer: CaptureSink, plan: JobPlan, *, clock: Callable[[], datetime]
) -> Iterator[JobLog]:
    """State the promise, run the body, state the outcomes: also after a failure."""
    log = JobLog(seeds=plan.seeds)
    opening = JobOpening(
        job_id=plan.job_id,
        source_id=plan.source_id,
        source=plan.description,
        vantage=plan.vantage,
        settings_digest=Digest.of(dump_canonical(plan.description)),
        seeds=plan.seeds,
        opened_at=clock(),
    )
    writer.open_job(opening).result()
    try:
        yield log
    finally:
        now = clock()
        log.expectations = judge(log, plan.expect, now=now)
        closing = JobClosing(
            job_id=plan.job_id,
            outcomes=_outcomes(log),
            signals=dict(sorted(log.signals.items())),
            expectations=[result.as_json() for result in log.expectations],
            closed_at=now,
            classes=_bounded(log),
            class_rules=RULES_VERSION,
        )
        writer.close_job(closing).result()


def judge(
    log: JobLog, expect: Expectations, *, now: datetime
) -> tuple[ExpectationResult, ...]:
    """Compare a job's figures with what its source promises."""
    counts = log.class_counts()
    pages = sum(counts[name] for name in CONTENT_CLASSES)
    age = None if log.newest_at is None else now - log.newest_at
    figures = RunFigures(
        items=log.items,
        captures=log.captures + log.taken_over,
        failures=log.failures,
        bytes=log.received_bytes,
        new=log.new_items,
        pages=pages,
        not_pages=counts.total() - pages - counts[CaptureClass.ROBOTS],
        compared=log.compared,
        changed=log.changed,
        newest_age_hours=None if age is None else max(0, age // ONE_HOUR),
        languages=log.language_counts(),
    )
    return check_expectations(expect, figures)


def _bounded(log: JobLog) -> dict[str, ClassNote]:
    """The classes, as far as a closing record has room for them."""
    room = CLASSES_BYTES
    kept: dict[str, ClassNote] = {}
    for capture_id, note in log.classes.items():
        room -= NOTE_BYTES + len(note.found.encode()) + len((note.key or "").encode())
        if room < 0 or len(kept) == CLASSES_LIMIT:
            break
        kept[capture_id] = note
    return kept


def _outcomes(log: JobLog) -> tuple[SeedOutcome, ...]:
    return tuple(
        SeedOutcome(
            n=number,
            state=result.state,
            captures=result.captures,
            reason=result.reason,
        )
        for number, result in enumerate(log.settled())
    )
