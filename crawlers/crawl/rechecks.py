"""Articles to be fetched again at certain ages: so edits and removals are found."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from archive.store.reader import ArchiveReader
from crawlers.engine.request import parse_target
from crawlers.sources.schedule import SeenAddress, recheck_at
from crawlers.sources.source import Source

RECHECKS = 200
"""Addresses of one run, the longest due first; the others come with the next run."""
ADDRESSES = 20_000
"""Newest addresses of a source that are looked at: a month of a busy outlet."""
SLACK = timedelta(days=2)
"""So long after its last age an address that was missed is still fetched."""


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
    seeds = {parse_target(seed.url).target_uri for seed in source.seeds}
    found = reader.earlier(overrides=overrides).new_addresses(
        source.id, since=now - max(ages) - SLACK, limit=ADDRESSES
    )
    times: list[tuple[datetime, str]] = []
    for asked in found:
        seen = SeenAddress(uri=asked.target_uri, first=asked.first, last=asked.last)
        at = recheck_at(seen, ages)
        if at is not None and asked.target_uri not in seeds:
            times.append((at, asked.target_uri))
    times.sort()
    return Rechecks(
        due=tuple(uri for at, uri in times[:RECHECKS] if at <= now),
        first_at=times[0][0] if times else None,
    )
