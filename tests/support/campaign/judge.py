"""What a campaign owed, held against what its archive has: no change may be lost."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from archive.store.reading.reader import ArchiveReader
from tests.support.campaign.play import BACK, FORWARDS, KILLS, Pace, Played
from tests.support.campaign.run import SECONDS, CampaignRun
from tests.support.campaign.world import END, START, SimSource, State, state_body

DAY = timedelta(days=1)


def planned(run: CampaignRun) -> Iterator[tuple[SimSource, str, State, datetime]]:
    """Every state of every page, and when the next one begins."""
    for source in run.world.sources.values():
        for path, states in source.pages.items():
            ends = [*(state.since for state in states[1:]), END]
            for state, end in zip(states, ends, strict=True):
                yield source, path, state, end


def deadline_of(source: SimSource, since: datetime, pace: Pace) -> datetime:
    """Within one interval, its jitter and one step; after an outage anew."""
    every = pace.every(source, since)
    latest = since + 1.5 * every + pace.step(since) + timedelta(minutes=5)
    for outage in source.outages:
        if outage.since < latest and since < outage.until:
            return deadline_of(source, outage.until, pace)
    return latest


def missed(run: CampaignRun, pace: Pace) -> tuple[int, list[str]]:
    """How many states had to be captured, and those that were not, or too late."""
    held, gone = read_archive(run)
    expected, found = 0, []
    for source, path, state, end in planned(run):
        latest = deadline_of(source, state.since, pace)
        if state.mark is None:
            if path.startswith("/news/"):  # it left the front page: at its recheck
                first = deadline_of(source, source.pages[path][0].since, pace)
                if first >= state.since:
                    continue  # it may never have been seen
                again = max(first + pace.recheck, state.since)
                latest = deadline_of(source, again, pace)
            if latest >= END:
                continue
            expected += 1
            if (source.host, path) not in gone:
                found.append(f"{source.host}{path} gone {state.since}: not captured")
            continue
        if latest >= end:
            continue
        expected += 1
        digest = hashlib.sha256(state_body(source, path, state.mark)).hexdigest()
        served = run.server.served.get((source.host, path, digest))
        if (source.host, path, digest) not in held:
            found.append(f"{state.mark} of {state.since}: not captured")
        elif served is None or served > latest:
            found.append(f"{state.mark} of {state.since}: only at {served}")
    return expected, found


def read_archive(
    run: CampaignRun,
) -> tuple[set[tuple[str, str, str]], set[tuple[str, str]]]:
    """Host, path and digest of everything captured; host and path of what was 404."""
    held, gone = set(), set()
    reader = ArchiveReader.open(run.archive)
    try:
        for capture in reader.captures():
            host, _, path = capture.target_uri.removeprefix("http://").partition("/")
            if capture.http_status == 200 and capture.payload_digest:
                held.add((host, f"/{path}", capture.payload_digest.hex))
            elif capture.http_status == 404:
                gone.add((host, f"/{path}"))
    finally:
        reader.close()
    return held, gone


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEnd:
    """One job: when it began, what it promised, how it ended."""

    opened_at: datetime
    promised: int
    left: tuple[str, ...]
    """Promised addresses without an outcome."""
    signals: frozenset[str]


def read_jobs(reader: ArchiveReader) -> list[JobEnd]:
    """Every job of the archive."""
    found = []
    for places in reader.jobs.since(START - 365 * DAY):
        opening = reader.jobs.read_opening(places.opening)
        closing = (
            None if places.closing is None else reader.jobs.read_closing(places.closing)
        )
        ended = {outcome.n for outcome in closing.outcomes} if closing else set()
        left = (uri for n, uri in enumerate(opening.seeds) if n not in ended)
        found.append(
            JobEnd(
                opened_at=places.opened_at,
                promised=len(opening.seeds),
                left=tuple(left),
                signals=frozenset(closing.signals if closing else ()),
            )
        )
    return found


def demand_trouble(run: CampaignRun, played: Played, jobs: list[JobEnd]) -> None:
    """What was to go wrong went wrong: a campaign without trouble shows nothing."""
    for what, at in played.disturbed:
        span = timedelta(seconds=SECONDS)
        hit = [job for job in jobs if abs(job.opened_at - at) <= span]
        if what in KILLS:
            assert any("killed" in job.signals for job in hit), (what, at)
    assert set(run.server.refused) == {"down", "error", "geo"}
    steps = clock_steps(run)
    assert max(steps) > FORWARDS / 2
    assert min(steps) < -FORWARDS / 2
    assert any(BACK - DAY < step < BACK / 2 for step in steps)


def clock_steps(run: CampaignRun) -> list[timedelta]:
    """From each capture to the next, in the order of the log."""
    reader = ArchiveReader.open(run.archive)
    try:
        times = [capture.captured_at for capture in reader.captures()]
    finally:
        reader.close()
    return [later - earlier for earlier, later in pairwise(times)]


def check(run: CampaignRun, pace: Pace, played: Played) -> dict[str, Any]:
    """The bars of the issue, after the last day."""
    assert run.stop() == 0
    expected, lost = missed(run, pace)
    reader = ArchiveReader.open(run.archive)
    try:
        jobs = read_jobs(reader)
    finally:
        reader.close()
    demand_trouble(run, played, jobs)
    assert expected > 5 * len(run.world.sources)
    assert lost == [], f"{len(lost)} of {expected}: {lost[:5]}"
    assert [uri for job in jobs for uri in job.left] == []
    done = run.run("verify", "--json")
    outcome = json.loads(done.stdout)["outcome"]
    assert outcome == "VERIFIED", done.stdout[-3000:]
    promised = sum(job.promised for job in jobs)
    return {"changes": expected, "jobs": len(jobs), "promised": promised}
