"""`index --follow`: what was captured meanwhile is found, and a stop loses nothing."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from click.testing import CliRunner

from archive.capture import CaptureOutcome
from archive.errors import SearchUnavailable
from search.cli import index
from search.indexing.following import Follower
from tests.support.archives.search_archive import ArchiveBox


def failure(box: ArchiveBox, name: str) -> None:
    """A capture that needs no extractor."""
    box.capture(box.exchange(f"https://{name}.example/", outcome=CaptureOutcome.DNS))


def when(done: Callable[[], bool], then: Callable[[], None]) -> threading.Thread:
    """Do something as soon as something is so."""

    def watch() -> None:
        end = time.monotonic() + 20
        while not done() and time.monotonic() < end:
            time.sleep(0.02)
        then()

    thread = threading.Thread(target=watch)
    thread.start()
    return thread


def test_what_is_captured_meanwhile_is_found_until_it_is_told_to_stop(
    new_archive: Callable[[], ArchiveBox], monkeypatch: pytest.MonkeyPatch
) -> None:
    box = new_archive()
    monkeypatch.setattr("search.cli.LOOK_SECONDS", 0.05)
    failure(box, "first")

    def found(name: str) -> bool:
        try:
            return box.service().search(f"{name}.example").total == 1
        except SearchUnavailable:
            return False

    threads = [
        when(lambda: found("first"), lambda: failure(box, "second")),
        when(
            lambda: found("first") and found("second"),
            lambda: os.kill(os.getpid(), signal.SIGTERM),
        ),
    ]
    before = signal.getsignal(signal.SIGTERM)
    answer = CliRunner().invoke(
        index, ["--follow", "--json"], obj=box.context, catch_exceptions=False
    )
    for thread in threads:
        thread.join()
    assert answer.exit_code == 0
    lines = [json.loads(line) for line in answer.output.splitlines()]
    assert [one["captures_added"] for one in lines if one["captures_added"]] == [1, 1]
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_run_that_is_told_to_stop_keeps_what_was_stored(
    new_archive: Callable[[], ArchiveBox], monkeypatch: pytest.MonkeyPatch
) -> None:
    box = new_archive()
    monkeypatch.setattr("search.indexing.batch.COMMIT_CAPTURES", 5)
    names = [f"https://n{number}.example/" for number in range(12)]
    box.capture(*(box.exchange(name, outcome=CaptureOutcome.DNS) for name in names))
    kept: list[int] = []

    def progress(count: int) -> None:
        kept.append(count)
        if count == 11:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr("search.cli._progress", progress)
    CliRunner().invoke(index, ["--follow"], obj=box.context, catch_exceptions=False)
    monkeypatch.undo()
    assert kept[-1] == 11
    assert box.index().captures_added == 2


def test_a_run_that_fails_is_told_once_and_made_again() -> None:
    steps: Iterator[int | None] = iter([None, None, 5])
    told: list[str] = []

    def run() -> int:
        step = next(steps)
        if step is None:
            raise SearchUnavailable("no cluster")
        follower.stop()
        return step

    follower = Follower(run=run, position=lambda: 5, tell=told.append)
    follower.follow(0.001)
    assert told == ["no cluster"]
    assert next(steps, "all were made") == "all were made"
