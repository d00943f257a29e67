"""A job's look back: each host is asked once whether the archive holds any of it."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from archive.capture import ExchangeContext
from archive.store.reading.reader import ArchiveReader
from crawlers.crawl.capturing.memory import ArchiveMemory
from tests.support.archives.archives import (
    MadeArchive,
    fill,
    make_archive,
    make_exchange,
)


@pytest.fixture
def made(tmp_path: Path) -> MadeArchive:
    made = make_archive(tmp_path)
    with made.open_writer() as writer:
        fill(writer, made, 3)
    return made


def test_what_is_there_is_found_and_hosts_like_it_hold_nothing(
    made: MadeArchive,
) -> None:
    reader = ArchiveReader.open(made.root)
    memory = ArchiveMemory(reader=reader, clock=made.clock, overrides=True).of_job()
    later = made.clock() + timedelta(days=1)
    captures = [one for one in reader.captures() if one.kind == "capture"]
    for capture in captures:
        found = memory.newest(capture.target_uri, before=later)
        assert found is not None
        assert found.capture_id == capture.capture_id
    scheme, rest = captures[0].target_uri.split("://")
    host = rest.split("/")[0]
    earlier = reader.earlier(overrides=True)
    assert earlier.holds_origin(f"{scheme}://{host}")
    for other in (f"x{host}", f"{host}x", f"{host}:8080", host[:-1], f"{host}0"):
        assert not earlier.holds_origin(f"{scheme}://{other}")
        assert memory.newest(f"{scheme}://{other}/", before=later) is None
    reader.close()


def test_a_job_keeps_what_it_was_told_and_the_next_one_asks_anew(
    tmp_path: Path,
) -> None:
    made = make_archive(tmp_path)
    reader = ArchiveReader.open(made.root)
    memory = ArchiveMemory(reader=reader, clock=made.clock, overrides=True)
    job = memory.of_job()
    later = made.clock() + timedelta(days=1)
    with made.open_writer() as writer:
        assert job.newest("http://a.example/", before=later) is None
        captures = fill(writer, made, 3)
    reader.catch_up()
    uri = captures[-1].target_uri
    assert job.newest(uri, before=later) is None
    assert memory.of_job().newest(uri, before=later) is not None
    reader.close()


def test_bytes_of_a_day_are_those_captured_in_it_whenever_their_job_began(
    tmp_path: Path,
) -> None:
    made = make_archive(tmp_path)
    ages = (timedelta(hours=25), timedelta(hours=23), timedelta(hours=1))
    now = made.clock() + timedelta(days=2)
    context = ExchangeContext(job_id="a" * 26, source_id="outlet")
    other = replace(context, source_id="another")
    with made.open_writer() as writer:
        taken = [
            writer.capture(
                replace(
                    make_exchange("http://a.example/", b"text" * 99, made),
                    started_at=now - age,
                    context=whose,
                )
            ).result()
            for whose in (context, other)
            for age in ages
        ]
    reader = ArchiveReader.open(made.root)
    memory = ArchiveMemory(reader=reader, clock=lambda: now, overrides=True)
    counted = sum(capture.location.length_bytes for capture in taken[1:3])
    assert memory.bytes_of_day("outlet") == counted
    reader.close()
