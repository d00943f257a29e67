"""A whole campaign in compressed time, played to the real `watch`.

Forty sources over sixty days: nomination, campaign, election day, a night of results
that are corrected every half an hour behind a geo-block, removals afterwards. Sources
fail, the command and its child are killed, the clock is set forwards and back.
"""

import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from archive.store.reader import ArchiveReader
from tests.support.campaign_run import CampaignRun, open_campaign
from tests.support.campaign_world import (
    COUNT,
    ELECTION,
    END,
    RESULT,
    START,
    SimSource,
    State,
    build_world,
    state_body,
)

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often is looked, and how far the clock goes between two looks."""

    calm: timedelta
    day: timedelta
    night: timedelta

    @property
    def recheck(self) -> timedelta:
        """Age of an article at which it is fetched again: it may be gone by then."""
        return 3 * self.calm

    def arguments(self) -> dict[str, str]:
        """As source files say it."""
        spans = {
            "calm": self.calm,
            "day": self.day,
            "night": self.night,
            "recheck": self.recheck,
        }
        return {k: f"{v // timedelta(minutes=1)}m" for k, v in spans.items()}

    def every(self, source: SimSource, now: datetime) -> timedelta:
        if COUNT <= now < RESULT:
            return self.night if source.official else self.day
        return self.day if ELECTION <= now < COUNT else self.calm

    def step(self, now: datetime) -> timedelta:
        if COUNT <= now < RESULT:
            return self.night / 2
        return self.day / 2 if ELECTION <= now < COUNT else self.calm / 4


EVERYDAY = Pace(calm=4 * DAY, day=timedelta(hours=4), night=timedelta(minutes=20))
WHOLE = Pace(calm=DAY, day=timedelta(hours=1), night=timedelta(minutes=10))


def play(run: CampaignRun, pace: Pace) -> None:
    """From the first day to the last, with everything that goes wrong."""
    disturb = disturbances(pace)
    run.start()
    run.settle()
    now = START
    while now < END:
        now = next_stop(now, now + pace.step(now))
        what = disturb.pop(0)[1] if disturb and now >= disturb[0][0] else None
        if what is None:
            run.go_to(now)
        else:
            DISTURBANCES[what](run, now)
    assert disturb == []


def next_stop(now: datetime, then: datetime) -> datetime:
    """Phases begin at their instant."""
    return min([then, *(at for at in (ELECTION, COUNT, RESULT) if now < at < then)])


def disturbances(pace: Pace) -> list[tuple[datetime, str]]:
    return [
        (START + 9 * DAY, "kill all"),
        (START + 16 * DAY, "clock forwards"),
        (START + 24 * DAY, "kill child"),
        (START + 30 * DAY, "clock back"),
        (START + 36 * DAY, "stop"),
        (ELECTION + timedelta(hours=5), "kill watch"),
        (COUNT + timedelta(hours=7), "kill all"),
        (RESULT + 6 * DAY, "kill watch"),
    ]


def kill_all(run: CampaignRun, now: datetime) -> None:
    """In the midst of a round: nothing may be lost but time."""
    begin(run, now)
    run.kill(child_too=True)
    run.start()
    run.settle()


def kill_watch(run: CampaignRun, now: datetime) -> None:
    """The child is left alone: it must end by itself and close its jobs."""
    begin(run, now)
    run.kill()
    run.start()
    run.settle()


def kill_child(run: CampaignRun, now: datetime) -> None:
    begin(run, now)
    run.kill_child()
    run.settle()


def stop(run: CampaignRun, now: datetime) -> None:
    begin(run, now)
    assert run.stop() == 0
    run.start()
    run.settle()


def clock_forwards(run: CampaignRun, now: datetime) -> None:
    """By more than a year, and put right again a moment later."""
    run.server.truth = 400 * DAY
    run.go_to(now)
    run.server.truth = timedelta()
    run.go_to(now)


def clock_back(run: CampaignRun, now: datetime) -> None:
    run.server.truth = -20 * DAY
    run.go_to(now)
    run.server.truth = timedelta()
    run.go_to(now)


DISTURBANCES = {
    "kill all": kill_all,
    "kill watch": kill_watch,
    "kill child": kill_child,
    "stop": stop,
    "clock forwards": clock_forwards,
    "clock back": clock_back,
}


def begin(run: CampaignRun, now: datetime) -> None:
    """Set the clock, and wait until the first requests of the round have come."""
    before = len(run.server.asked)
    run.set_clock(now)
    deadline = time.monotonic() + 20
    while len(run.server.asked) < before + 10 and time.monotonic() < deadline:
        time.sleep(0.01)


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


def open_promises(run: CampaignRun) -> tuple[int, int, list[str]]:
    """Jobs, promised addresses, and those without an outcome."""
    reader = ArchiveReader.open(run.archive)
    jobs, promised, left = 0, 0, []
    try:
        for places in reader.jobs_since(START - 365 * DAY):
            opening = reader.read_opening(places.opening)
            jobs += 1
            promised += len(opening.seeds)
            ended = set()
            if places.closing is not None:
                outcomes = reader.read_closing(places.closing).outcomes
                ended = {outcome.n for outcome in outcomes}
            left += [u for n, u in enumerate(opening.seeds) if n not in ended]
    finally:
        reader.close()
    return jobs, promised, left


def check(run: CampaignRun, pace: Pace) -> dict[str, Any]:
    """The bars of the issue, after the last day."""
    assert run.stop() == 0
    expected, lost = missed(run, pace)
    jobs, promised, left = open_promises(run)
    assert expected > 5 * len(run.world.sources)
    assert lost == [], f"{len(lost)} of {expected}"
    assert left == []
    done = run.run("verify", "--json")
    outcome = json.loads(done.stdout)["outcome"]
    assert outcome == "VERIFIED", done.stdout[-3000:]
    return {"changes": expected, "jobs": jobs, "promised": promised}


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_forty_sources_over_sixty_days_lose_no_change(tmp_path: Path) -> None:
    """Coarse steps, for every day: sources are looked at every four days."""
    pace = EVERYDAY
    world = build_world(sources=40, calm=pace.calm)
    with open_campaign(tmp_path, world, **pace.arguments()) as run:
        play(run, pace)
        figures = check(run, pace)
    print(figures)


@pytest.mark.slow
@pytest.mark.timeout(5400)
def test_a_whole_campaign_day_by_day_loses_no_change(tmp_path: Path) -> None:
    """Daily in calm times, hourly on election day, every ten minutes at night."""
    pace = WHOLE
    world = build_world(sources=40, calm=pace.calm)
    with open_campaign(tmp_path, world, **pace.arguments()) as run:
        play(run, pace)
        figures = check(run, pace)
    print(figures)
