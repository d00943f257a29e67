"""Jobs in the catalog: the last one before a time, however many came since."""

import sqlite3
from datetime import UTC, datetime, timedelta

from archive.capture import SliceLocation
from archive.store.catalog.jobrows import JobFacts, JobRows
from archive.store.catalog.schema import SCHEMA

START = datetime(2025, 1, 26, tzinfo=UTC)


def test_the_last_job_before_a_time_is_found_behind_a_thousand_later_ones() -> None:
    rows = JobRows(connection=sqlite3.connect(":memory:"))
    rows.connection.executescript(SCHEMA)
    for leaf in range(1_000):
        source = "one" if leaf != 1 else "other"
        rows.open(
            f"job-{leaf}",
            SliceLocation(segment="s", offset_bytes=leaf, length_bytes=1),
            leaf=leaf,
            facts=JobFacts(source_id=source, opened_at=START + timedelta(minutes=leaf)),
        )
    found = rows.before("one", START + timedelta(minutes=2))
    assert found is not None
    assert found.job_id == "job-0"
    assert rows.before("one", START) is None
    newest = rows.before("one", START + timedelta(days=9))
    assert newest is not None
    assert newest.job_id == "job-999"
