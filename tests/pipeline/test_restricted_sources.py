"""Sources marked as restricted are kept and not published: by both commands."""

import http.client
import re
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from archive.capture import Capture
from archive.digest import format_short_id
from archive.store.reading.jobs import JobReader
from archive.store.reading.reader import ArchiveReader
from archive.store.reading.restricted import RestrictedSources, says_restricted
from tests.support.archives.archives import (
    MadeArchive,
    close_of,
    make_archive,
    make_exchange,
)
from tests.support.archives.values import opening_of
from tests.support.programs.command import Command

MARKED: Mapping[str, Any] = {"sensitivity": {"restricted": True, "note": "persons"}}
OPEN: Mapping[str, Any] = {"sensitivity": {"restricted": False, "note": None}}
SILENT: Mapping[str, Any] = {}
WAIT_SECONDS = 60


@dataclass
class Publisher:
    """An archive that grows by jobs of sources."""

    made: MadeArchive

    def job(self, source_id: str, description: Mapping[str, Any]) -> Capture:
        """One more job of a source, with one capture."""
        made = self.made
        job_id = format_short_id(made.random_bytes(16))
        uri = f"http://{source_id}.example/{job_id}"
        opening = opening_of(
            (uri,),
            job_id=job_id,
            opened_at=made.clock(),
            source_id=source_id,
            source=description,
        )
        built = make_exchange(uri, uri.encode() * 9, made, job_id=job_id)
        context = replace(built.context, source_id=source_id)
        with made.open_writer() as writer:
            writer.open_job(opening).result()
            capture = writer.capture(replace(built, context=context)).result()
            writer.close_job(close_of(job_id, [capture], made)).result()
        return capture

    def command(self) -> Command:
        home = self.made.root.parent
        return Command(home=home, archive=self.made.root, trust=self.made.trust_folder)


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    return Publisher(made=make_archive(tmp_path))


def status_of(origin: str, path: str) -> int:
    host, _, port = origin.removeprefix("http://").partition(":")
    link = http.client.HTTPConnection("127.0.0.1", int(port), timeout=WAIT_SECONDS)
    with closing(link):
        link.request("GET", path, headers={"Host": f"{host}:{port}"})
        answer = link.getresponse()
        answer.read()
        return answer.status


def test_a_server_shows_no_restricted_source_and_learns_of_new_ones(
    publisher: Publisher,
) -> None:
    shown, hidden = publisher.job("news", OPEN), publisher.job("persons", MARKED)
    process = publisher.command().start(
        *("serve", "--port", "0", "--replay-port", "0", "--no-sweep")
    )
    try:
        assert process.stdout is not None
        first = process.stdout.readline()
        found = re.fullmatch(r"open (http://127\.0\.0\.1:\d+)/\n", first)
        assert found is not None, first
        replay = re.search(r"http://localhost:\d+", process.stdout.readline())
        assert replay is not None
        assert status_of(found[1], f"/c/{shown.short_id}") == 200
        for path in ("/c/{}", "/c/{}/text", "/c/{}/bundle.zip", "/api/v1/captures/{}"):
            assert status_of(found[1], path.format(hidden.short_id)) == 404, path
        assert status_of(replay[0], f"/raw/{hidden.short_id}") == 404
        later = publisher.job("news", MARKED)
        assert status_of(found[1], "/status") == 200
        for capture in (shown, later):
            assert status_of(found[1], f"/c/{capture.short_id}") == 404
    finally:
        process.kill()
        process.communicate(timeout=WAIT_SECONDS)


def test_a_static_copy_holds_nothing_of_a_restricted_source(
    publisher: Publisher,
) -> None:
    shown, hidden = publisher.job("news", OPEN), publisher.job("persons", MARKED)
    target = publisher.made.root.parent / "copy"
    done = publisher.command().run("export", "static", str(target), "--no-bundles")
    assert done.returncode == 0, done.stderr
    assert (target / "c" / shown.short_id).is_dir()
    assert not (target / "c" / hidden.short_id).exists()
    for path in target.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert b"persons" not in data, path
            assert hidden.short_id.encode() not in data, path


def restricted(publisher: Publisher) -> frozenset[str]:
    reader = ArchiveReader.open(publisher.made.root)
    with closing(reader):
        return RestrictedSources(reader).ids()


def test_the_newest_job_that_says_so_decides(publisher: Publisher) -> None:
    publisher.job("persons", MARKED)
    publisher.job("persons", SILENT)
    publisher.job("news", SILENT)
    assert restricted(publisher) == {"persons"}
    publisher.job("persons", OPEN)
    assert restricted(publisher) == frozenset()


def test_one_that_follows_says_what_a_new_one_says(publisher: Publisher) -> None:
    publisher.job("persons", OPEN)
    reader = ArchiveReader.open(publisher.made.root)
    with closing(reader):
        sources = RestrictedSources(reader)
        assert sources.ids() == frozenset()
        for description, expected in (
            (MARKED, {"persons"}),
            (SILENT, {"persons"}),
            (OPEN, set()),
        ):
            publisher.job("persons", description)
            reader.catch_up()
            assert sources.ids() == expected


def test_a_job_record_that_cannot_be_read_restricts_its_source(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher.job("news", OPEN)
    with monkeypatch.context() as altered:
        altered.setattr(JobReader, "read_opening", _fail)
        assert restricted(publisher) == {"news"}
    assert restricted(publisher) == frozenset()


def _fail(*_: object) -> None:
    raise OSError("the disk is gone")


@pytest.mark.parametrize(
    "odd", [None, [], "no", {"restricted": "no"}, {"restricted": None}]
)
def test_a_description_that_cannot_be_understood_restricts(odd: object) -> None:
    assert says_restricted({"sensitivity": odd}) is True
