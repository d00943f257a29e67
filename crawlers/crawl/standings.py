"""What ran last, read from the signed job records: a watch has no other memory."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from archive.errors import EvidenceError
from archive.store.catalog.jobrows import JobPlaces
from archive.store.reading.reader import ArchiveReader
from crawlers.crawl.jobs.rechecks import find_rechecks
from crawlers.crawl.jobs.unfinished import UNFINISHED_SIGNALS
from crawlers.sources.schedule import Standing
from crawlers.sources.source import Source

LOOKED_BACK = 50
"""Jobs of a source that are read to find the last one from its seeds, and to count how
many in a row were cut short."""


def read_standings(
    archive: Path,
    sources: Mapping[str, Source],
    *,
    now: datetime,
    chance: Callable[[], float],
    overrides: bool,
) -> dict[str, Standing]:
    """What the archive says of each source's last runs; `chance` draws from [0, 1)."""
    reader = ArchiveReader.open(archive)
    found: dict[str, Standing] = {}
    try:
        for source_id, source in sources.items():
            standing = _standing(reader, source_id, chance=chance())
            rechecks = find_rechecks(reader, source, now=now, overrides=overrides)
            found[source_id] = replace(standing, recheck_at=rechecks.first_at)
    finally:
        reader.close()
    return found


def _standing(reader: ArchiveReader, source_id: str, *, chance: float) -> Standing:
    jobs = reader.jobs.newest(source_id, LOOKED_BACK)
    uncut = (number for number, job in enumerate(jobs) if not _was_cut(reader, job))
    full = (job for job in jobs if not _is_for_rechecks(reader, job))
    began_at = next((job.opened_at for job in full), None)
    last_at = jobs[0].opened_at if jobs else None
    cuts = next(uncut, len(jobs))
    return Standing(began_at=began_at, last_at=last_at, cuts=cuts, chance=chance)


def _was_cut(reader: ArchiveReader, job: JobPlaces) -> bool:
    """Whether it did not come to its end; damaged records say nothing of the kind."""
    if job.closing is None:
        return True
    try:
        signals = reader.jobs.read_closing(job.closing).signals
    except EvidenceError:  # `verify` says what is wrong; watching goes on
        return False
    return not UNFINISHED_SIGNALS.isdisjoint(signals)


def _is_for_rechecks(reader: ArchiveReader, job: JobPlaces) -> bool:
    try:
        turn = reader.jobs.read_opening(job.opening).source.get("turn")
    except EvidenceError:
        return False
    return isinstance(turn, dict) and turn.get("rechecks_only") is True
