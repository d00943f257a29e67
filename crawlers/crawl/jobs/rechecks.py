"""Articles to be fetched again at certain ages: so edits and removals are found."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from archive.store.reading.reader import ArchiveReader
from crawlers.engine.request import parse_target
from crawlers.sources.schedule import SeenAddress, recheck_at, right_times
from crawlers.sources.source import Source

RECHECKS = 200
"""Addresses of one run, the longest due first; the others come with the next run."""
ADDRESSES = 20_000
"""Newest addresses of a source that are looked at: a month of a busy outlet."""
JOBS = 10_000
"""Of a source, the newest: a run every five minutes for a month."""
SLACK = timedelta(days=7)
"""So long after its last age an address that was missed is still fetched: sites that
are taken down, and laptops that are put away, come back after days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rechecks:
    """What is due now, and when the first was or will be."""

    due: tuple[str, ...] = ()
    first_at: datetime | None = None
    """When the first of all is due; it may be past."""


NO_RECHECKS = Rechecks()


def find_rechecks(
    reader: ArchiveReader, source: Source, *, now: datetime, overrides: bool
) -> Rechecks:
    """Look the source's new addresses up; its seeds are fetched anyway."""
    ages = source.schedule.recheck
    if not ages:
        return NO_RECHECKS
    jobs = reader.jobs.newest(source.id, JOBS)[::-1]
    right = right_times([job.opened_at for job in jobs], now)
    start = now - max(ages) - SLACK
    leaves = [job.leaf for job, at in zip(jobs, right, strict=True) if at[1] >= start]
    if not leaves:
        return NO_RECHECKS
    clock: dict[str | None, tuple[datetime, datetime]] = {
        job.job_id: at
        for job, at in zip(jobs, right, strict=True)
        if at != (job.opened_at, job.opened_at)
    }
    seeds = {parse_target(seed.url).target_uri for seed in source.seeds}
    times: list[tuple[datetime, str]] = []
    for asked in reader.earlier(overrides=overrides).new_addresses(
        source.id, since_leaf=leaves[0], limit=ADDRESSES
    ):
        seen = SeenAddress(
            uri=asked.target_uri,
            # Where a clock was wrong: rather fetched too often than too early.
            first=clock.get(asked.first.job_id, (asked.first.at,) * 2)[1],
            last=clock.get(asked.answered.job_id, (asked.answered.at,) * 2)[0],
        )
        at = recheck_at(seen, ages)
        if at is None or asked.target_uri in seeds:
            continue
        if asked.last != asked.answered:  # it could not be seen: as often as its list
            last = clock.get(asked.last.job_id, (asked.last.at,) * 2)[0]
            at = max(at, last + source.schedule.every)
        times.append((at, asked.target_uri))
    times.sort()
    return Rechecks(
        due=tuple(uri for at, uri in times[:RECHECKS] if at <= now),
        first_at=times[0][0] if times else None,
    )
