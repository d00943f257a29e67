"""What runs hang at is not read again, so that a source goes on past it."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy.http import Request

from archive.attest.records.job import JobClosing, SeedOutcome
from archive.capture import Capture
from archive.digest import format_short_id
from archive.store.reading.reader import ArchiveReader
from crawlers.crawl.jobs.joblog import JobLog
from crawlers.crawl.jobs.unfinished import (
    RESUMES_KEY,
    UNREAD,
    UNREAD_FACTOR,
    Unfinished,
    find_unfinished,
)
from crawlers.crawl.seam.middleware import NOT_READ_AGAIN, TakeOver
from crawlers.crawl.seam.services import RequestRefused
from tests.support.archives.archives import MadeArchive, make_archive, make_exchange
from tests.support.archives.values import opening_of

SOURCE = "viasna"
SEED = "http://a.example/0"


@pytest.fixture
def made(tmp_path: Path) -> MadeArchive:
    return make_archive(tmp_path)


class Runs:
    """Runs of one source, each going on with those before it."""

    def __init__(self, made: MadeArchive) -> None:
        self._made = made
        self._jobs: list[str] = []
        self.captures: list[Capture] = []

    def add(self, pages: int, **signals: int) -> Unfinished:
        """One more run with so many pages; what the next one is told."""
        made, job_id = self._made, format_short_id(self._made.random_bytes(16))
        opening = opening_of(
            (SEED,), job_id=job_id, opened_at=made.clock(), source_id=SOURCE
        )
        first = len(self.captures)
        with made.open_writer() as writer:
            writer.open_job(
                replace(opening, source={RESUMES_KEY: list(self._jobs)})
            ).result()
            for number in range(first, first + pages):
                uri = f"http://a.example/{number}"
                exchange = make_exchange(uri, b"<p>x", made, job_id=job_id)
                self.captures.append(writer.capture(exchange).result())
            outcome = SeedOutcome(n=0, state="not-reached", captures=(), reason="x")
            writer.close_job(
                JobClosing(
                    job_id=job_id,
                    closed_at=made.clock(),
                    outcomes=(outcome,),
                    signals=signals,
                    expectations=(),
                )
            ).result()
        self._jobs.append(job_id)
        reader = ArchiveReader.open(made.root)
        try:
            return find_unfinished(reader, SOURCE, now=made.clock(), overrides=False)
        finally:
            reader.close()


def test_from_the_second_run_that_hung_the_pages_captured_last_are_not_read_again(
    made: MadeArchive,
) -> None:
    runs = Runs(made)
    first = runs.add(UNREAD + 4, killed=1, stuck=1)
    assert len(first.captures) == UNREAD + 4
    assert first.unread == frozenset(), "it may have been a source beside it"
    second = runs.add(2, killed=1, stuck=1)
    ids = [capture.capture_id for capture in runs.captures]
    assert second.unread == frozenset(ids[-UNREAD:])
    assert runs.add(1, killed=1).unread == frozenset(ids[-UNREAD + 1 :]) | {
        runs.captures[-1].capture_id
    }
    assert len(runs.captures) < UNREAD * UNREAD_FACTOR
    third = runs.add(0, killed=1, stuck=1)
    assert third.unread == {capture.capture_id for capture in runs.captures}


def test_runs_that_were_only_killed_are_read_again(made: MadeArchive) -> None:
    runs = Runs(made)
    runs.add(2, killed=1)
    assert runs.add(1, killed=1).unread == frozenset()


def test_what_is_not_read_again_is_neither_asked_for_nor_shown_to_the_spider(
    made: MadeArchive,
) -> None:
    runs = Runs(made)
    runs.add(1, killed=1)
    (capture,) = runs.captures
    log = JobLog(seeds=())
    services: Any = SimpleNamespace(
        unfinished=Unfinished(
            captures={capture.target_uri: capture},
            unread=frozenset({capture.capture_id}),
        ),
        log=log,
    )
    with pytest.raises(RequestRefused):
        TakeOver(services).process_request(Request(capture.target_uri))
    assert log.signals == {NOT_READ_AGAIN: 1}
    assert log.taken_over == 0
