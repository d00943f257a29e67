"""Jobs of an archive: the catalog says where their records lie, these what they say."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from threading import RLock

from archive.attest.records.job import (
    JOB_LIMIT_BYTES,
    JobClosing,
    JobOpening,
    parse_job_close,
    parse_job_open,
)
from archive.capture import SliceLocation
from archive.store.catalog.catalog import Catalog
from archive.store.catalog.jobrows import JobPlaces
from archive.store.segments.segment import open_slice
from archive.warc.reading import read_block


class JobReader:
    """The jobs of one archive; thread-safe by the lock of its catalog.

    `catalog` gives the one of now: on read-only media another takes its place.
    """

    def __init__(
        self, catalog: Callable[[], Catalog], lock: RLock, segments: Path
    ) -> None:
        self._catalog = catalog
        self._lock = lock
        self._segments = segments

    def has_unclosed(self) -> bool:
        """Whether there is a job that was opened and never closed."""
        with self._lock:
            return bool(self._catalog().jobs.unclosed())

    def unclosed(self) -> list[JobOpening]:
        """Jobs that were opened and never closed: running, or killed."""
        with self._lock:
            jobs = self._catalog().jobs.unclosed()
        return [self.read_opening(job.opening) for job in jobs]

    def last(self, source_id: str) -> tuple[JobOpening, JobClosing] | None:
        """The last job of a source; None if there is none, or it was never closed."""
        jobs = self.newest(source_id, 1)
        if not jobs or jobs[0].closing is None:
            return None
        return self.read_opening(jobs[0].opening), self.read_closing(jobs[0].closing)

    def newest(self, source_id: str, limit: int) -> list[JobPlaces]:
        """The newest jobs of a source, newest first, by the order of the log."""
        with self._lock:
            return self._catalog().jobs.last(source_id, limit)

    def since(self, start: datetime) -> list[JobPlaces]:
        """Jobs opened from then on by the operator's clock, in the order of the log."""
        with self._lock:
            return self._catalog().jobs.since(start)

    def closing_of(self, job_id: str) -> JobClosing | None:
        """How a job ended; None while it runs, and for a job that is not here."""
        with self._lock:
            job = self._catalog().jobs.find(job_id)
        return self.read_closing(job.closing) if job and job.closing else None

    def read_opening(self, place: SliceLocation) -> JobOpening:
        """What a job promised."""
        return parse_job_open(self._read_block(place))[0]

    def read_closing(self, place: SliceLocation) -> JobClosing:
        """How a job ended."""
        return parse_job_close(self._read_block(place))

    def _read_block(self, place: SliceLocation) -> bytes:
        with open_slice(self._segments, place) as stream:
            return read_block(stream, start=0, limit_bytes=JOB_LIMIT_BYTES).kept
