"""One writer per archive: the second ends at once and changes nothing."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from multiprocessing.synchronize import Barrier, Event
from pathlib import Path

import pytest

from archive.errors import ArchiveLocked
from archive.store.reading.reader import ArchiveReader
from archive.verify.reporting.report import Outcome
from archive.verify.whole.folder import verify_archive
from tests.support.archives.archives import MadeArchive, make_archive, make_exchange
from tests.support.judging.sweeps import rounds

SECONDS = 2.0
"""Within this time the second writer hears that there is a first one."""
FORK = multiprocessing.get_context("fork")


@pytest.fixture
def made(tmp_path: Path) -> MadeArchive:
    archive = make_archive(tmp_path)
    archive.fill(1)
    ArchiveReader.open(archive.root).close()
    return archive


def contents(root: Path) -> dict[str, tuple[int, int, bytes]]:
    """Mode, time of change and bytes of everything."""
    return {
        path.relative_to(root).as_posix(): (
            path.stat().st_mode,
            path.stat().st_mtime_ns,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in sorted(root.rglob("*"))
    }


def race(made: MadeArchive, start: Barrier, done: Event) -> None:
    """Open at the same moment as another; the winner holds on until told."""
    start.wait(20)
    began = time.monotonic()
    try:
        writer = made.open_writer()
    except ArchiveLocked:
        os._exit(6 if time.monotonic() - began <= SECONDS else 99)
    done.wait(20)
    writer.close()
    os._exit(0)


def run_race(made: MadeArchive) -> None:
    start, done = FORK.Barrier(2), FORK.Event()
    racers = [FORK.Process(target=race, args=(made, start, done)) for _ in range(2)]
    for racer in racers:
        racer.start()
    while all(racer.is_alive() for racer in racers):
        time.sleep(0.005)
    before = contents(made.root)  # the loser has ended, the winner waits
    done.set()
    for racer in racers:
        racer.join(20)
    assert sorted(racer.exitcode or 0 for racer in racers) == [0, 6]
    assert contents(made.root) == before


def test_R23_of_two_raced_starts_one_wins_and_nothing_changes(
    made: MadeArchive,
) -> None:
    for _ in range(20):
        run_race(made)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_R23_of_many_raced_starts_one_wins_and_nothing_changes(
    made: MadeArchive,
) -> None:
    for _ in range(rounds(sampled=250, full=500)):
        run_race(made)


def test_R23_the_lock_of_a_killed_writer_is_free(made: MadeArchive) -> None:
    held = FORK.Event()

    def hold() -> None:
        made.open_writer()
        held.set()
        signal.pause()

    holder = FORK.Process(target=hold)
    holder.start()
    assert held.wait(20)
    with pytest.raises(ArchiveLocked, match="another process is writing"):
        made.open_writer()
    holder.kill()
    holder.join(20)
    made.open_writer().close()
    assert (made.root / "lock").read_bytes() == b""


def test_a_glance_of_verify_does_not_turn_a_writer_away(made: MadeArchive) -> None:
    ending = threading.Event()
    outcomes: list[Outcome] = []

    def verify_again_and_again() -> None:
        while not ending.is_set():
            outcomes.append(verify_archive(made.root, trust=made.trust()).outcome)

    verifier = threading.Thread(target=verify_again_and_again)
    verifier.start()
    opened = 0
    try:
        while opened < 20 or len(outcomes) < 3:
            assert verifier.is_alive()
            made.open_writer().close()
            opened += 1
    finally:
        ending.set()
        verifier.join()
    assert set(outcomes) <= {Outcome.VERIFIED, Outcome.NOT_CHECKED}


def capture_many(made: MadeArchive, writers: int, captures: int) -> None:
    """Many threads hand in at once; every capture is whole and there once."""
    with made.open_writer() as writer:

        def hand_in(number: int) -> None:
            for n in range(captures):
                uri = f"http://{number}.example/{n}"
                writer.capture(make_exchange(uri, uri.encode() * 9, made)).result(20)

        threads = [
            threading.Thread(target=hand_in, args=(number,))
            for number in range(writers)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    report = verify_archive(made.root, trust=made.trust())
    assert report.outcome is Outcome.VERIFIED, list(report.of(Outcome.FAILED))
    reader = ArchiveReader.open(made.root)
    uris = [capture.target_uri for capture in reader.captures()]
    reader.close()
    assert len(uris) == len(set(uris)) == writers * captures + 1


Capture = Callable[[MadeArchive, int, int], None]


def test_R22_many_threads_of_one_process_interleave_nothing(made: MadeArchive) -> None:
    capture_many(made, 8, 25)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_R22_many_runs_of_many_threads_interleave_nothing(tmp_path: Path) -> None:
    for number in range(rounds(sampled=150, full=1000)):
        folder = tmp_path / str(number)
        folder.mkdir()
        made = make_archive(folder)
        made.fill(1)
        capture_many(made, 4, 2)
