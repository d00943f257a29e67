"""Reading processes that end early, cannot begin, or are interrupted: never a pass."""

import os
import subprocess
import sys

import pytest

from archive.verify.reporting.report import Outcome
from archive.verify.segments import pieces, readers
from archive.verify.whole import folder
from archive.verify.whole.folder import Progress, verify_archive
from tests.support.archives.archives import (
    MadeArchive,
)
from tests.support.programs.inside_reader import (
    PIECE,
    SIDE_BY_SIDE,
    both,
    make_worth_reading,
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> MadeArchive:
    return make_worth_reading(tmp_path_factory.mktemp("readers"))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many small pieces, however small the archive is."""
    monkeypatch.setattr(pieces, "PIECE_BYTES", PIECE)
    monkeypatch.setattr(folder, "count_readers", lambda _bytes: 2)


def start_instead(
    code: str, monkeypatch: pytest.MonkeyPatch
) -> "list[subprocess.Popen[bytes]]":
    """Every reader runs that code instead of its own."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> "subprocess.Popen[bytes]":
        pipe = subprocess.PIPE
        command = [sys.executable, "-I", "-c", code]
        started.append(subprocess.Popen(command, stdin=pipe, stdout=pipe))
        return started[-1]

    monkeypatch.setattr(readers, "_start", start)
    return started


def test_a_killed_reader_is_never_verified(
    made: MadeArchive, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    del small
    start_instead(
        "import os, pickle, sys\n"
        "pickle.dump([], sys.stdout.buffer)\n"
        "sys.stdout.flush()\n"
        "os.kill(os.getpid(), 9)",
        monkeypatch,
    )
    report = both(made)[1]
    assert report.outcome is Outcome.NOT_CHECKED
    assert list(report.of(Outcome.VERIFIED)) == []
    (finding,) = [one for one in report.findings if one.code == "reader-ended"]
    assert (finding.step, finding.subject) == (16, "segments")
    assert "ended by signal 9 before its work; verify again" in finding.detail


def test_a_reader_that_cannot_begin_is_done_without(
    made: MadeArchive, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    del small
    started = start_instead("raise SystemExit(3)", monkeypatch)
    alone, together = both(made)
    assert together == alone
    assert [child.returncode for child in started] == [3, 3]


def test_an_interrupted_verification_leaves_no_process(
    made: MadeArchive, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    del small
    started: list[subprocess.Popen[bytes]] = []
    start = readers._start

    def noted() -> "subprocess.Popen[bytes]":
        started.append(start())
        return started[-1]

    def interrupt(_progress: Progress) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(readers, "_start", noted)
    with pytest.raises(KeyboardInterrupt):
        verify_archive(
            made.root, trust=made.trust(), wishes=SIDE_BY_SIDE, progress=interrupt
        )
    assert len(started) == 2
    for child in started:
        assert child.returncode is not None
        assert child.stdout is not None
        assert child.stdout.closed


def test_where_no_process_can_be_started_one_walk_does_it(
    made: MadeArchive, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    del small

    def refuse() -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(readers, "_start", refuse)
    alone, together = both(made)
    assert together == alone


def test_readers_are_started_for_large_archives_on_several_processors(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: set(range(8)))
    assert readers.count_readers(readers.WORTH_BYTES - 1) == 0
    assert readers.count_readers(readers.WORTH_BYTES) == readers.READERS_MOST
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: {0})
    assert readers.count_readers(1 << 40) == 0
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    assert readers.count_readers(1 << 40) == readers.READERS_MOST
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert readers.count_readers(1 << 40) == 0
