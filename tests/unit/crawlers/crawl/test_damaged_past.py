"""What an earlier run left is damaged: it is as if there were nothing; crawls go on."""

from pathlib import Path
from typing import Any, cast

import pytest

from archive.attest.records.job import JobClosing, SeedOutcome
from archive.capture import Capture, SliceLocation
from archive.digest import format_short_id
from archive.store.reading.reader import ArchiveReader
from crawlers.crawl.capturing.memory import ArchiveMemory
from crawlers.crawl.jobs.joblog import JobLog
from crawlers.crawl.jobs.unfinished import find_unfinished
from crawlers.crawl.seam.services import CrawlServices
from crawlers.crawl.standings import read_standings
from crawlers.sources.registry import read_registry
from tests.support.archives.archives import MadeArchive, make_archive, make_exchange
from tests.support.archives.values import opening_of

SOURCE = "viasna"
URI = "http://a.example/"


@pytest.fixture
def made(tmp_path: Path) -> MadeArchive:
    return make_archive(tmp_path)


def cut_job(made: MadeArchive) -> Capture:
    """A job of one source that captured its seed and was stopped, sealed."""
    job_id = format_short_id(made.random_bytes(16))
    with made.open_writer() as writer:
        writer.open_job(
            opening_of((URI,), job_id=job_id, opened_at=made.clock(), source_id=SOURCE)
        ).result()
        exchange = make_exchange(URI, b"<p>x", made, job_id=job_id)
        capture = writer.capture(exchange).result()
        outcome = SeedOutcome(
            n=0, state="captured", captures=(capture.capture_id,), reason=""
        )
        writer.close_job(
            JobClosing(
                job_id=job_id,
                closed_at=made.clock(),
                outcomes=(outcome,),
                signals={"stopped": 1},
                expectations=(),
            )
        ).result()
        writer.rotate()
    return capture


def damage(made: MadeArchive, place: SliceLocation | None) -> None:
    assert place is not None
    segment = made.root / "segments" / place.segment
    data = bytearray(segment.read_bytes())
    data[place.offset_bytes + place.length_bytes // 2] ^= 1
    segment.chmod(0o644)
    segment.write_bytes(data)


@pytest.mark.parametrize("record", ["opening", "closing"])
def test_a_damaged_record_of_the_last_job_stops_no_source(
    made: MadeArchive, record: str
) -> None:
    cut_job(made)
    reader = ArchiveReader.open(made.root)
    ask = {"now": made.clock(), "overrides": True}
    assert find_unfinished(reader, SOURCE, **cast(Any, ask)).captures
    (job,) = reader.jobs.newest(SOURCE, 1)
    damage(made, getattr(job, record))
    found = find_unfinished(reader, SOURCE, **cast(Any, ask))
    assert (dict(found.captures), found.is_unreadable) == ({}, True)
    reader.close()
    sources = {SOURCE: read_registry()[SOURCE]}
    standing = read_standings(made.root, sources, chance=lambda: 0.0, **cast(Any, ask))[
        SOURCE
    ]
    assert standing.last_at == standing.began_at == job.opened_at
    assert standing.cuts == (1 if record == "opening" else 0)


def test_a_damaged_capture_is_recalled_as_nothing_and_counted(
    made: MadeArchive,
) -> None:
    capture = cut_job(made)
    reader = ArchiveReader.open(made.root)
    services = CrawlServices(
        source=read_registry()[SOURCE],
        job_id="j",
        fetcher=cast(Any, None),
        recorder=cast(Any, None),
        log=JobLog(seeds=()),
        memory=ArchiveMemory(reader=reader, clock=made.clock, overrides=True),
    )
    content = services.recall(capture.capture_id)
    assert content is not None
    assert content.body == b"<p>x"
    damage(made, capture.location)
    assert services.recall(capture.capture_id) is None
    assert services.log.signals == {"previous-unreadable": 1}
    reader.close()
