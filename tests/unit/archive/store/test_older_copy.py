"""An archive folder put back from an older copy, or used twice, signs nothing."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from archive.errors import InconsistentCheckpoint, StoreError
from archive.files import Files
from archive.log.headnote import HEAD_FILE
from archive.log.log import TiledLog
from archive.verify.reporting.report import Outcome
from archive.verify.whole.folder import verify_archive
from tests.support.archives.archives import (
    MadeArchive,
    fill,
    make_archive,
    make_exchange,
)
from tests.support.disk.call_sweep import open_writer
from tests.support.disk.folders import contents


@pytest.fixture
def made(tmp_path: Path) -> MadeArchive:
    archive = make_archive(tmp_path)
    archive.fill(1)
    return archive


def copy_of(made: MadeArchive, name: str = "copy") -> MadeArchive:
    """The same archive folder once more, with the same keys."""
    target = made.root.with_name(name)
    shutil.copytree(made.root, target)
    return replace(made, root=target)


def log_size(made: MadeArchive) -> int:
    return TiledLog(made.root / "log", Files()).size


def assert_verified(made: MadeArchive) -> None:
    report = verify_archive(made.root, trust=made.trust())
    assert report.outcome is Outcome.VERIFIED, report.findings


def test_an_older_copy_states_and_signs_nothing(made: MadeArchive) -> None:
    old = copy_of(made)
    made.fill(1)
    before, note = contents(old.root), (made.keys_folder / HEAD_FILE).read_bytes()
    with pytest.raises(InconsistentCheckpoint, match="is an older copy: it holds"):
        old.open_writer()
    assert contents(old.root) == before
    assert (made.keys_folder / HEAD_FILE).read_bytes() == note
    made.fill(1)
    assert_verified(made)


def test_keys_are_not_changed_in_an_older_copy(made: MadeArchive) -> None:
    old = copy_of(made)
    made.fill(1)
    before = contents(old.root)
    keys = contents(made.keys_folder)
    with pytest.raises(InconsistentCheckpoint, match="older copy"):
        old.key_changer(keep=lambda _changed: None).rotate()
    assert contents(old.root) == before
    assert contents(made.keys_folder) == keys


def test_of_two_copies_at_work_at_once_one_signs(made: MadeArchive) -> None:
    other = copy_of(made)
    said: list[str] = []
    first, second = (
        open_writer(made, Files(), said.append),
        open_writer(other, Files(), said.append),
    )
    size = log_size(other)
    fill(first, made, 1)
    first.close()
    # As many entries as the first has, and more: another history all the same.
    for number in range(6):
        exchange = make_exchange(f"http://b.example/{number}", b"other", other)
        second.capture(exchange).result()
    with pytest.raises(StoreError, match="older copy that went another way"):
        second.checkpoint()
    with pytest.raises(StoreError, match="older copy"):
        second.capture(make_exchange("http://b.example/", b"x", other)).result()
    second.close()
    assert log_size(other) == size
    assert said == []
    with pytest.raises(InconsistentCheckpoint, match="older copy"):
        other.open_writer()
    assert_verified(made)


@pytest.mark.parametrize("more", [0, 2])
def test_a_crash_between_note_and_head_is_healed(made: MadeArchive, more: int) -> None:
    class Crashing(Files):
        def step(self, name: str, path: Path, act: Callable[[], None]) -> None:
            if (name, path.name) == ("rename", "checkpoint"):
                raise StoreError("crashed")
            super().step(name, path, act)

    said: list[str] = []
    size = log_size(made)
    writer = open_writer(made, Crashing(), said.append)
    writer.capture(make_exchange("http://a.example/", b"page", made)).result()
    with pytest.raises(StoreError, match="crashed"):
        writer.close()
    assert log_size(made) == size
    with open_writer(made, Files(), said.append) as healed:
        for number in range(more):
            exchange = make_exchange(f"http://a.example/{number}", b"page", made)
            healed.capture(exchange).result()
    assert log_size(made) == size + 1 + more
    assert said == []
    assert_verified(made)


def test_a_note_that_is_gone_or_older_is_said_and_written_anew(
    made: MadeArchive,
) -> None:
    note = made.keys_folder / HEAD_FILE
    old = note.read_bytes()
    made.fill(1)
    for spoil, words in (
        (note.unlink, "there is no note of the last signed head"),
        (lambda: note.write_bytes(old), "the key folder is an older copy"),
    ):
        spoil()
        said: list[str] = []
        with open_writer(made, Files(), said.append) as writer:
            fill(writer, made, 1)
        assert [line for line in said if words in line] == said[:1] != []
        said.clear()
        open_writer(made, Files(), said.append).close()
        assert said == []
    assert_verified(made)
