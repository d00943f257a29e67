"""The two signed records around every run: what was promised, and how it ended."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from archive.attest.canonical import dump_canonical
from archive.attest.job import JobClosing, JobOpening, SeedOutcome
from archive.digest import Digest, format_short_id
from archive.store.writer import ArchiveWriter
from crawlers.crawl.joblog import JobLog
from crawlers.sources.expectations import (
    ExpectationResult,
    RunFigures,
    check_expectations,
)
from crawlers.sources.source import Expectations

NOTHING_EXPECTED = Expectations()


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
    writer: ArchiveWriter, plan: JobPlan, *, clock: Callable[[], datetime]
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
        closing = JobClosing(
            job_id=plan.job_id,
            outcomes=_outcomes(log),
            signals=dict(sorted(log.signals.items())),
            expectations=[r.as_json() for r in judge(log, plan.expect)],
            closed_at=clock(),
        )
        writer.close_job(closing).result()


def judge(log: JobLog, expect: Expectations) -> tuple[ExpectationResult, ...]:
    """Compare a job's figures with what its source promises."""
    figures = RunFigures(
        items=log.items,
        captures=log.captures + log.taken_over,
        failures=log.failures,
        bytes=log.received_bytes,
        pages=log.captures + log.taken_over - log.failures,
    )
    return check_expectations(expect, figures)


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
