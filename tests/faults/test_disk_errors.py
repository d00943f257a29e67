"""A failed sync, a full disk, no memory, no descriptors: what the writer does then."""

import errno
import os
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from archive.capture import Capture
from archive.digest import Digest
from archive.errors import FormatError, StoreError
from archive.files import Files
from archive.store.reading.reader import ArchiveReader
from archive.store.writing.writer import ArchiveWriter
from archive.verify.reporting.report import Outcome
from archive.verify.whole.folder import verify_archive
from tests.support.archives.archives import (
    FixedRandom,
    MadeArchive,
    make_archive,
    make_exchange,
    put_back_head,
)
from tests.support.disk.call_sweep import open_writer
from tests.support.disk.folders import open_segment

MEBIBYTE = 1 << 20
WAIT_SECONDS = 20
"""No future may hang: waiting longer fails the test."""


class FailingSync(Files):
    """Notes every call; the next sync of a file whose name ends so fails, once."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self.failing = ""

    def step(self, name: str, path: Path, act: Callable[[], None]) -> None:
        self.calls.append((name, path.name))
        if name == "sync" and self.failing and path.name.endswith(self.failing):
            self.failing = ""
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        act()


class SmallDisk(Files):
    """Says how much is free."""

    free_bytes = 1 << 40

    def space(self, folder: Path) -> tuple[int, int]:
        return self.free_bytes, 100 * MEBIBYTE


@pytest.fixture
def made(tmp_path: Path) -> MadeArchive:
    archive = make_archive(tmp_path)
    archive.fill(2)
    return archive


def submit(
    writer: ArchiveWriter, made: MadeArchive, *, body: bytes = b"<p>x"
) -> "Future[Capture]":
    return writer.capture(make_exchange("http://a.example/new", body, made))


def captures_in(made: MadeArchive) -> set[str]:
    reader = ArchiveReader.open(made.root)
    try:
        found = list(reader.captures())
        for capture in found:
            with reader.open_slice(capture) as stream:
                assert Digest.of_stream(stream).hex == capture.capture_id
        return {capture.capture_id for capture in found}
    finally:
        reader.close()


def assert_verified(made: MadeArchive) -> None:
    report = verify_archive(made.root, trust=made.trust())
    assert report.outcome is Outcome.VERIFIED, list(report.of(Outcome.FAILED))


@pytest.mark.parametrize("failing", [".batch", ".open"])
def test_R4_after_a_failed_sync_nothing_is_acknowledged_or_signed(
    made: MadeArchive, failing: str
) -> None:
    files = FailingSync()
    checkpoint = (made.root / "log" / "checkpoint").read_bytes()
    with open_writer(made, files) as writer:
        files.failing = failing
        with pytest.raises(StoreError, match="nothing that was acknowledged is lost"):
            submit(writer, made).result(WAIT_SECONDS)
        synced = len(files.calls)
        for call in (writer.checkpoint, writer.rotate):
            with pytest.raises(StoreError, match="Input/output error"):
                call()
        with pytest.raises(StoreError):
            submit(writer, made).result(WAIT_SECONDS)
    assert files.calls[synced:] == [], "the disk was touched after the error"
    assert (made.root / "log" / "checkpoint").read_bytes() == checkpoint


@pytest.mark.parametrize("failing", [".batch", ".open"])
def test_R4_what_a_failed_sync_left_is_written_again_before_it_counts(
    made: MadeArchive, failing: str
) -> None:
    files = FailingSync()
    known = captures_in(made)
    settled = open_segment(made.root).stat().st_size
    with open_writer(made, files) as writer:
        files.failing = failing
        with pytest.raises(StoreError):
            submit(writer, made).result(WAIT_SECONDS)
    (redo,) = (made.root / "spool").glob("*.batch")
    suspect, before = redo.stat().st_ino, redo.read_bytes()
    made.random_bytes = FixedRandom(seed="later")
    files.calls.clear()

    open_writer(made, files).close()

    assert redo.stat().st_ino != suspect, "the redo file is a new file"
    assert redo.read_bytes() == before
    steps = [(name, path) for name, path in files.calls if path.endswith(".open")]
    assert [name for name, _ in steps[:4]] == ["truncate", "sync", "open", "sync"]
    assert open_segment(made.root).stat().st_size > settled
    assert known < captures_in(made)
    assert_verified(made)


def test_R4_after_a_clean_end_nothing_is_written_again(made: MadeArchive) -> None:
    files = FailingSync()
    (redo,) = (made.root / "spool").glob("*.batch")
    before = redo.stat().st_ino
    open_writer(made, files).close()
    assert redo.stat().st_ino == before
    assert {name for name, _ in files.calls} <= {"open", "sync-folder"}


def test_R4_a_background_checkpoint_that_fails_is_told_at_the_end(
    made: MadeArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive.store.writing.writer.CHECKPOINT_SECONDS", 0.01)
    files = FailingSync()
    files.failing = ".unfinished"
    writer = open_writer(made, files)
    capture = submit(writer, made).result(WAIT_SECONDS)
    told, error = fill_up(writer, made)
    assert "Input/output error" in str(error)
    writer.close()
    made.random_bytes = FixedRandom(seed="later")
    made.open_writer().close()
    assert {capture.capture_id, *told} <= captures_in(made)
    assert_verified(made)


def test_a_writer_that_broke_unheard_says_so_when_it_is_closed(
    made: MadeArchive,
) -> None:
    files = FailingSync()
    writer = open_writer(made, files)
    submit(writer, made).result(WAIT_SECONDS)
    files.failing = ".unfinished"
    with pytest.raises(StoreError, match="Input/output error"):
        writer.close()
    made.random_bytes = FixedRandom(seed="later")
    made.open_writer().close()  # the lock was given back
    assert_verified(made)


def test_R2_below_the_reserve_nothing_is_acknowledged_and_it_resumes(
    made: MadeArchive,
) -> None:
    disk = SmallDisk()
    before = captures_in(made)
    with open_writer(made, disk) as writer:
        disk.free_bytes = 5 * MEBIBYTE
        written = open_segment(made.root).read_bytes()
        with pytest.raises(StoreError) as full:
            submit(writer, made).result(WAIT_SECONDS)
        assert open_segment(made.root).read_bytes() == written
        disk.free_bytes = 6 * MEBIBYTE
        capture = submit(writer, made).result(WAIT_SECONDS)
    assert full.value.exit_code == 6
    assert f"the disk of {made.root} is full" in str(full.value)
    assert "free 1 MiB there" in str(full.value)
    assert captures_in(made) == {*before, capture.capture_id}
    assert_verified(made)


def test_R2_the_reserve_may_be_a_number_of_bytes(made: MadeArchive) -> None:
    disk = SmallDisk()
    with open_writer(made, disk, reserve_bytes=50 * MEBIBYTE) as writer:
        disk.free_bytes = 50 * MEBIBYTE
        with pytest.raises(StoreError, match="50 MiB of them are kept in reserve"):
            submit(writer, made).result(WAIT_SECONDS)
        disk.free_bytes = 51 * MEBIBYTE
        submit(writer, made).result(WAIT_SECONDS)


def test_R2_a_large_capture_is_refused_before_it_touches_the_reserve(
    made: MadeArchive,
) -> None:
    disk = SmallDisk()
    with open_writer(made, disk) as writer:
        disk.free_bytes = 8 * MEBIBYTE
        with pytest.raises(StoreError, match="is full"):
            submit(writer, made, body=os.urandom(2 * MEBIBYTE)).result(WAIT_SECONDS)
        submit(writer, made).result(WAIT_SECONDS)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB; the test may make it larger."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = mount(folder, size_mebibytes=4)
    if done.returncode != 0:
        pytest.skip("permission: no file system may be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def mount(
    folder: Path, *, size_mebibytes: int, change: bool = False
) -> "subprocess.CompletedProcess[bytes]":
    options = f"size={size_mebibytes}m,mode=700" + (",remount" if change else "")
    command = ["mount", "-t", "tmpfs", "-o", options, "none", str(folder)]
    return subprocess.run(command, capture_output=True, check=False)


def fill_up(writer: ArchiveWriter, made: MadeArchive) -> tuple[set[str], StoreError]:
    """Capture until there is no room; what was acknowledged, and what was said."""
    told: set[str] = set()
    for _ in range(1000):
        try:
            capture = submit(writer, made, body=os.urandom(1 << 16)).result(20)
        except StoreError as error:
            return told, error
        told.add(capture.capture_id)
    raise AssertionError("a small disk takes no thousand captures")


def test_S11_a_disk_that_fills_up_loses_nothing_and_the_same_writer_goes_on(
    small_disk: Path,
) -> None:
    made = make_archive(small_disk)
    with open_writer(made, Files(), reserve_bytes=MEBIBYTE) as writer:
        told, error = fill_up(writer, made)
        assert told
        assert "is full" in str(error)
        mount(small_disk, size_mebibytes=16, change=True)
        told.add(submit(writer, made).result(WAIT_SECONDS).capture_id)
    assert captures_in(made) == told
    assert_verified(made)


def test_S11_without_a_reserve_a_write_that_fails_half_way_loses_nothing(
    small_disk: Path,
) -> None:
    made = make_archive(small_disk)
    with open_writer(made, SmallDisk()) as writer:  # it says that there is room
        told, error = fill_up(writer, made)
        assert told
        assert "No space left on device; free space there" in str(error)
    with pytest.raises(StoreError, match="No space left"):
        made.open_writer()
    mount(small_disk, size_mebibytes=16, change=True)
    made.random_bytes = FixedRandom(seed="later")
    made.open_writer().close()
    assert told <= captures_in(made)
    assert_verified(made)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(errno.EMFILE, "Too many open files"), StoreError),
        (MemoryError(), StoreError),
        (FormatError("too large"), FormatError),
    ],
)
def test_R26_what_cannot_be_built_fails_alone(
    made: MadeArchive, error: BaseException, told: type[Exception]
) -> None:
    class Broken:
        length_bytes = 4

        def open(self) -> NoReturn:
            raise error

        def close(self) -> None:
            """Nothing to give back."""

    before = captures_in(made)
    with made.open_writer() as writer:
        exchange = make_exchange("http://a.example/bad", b"body", made)
        bad = writer.capture(replace(exchange, response=Broken()))
        good = submit(writer, made)
        with pytest.raises(told):
            bad.result(WAIT_SECONDS)
        capture = good.result(WAIT_SECONDS)
    assert captures_in(made) == {*before, capture.capture_id}
    assert_verified(made)


def test_R26_without_descriptors_large_captures_fail_and_small_ones_go_on(
    made: MadeArchive,
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    before = captures_in(made)
    with made.open_writer() as writer:
        free = os.dup(0)
        os.close(free)
        resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
        try:
            large = submit(writer, made, body=os.urandom(6 * MEBIBYTE))
            with pytest.raises(StoreError, match="could not be stored"):
                large.result(WAIT_SECONDS)
            capture = submit(writer, made).result(WAIT_SECONDS)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert captures_in(made) == {*before, capture.capture_id}
    assert_verified(made)


def test_what_is_handed_in_after_the_end_is_refused_not_forgotten(
    made: MadeArchive,
) -> None:
    writer = made.open_writer()
    writer.close()
    with pytest.raises(StoreError, match="closed already"):
        submit(writer, made).result(WAIT_SECONDS)


def test_a_copy_without_empty_folders_can_be_written_to(
    made: MadeArchive, tmp_path: Path
) -> None:
    for name in ("quarantine", "anchors", "texts"):
        shutil.rmtree(made.root / name)
    made.fill(1)
    assert_verified(made)


def test_a_catalog_that_saw_what_a_power_cut_took_is_made_again(
    made: MadeArchive,
) -> None:
    before = captures_in(made)
    (redo,) = (made.root / "spool").glob("*.batch")
    segment = open_segment(made.root)
    synced = [(path, path.stat().st_size) for path in (redo, segment)]
    checkpoint = {
        path: path.read_bytes()
        for path in (made.root / "log").rglob("*")
        if path.is_file()
    }
    lost = made.fill(1, job=False)[0].capture_id
    assert lost in captures_in(made), "a reader saw it"
    for path, size in synced:
        os.truncate(path, size)
    shutil.rmtree(made.root / "log")
    for path, data in checkpoint.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    put_back_head(made.keys_folder, made.root)
    made.random_bytes = FixedRandom(seed="later")
    told = made.fill(1, job=False)[0].capture_id
    assert captures_in(made) == {*before, told}
