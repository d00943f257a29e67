"""Catalog queries about what came before: for reports over a span of time."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from archive.capture import Capture
from archive.store.catalog.jobrows import JobPlaces, JobRows
from archive.store.catalog.rows import CAPTURE_COLUMNS, NO_SAMPLE, to_capture

_CONTENT: Final = (
    f"kind = 'capture' and outcome = 'complete' and http_status = 200 and {NO_SAMPLE} "
)
_BEFORE: Final = (
    f"select {CAPTURE_COLUMNS} from capture where {_CONTENT}"  # noqa: S608  fixed
    "and target_uri = ? and leaf < ? order by leaf desc limit 1"
)
_FILES: Final = (
    f"select {CAPTURE_COLUMNS} from capture where {_CONTENT}"  # noqa: S608  fixed
    "and source_id = ? and leaf < ? and refers_to is null and role = 'page' "
    "and media_type is not null and media_type not like 'text/%' "
    "and media_type not like 'application/xhtml%' order by leaf desc limit ?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Looks into the catalog; one thread."""

    connection: sqlite3.Connection

    def content_before(self, target_uri: str, leaf: int) -> Capture | None:
        """The last capture that held the content of an address, before an entry."""
        row = self.connection.execute(_BEFORE, (target_uri, leaf)).fetchone()
        return None if row is None else to_capture(row)

    def files_before(self, source_id: str, leaf: int, limit: int) -> list[Capture]:
        """Files of a source that were captured before an entry, newest first."""
        rows = self.connection.execute(_FILES, (source_id, leaf, limit))
        return [to_capture(row) for row in rows]

    def source_ids(self) -> list[str]:
        """All sources that had a job."""
        rows = self.connection.execute(
            "select distinct source_id from job where source_id is not null order by 1"
        )
        return [str(source_id) for (source_id,) in rows]

    def newest_jobs(self) -> dict[str, int]:
        """Entry of the newest job of each source that had one."""
        rows = self.connection.execute(
            "select source_id, max(leaf) from job where source_id is not null "
            "group by source_id"
        )
        return {str(source_id): int(leaf) for source_id, leaf in rows}

    def job_before(self, source_id: str, moment: datetime) -> JobPlaces | None:
        """The newest job of a source that was opened before a time, by its clock."""
        return JobRows(connection=self.connection).before(source_id, moment)
