"""The end of the last segment is cut: nothing acknowledged is lost, and it is said."""

import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from archive.errors import InconsistentCheckpoint
from archive.store.reading.reader import ArchiveReader
from archive.verify.reporting.report import Outcome
from archive.verify.whole.folder import verify_archive
from tests.support.archives.archives import (
    FixedClock,
    FixedRandom,
    MadeArchive,
    copy_archive,
    make_archive,
)
from tests.support.disk.folders import open_segment


@pytest.fixture
def made(tmp_path: Path) -> MadeArchive:
    """An archive with two small captures, closed."""
    archive = make_archive(tmp_path)
    archive.fill(2)
    return archive


def capture_ids(root: Path) -> list[str]:
    """All capture ids, from a catalog made anew."""
    (root / "catalog.sqlite").unlink(missing_ok=True)
    reader = ArchiveReader.open(root)
    try:
        return [capture.capture_id for capture in reader.captures()]
    finally:
        reader.close()


def outcome(made: MadeArchive) -> Outcome:
    """What `verify` says."""
    return verify_archive(made.root, trust=made.trust()).outcome


def copy_of(made: MadeArchive, folder: Path) -> MadeArchive:
    """The same archive in another folder, with a clock of its own."""
    copy = copy_archive(made, folder)
    return replace(copy, clock=FixedClock(), random_bytes=FixedRandom())


def assert_recovers(made: MadeArchive, cut: int, folder: Path) -> None:
    """Cut a copy at `cut`, see it FAILED, recover it, see everything again."""
    copy = copy_of(made, folder)
    os.truncate(open_segment(copy.root), cut)
    assert outcome(copy) is Outcome.FAILED
    with copy.open_writer() as writer:
        assert writer.recovery is not None, cut
    assert outcome(copy) is Outcome.VERIFIED, cut
    assert capture_ids(copy.root) == capture_ids(made.root), cut
    segments = sorted(path.name for path in (copy.root / "segments").rglob("*.gz*"))
    with copy.open_writer() as writer:
        assert writer.recovery is None
    again = sorted(path.name for path in (copy.root / "segments").rglob("*.gz*"))
    assert again == segments, "a second recovery changed something"
    shutil.rmtree(folder)


def test_cutting_the_last_segment_at_sampled_bytes_loses_no_capture(
    made: MadeArchive, tmp_path: Path
) -> None:
    size = open_segment(made.root).stat().st_size
    cuts = {0, 1, 9, 10, 11, size // 2, size - 9, size - 1, *range(7, size, size // 23)}
    for cut in sorted(cuts):
        assert_recovers(made, cut, tmp_path / f"cut-{cut}")


FULL_CHECK_EVERY = 97
"""Cuts between two full verifications; the bytes are compared after every cut."""
PARTS = 4
"""The slow sweep is cut into so many tests, for two workers to share."""


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(PARTS))
def test_cutting_the_last_segment_at_every_byte_loses_no_capture(
    part: int, tmp_path: Path
) -> None:
    made = make_archive(tmp_path)
    made.fill(1, job=False)
    whole = open_segment(made.root).read_bytes()
    with tempfile.TemporaryDirectory(dir=fast_folder()) as folder:
        for cut in range(part, len(whole), PARTS):
            copy = copy_of(made, Path(folder) / "cut")
            path = open_segment(copy.root)
            os.truncate(path, cut)
            with copy.open_writer() as writer:
                assert writer.recovery is not None, cut
            sealed = path.with_suffix("").read_bytes()
            assert sealed[: len(whole)] == whole, cut
            if cut // PARTS % FULL_CHECK_EVERY == 0:
                assert outcome(copy) is Outcome.VERIFIED, cut
            for gone in (copy.root, copy.keys_folder):
                shutil.rmtree(gone)


def fast_folder() -> str | None:
    """Memory where there is such a place: the test syncs some 100,000 times."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def test_the_tail_lies_in_quarantine_and_an_incident_names_it(
    made: MadeArchive,
) -> None:
    path = open_segment(made.root)
    whole = path.read_bytes()
    os.truncate(path, len(whole) - 5)
    with made.open_writer() as writer:
        assert writer.recovery is not None
        (tail,) = writer.recovery.tails
    assert tail.path.read_bytes() == whole[tail.offset_bytes : -5]
    sealed = path.with_suffix("")
    assert sealed.read_bytes()[: len(whole)] == whole, "the same bytes came back"


def test_a_flipped_byte_in_the_open_segment_is_restored_from_the_redo_file(
    made: MadeArchive,
) -> None:
    path = open_segment(made.root)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    assert outcome(made) is Outcome.FAILED
    with made.open_writer() as writer:
        assert writer.recovery is not None
    assert outcome(made) is Outcome.VERIFIED


def test_without_the_redo_file_a_cut_below_the_log_is_refused(
    made: MadeArchive,
) -> None:
    path = open_segment(made.root)
    os.truncate(path, path.stat().st_size - 5)
    for redo in (made.root / "spool").glob("*.batch"):
        redo.unlink()
    with pytest.raises(InconsistentCheckpoint, match="restore it from a copy"):
        made.open_writer()


def test_a_torn_redo_entry_was_never_acknowledged_and_is_dropped(
    made: MadeArchive,
) -> None:
    before = capture_ids(made.root)
    (redo,) = (made.root / "spool").glob("*.batch")
    with redo.open("ab") as stream:
        stream.write(b"\0\0\0\0\0\0\0\x90{")
    made.fill(1)
    assert capture_ids(made.root)[: len(before)] == before
    assert outcome(made) is Outcome.VERIFIED


def test_an_exchange_that_was_killed_leaves_its_raw_spool_in_quarantine(
    made: MadeArchive,
) -> None:
    (made.root / "spool" / "raw-abc").write_bytes(b"half an answer")
    made.fill(1)
    assert (made.root / "quarantine" / "raw-abc").read_bytes() == b"half an answer"
    assert outcome(made) is Outcome.VERIFIED
