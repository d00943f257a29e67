"""Catalog queries about jobs: where their records lie, whose they are, how they end."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from archive.capture import SliceLocation
from archive.instant import format_instant, parse_instant
from archive.store.catalog.rows import to_place

_COLUMNS = (
    "job_id, source_id, opened_at, segment, offset_bytes, length_bytes, "
    "close_segment, close_offset_bytes, close_length_bytes, leaf"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPlaces:
    """One job as the catalog knows it: its records hold the rest."""

    job_id: str
    leaf: int
    """Entry of its opening."""
    source_id: str | None
    opened_at: datetime
    """When the opening was signed, by the operator's clock."""
    opening: SliceLocation
    closing: SliceLocation | None
    """None while it runs, and after a kill until the next writer closes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRows:
    """Looks into the catalog, and follows for it; one thread."""

    connection: sqlite3.Connection

    def open(
        self, job_id: str, location: SliceLocation, *, leaf: int, facts: "JobFacts"
    ) -> None:
        """A job was opened; its record lies there."""
        self.connection.execute(
            "insert or replace into job "
            "values (?, ?, ?, ?, 0, null, null, null, ?, ?, ?)",
            (
                *(job_id, *to_place(location)),
                *(leaf, facts.source_id, format_instant(facts.opened_at)),
            ),
        )

    def close(self, job_id: str, location: SliceLocation) -> None:
        """A job was closed; its closing record lies there."""
        self.connection.execute(
            "update job set closed = 1, close_segment = ?, close_offset_bytes = ?, "
            "close_length_bytes = ? where job_id = ?",
            (*to_place(location), job_id),
        )

    def move(self, job_id: str, location: SliceLocation) -> None:
        """The opening record of a job lies elsewhere."""
        self.connection.execute(
            "update job set segment = ?, offset_bytes = ?, length_bytes = ? "
            "where job_id = ?",
            (*to_place(location), job_id),
        )

    def unclosed(self) -> list[JobPlaces]:
        """Jobs without a closing, in the order of the segments."""
        return self._select("closed = 0 order by segment, offset_bytes")

    def last(self, source_id: str, limit: int = 1) -> list[JobPlaces]:
        """The newest jobs of a source, newest first, by the order of the log.

        By the log, not by time: clocks are set back.
        """
        return self._select(
            "source_id = ? order by leaf desc limit ?", source_id, limit
        )

    def before(self, source_id: str, moment: datetime) -> JobPlaces | None:
        """The newest job of a source, by the order of the log, opened before a time."""
        where = "source_id = ? and opened_at < ? order by leaf desc limit 1"
        found = self._select(where, source_id, format_instant(moment))
        return next(iter(found), None)

    def find(self, job_id: str) -> JobPlaces | None:
        """The job of that id."""
        return next(iter(self._select("job_id = ?", job_id)), None)

    def since(self, start: datetime) -> list[JobPlaces]:
        """Jobs opened from then on, in the order of the log."""
        return self._select("opened_at >= ? order by leaf", format_instant(start))

    def _select(self, where: str, *values: object) -> list[JobPlaces]:
        # `where` is one of the constants above, never input
        query = f"select {_COLUMNS} from job where {where}"  # noqa: S608
        return [_to_job(row) for row in self.connection.execute(query, values)]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFacts:
    """What a `job-open` statement says of its job."""

    source_id: str | None
    opened_at: datetime


def _to_job(row: Sequence[object]) -> JobPlaces:
    return JobPlaces(
        job_id=str(row[0]),
        leaf=int(str(row[9])),
        source_id=None if row[1] is None else str(row[1]),
        opened_at=parse_instant(str(row[2])),
        opening=_to_location(row[3:6]),
        closing=None if row[6] is None else _to_location(row[6:9]),
    )


def _to_location(columns: Sequence[object]) -> SliceLocation:
    segment, offset, length = columns
    return SliceLocation(
        segment=str(segment),
        offset_bytes=int(str(offset)),
        length_bytes=int(str(length)),
    )
