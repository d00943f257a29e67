"""`watch --index`: a child indexes, ends with the watch, and is missed if it ends."""

import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from archive.capture import CaptureOutcome
from crawlers.beside import arguments_of, index_beside
from tests.support.archives.search_archive import ArchiveBox, make_box

SECONDS = 60


@pytest.fixture
def box(tmp_path: Path) -> ArchiveBox:
    made = make_box(tmp_path)
    made.capture(made.exchange("https://a.example/", outcome=CaptureOutcome.DNS))
    return made


def until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not done():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_what_is_captured_is_indexed_beside_a_watch_and_by_nobody_behind_it(
    box: ArchiveBox,
) -> None:
    told: list[str] = []
    current = box.root / "index" / "CURRENT"
    with index_beside(box.context, told.append) as child:
        until(current.is_file)
        assert child.poll() is None
    assert child.returncode == 0
    assert box.service().search("a.example").total == 1
    with index_beside(box.context, told.append) as child:
        child.send_signal(signal.SIGKILL)
        until(lambda: bool(told))
    assert told == ["the indexer ended with exit code -9; captures go on"]


def test_a_watch_that_was_killed_leaves_no_indexer_behind(box: ArchiveBox) -> None:
    told: list[str] = []
    with index_beside(box.context, told.append) as child:
        assert child.stdin is not None
        child.stdin.close()
        until(lambda: child.poll() is not None)


def test_the_indexer_is_told_of_everything_that_was_named(box: ArchiveBox) -> None:
    named = replace(box.context, settings_file=Path("s.toml"))
    assert arguments_of(named) == [
        *("--archive", str(box.context.archive)),
        *("--keys", str(box.context.keys_folder)),
        *("--trust", str(box.context.trust_folder)),
        *("--settings", "s.toml"),
    ]
