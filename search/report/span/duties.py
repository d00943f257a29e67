"""What jobs owed: promises, intervals, expectations, a clock that runs forwards."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from archive.instant import format_instant
from search.report.span.findings import Finding, Kind
from search.report.span.period import Attempt, Job, SourcePeriod, Window

LATE_FACTOR = 1.5
"""So many intervals after a run the next one is late: jitter is half at most."""
LATE_SLACK = timedelta(minutes=2)
"""A run takes its time, and others before it."""
CLOCK_BACK = timedelta(minutes=1)
"""Of two captures in a row the second is so much older: the clock was set back."""
SUSPICIOUS_SIGNALS = (
    *("budget:", "host-down", "killed", "listing-", "lists-", "spider-exception"),
    "stuck",
    *(
        "second-profile-led-elsewhere",
        "undecodable-body",
        "look-alike",
        "feed-entry-vanished",
        "items-beyond",
    ),
)
"""Beginnings of codes; other signals are counted, and no reason to wake anybody."""


def find_promises(jobs: Sequence[Job]) -> Iterator[Finding]:
    """Promised addresses that were not asked for; failures are captures."""
    missed: dict[tuple[str, str, str], int] = {}
    for job in jobs:
        for outcome in job.closing.outcomes if job.closing else ():
            if outcome.state in ("blocked", "not-reached") and not outcome.captures:
                uri = job.opening.seeds[outcome.n]
                place = (uri, outcome.state, outcome.reason)
                missed[place] = missed.get(place, 0) + 1
    for (uri, state, reason), times in missed.items():
        yield Finding(
            kind=Kind.FAILED,
            code=f"promise-{state}",
            uri=uri,
            parameters={"reason": reason, "times": times},
        )
    unclosed = [job for job in jobs if job.closing is None]
    if unclosed:
        yield Finding(
            kind=Kind.SUSPICIOUS,
            code="job-not-closed",
            parameters={"times": len(unclosed)},
        )


def find_late(period: SourcePeriod, window: Window) -> Iterator[Finding]:
    """Gaps between runs, by the interval that the run before the gap was bound to."""
    jobs = [*([period.before] if period.before else []), *period.jobs]
    if not jobs:
        return
    ends = [*(job.opened_at for job in jobs[1:]), window.until]
    gaps = [
        (end - job.opened_at, job, end)
        for job, end in zip(jobs, ends, strict=True)
        if _is_late(job, end)
    ]
    if gaps and gaps[-1][2] == window.until:
        yield _late_finding("still-late", gaps.pop(), times=1)
    if gaps:
        longest = max(gaps, key=lambda gap: gap[0])
        yield _late_finding("gaps", longest, times=len(gaps))


def _is_late(job: Job, end: datetime) -> bool:
    every = job.turn.get("every_s")
    if not isinstance(every, int):
        return False
    return end - job.opened_at > LATE_FACTOR * timedelta(seconds=every) + LATE_SLACK


def _late_finding(
    code: str, gap: tuple[timedelta, Job, datetime], *, times: int
) -> Finding:
    _, job, end = gap
    return Finding(
        kind=Kind.LATE,
        code=code,
        parameters={
            "from": format_instant(job.opened_at),
            "until": format_instant(end),
            "every_s": int(job.turn["every_s"]),
            "times": times,
        },
    )


def find_expectations(jobs: Sequence[Job]) -> Iterator[Finding]:
    """Each broken promise of the source's file once, with its worst value."""
    worst: dict[tuple[str, str], tuple[int, int, int]] = {}
    for job in jobs:
        for kept in job.closing.expectations if job.closing else ():
            name, outcome = str(kept.get("name")), str(kept.get("outcome"))
            bound, value = kept.get("bound"), kept.get("value")
            if outcome == "met" or type(bound) is not int or type(value) is not int:
                continue
            _, _, times = worst.get((name, outcome), (0, 0, 0))
            worst[name, outcome] = (bound, value, times + 1)
    for (name, outcome), (bound, value, times) in worst.items():
        failed = outcome == "failed"
        yield Finding(
            kind=Kind.FAILED if failed else Kind.SUSPICIOUS,
            code="less-than-expected" if failed else "more-than-expected",
            parameters={"name": name, "bound": bound, "value": value, "times": times},
        )


def find_signals(signals: Mapping[str, int]) -> Iterator[Finding]:
    """Signals that somebody has to look at."""
    for code, times in signals.items():
        if code.startswith(SUSPICIOUS_SIGNALS):
            yield Finding(
                kind=Kind.SUSPICIOUS,
                code="signal",
                parameters={"signal": code, "times": times},
            )


def find_clock(attempts: Sequence[Attempt]) -> Iterator[Finding]:
    """The order of the log against the clock: was it set back?"""
    for before, after in pairwise(attempts):
        if after.capture.captured_at < before.capture.captured_at - CLOCK_BACK:
            yield Finding(
                kind=Kind.SUSPICIOUS,
                code="clock-set-back",
                captures=(before.capture.short_id, after.capture.short_id),
            )
            return
