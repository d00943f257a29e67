"""The folder of a browser visit stays nowhere: not when killed, not without a key."""

import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from archive.errors import KeyProblem
from archive.files import DISK
from archive.store.recovery.visits import remove_visits, visit_folder
from archive.store.waiting.waiting import WaitingWriter
from archive.verify.reporting.report import Outcome
from archive.verify.whole.folder import verify_archive
from tests.support.archives.archives import MadeArchive, make_archive


@pytest.fixture
def made(tmp_path: Path) -> MadeArchive:
    return make_archive(tmp_path)


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's temporary folder, as far as the test goes."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def notes(made: MadeArchive) -> list[Path]:
    return sorted((made.root / "spool").glob("visit-*"))


def leave_visit(made: MadeArchive) -> Path:
    """What a killed process leaves: the folder with a profile, and its note."""
    visit = visit_folder(made.root / "spool", os.urandom)
    folder = visit.__enter__()
    (note,) = notes(made)
    data = note.read_bytes()
    visit.__exit__(None, None, None)
    note.write_bytes(data)
    (folder / "profile" / "Default").mkdir(parents=True)
    (folder / "profile" / "History").write_text("http://watched.example/")
    (folder / "profile" / "SingletonLock").symlink_to("host-17")
    return folder


def test_a_visit_has_a_folder_for_its_owner_alone_and_leaves_none(
    made: MadeArchive, temporary: Path
) -> None:
    with visit_folder(made.root / "spool", os.urandom) as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert folder.parent == temporary
        report = verify_archive(made.root, trust=made.trust())
        assert list(report.of(Outcome.FAILED)) == [], "its note is known there"
        (folder / "History").write_text("http://watched.example/")
    assert list(temporary.iterdir()) == notes(made) == []


def test_what_a_killed_process_left_goes_when_the_archive_is_opened(
    made: MadeArchive, temporary: Path
) -> None:
    leave_visit(made)
    assert list(temporary.iterdir()) != []
    made.open_writer().close()
    assert list(temporary.iterdir()) == notes(made) == []


def test_it_goes_without_a_key_too(made: MadeArchive, temporary: Path) -> None:
    leave_visit(made)
    WaitingWriter.open(
        made.root, reason=KeyProblem("no key"), random_bytes=os.urandom
    ).close()
    assert list(temporary.iterdir()) == notes(made) == []


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")
def test_a_browser_that_still_runs_is_ended_first(made: MadeArchive) -> None:
    folder = leave_visit(made)
    command = [sys.executable, "-IS", "-c", "import time; time.sleep(60)"]
    with subprocess.Popen(command, env={"HOME": str(folder)}) as orphan:
        made.open_writer().close()
        assert orphan.wait(timeout=10) == -9
    assert not folder.exists()


def test_a_note_that_somebody_planted_removes_nothing(
    made: MadeArchive, tmp_path: Path
) -> None:
    kept = tmp_path / "evidence-page-0011223344556677"
    other = tmp_path / "mine"
    for folder in (kept, other):
        folder.mkdir()
    linked = tmp_path / "evidence-page-8899aabbccddeeff"
    linked.symlink_to(other)
    places = {
        "visit-0000000000000000": str(kept),  # of another visit
        "visit-0000000000000001": str(other),
        "visit-8899aabbccddeeff": str(linked),
        "visit-0000000000000002": "evidence-page-0000000000000002",
        "visit-0000000000000003": "/nowhere/evidence-page-0000000000000003\0",
        "visit-0000000000000004": "",
        "visit-0000000000000005": "x" * 10_000,
    }
    for name, place in places.items():
        (made.root / "spool" / name).write_text(place)
    remove_visits(made.root / "spool", DISK, pytest.fail)
    assert all(folder.is_dir() for folder in (kept, other))
    assert linked.is_symlink()
    assert notes(made) == []


def test_a_folder_that_cannot_be_removed_is_told_and_not_forgotten(
    made: MadeArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = leave_visit(made)
    monkeypatch.setattr("shutil.rmtree", lambda *_a, **_k: None)
    monkeypatch.setattr("archive.store.recovery.visits.PAUSE_SECONDS", 0.0)
    told: list[str] = []
    remove_visits(made.root / "spool", DISK, told.append)
    assert str(folder) in told[0]
    assert len(notes(made)) == 1
