import os
from collections.abc import Callable
from pathlib import Path

import pytest

from archive.errors import ImmutableConflict, LimitExceeded, StoreError
from archive.files import Files, is_temporary, sync_folder, temporary_path


class RecordingFiles(Files):
    """Notes the order of the steps."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, str]] = []

    def step(self, name: str, path: Path, act: Callable[[], None]) -> None:
        self.steps.append((name, path.name))
        act()


@pytest.fixture
def files() -> RecordingFiles:
    return RecordingFiles()


def test_file_is_synced_before_it_has_its_name_and_the_name_after(
    tmp_path: Path, files: RecordingFiles
) -> None:
    files.write_once(tmp_path / "a", b"data")
    assert files.steps == [
        ("create", ".a.unfinished"),
        ("sync", ".a.unfinished"),
        ("rename", "a"),
        ("sync-folder", tmp_path.name),
    ]
    assert (tmp_path / "a").read_bytes() == b"data"
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o444
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_syncing_really_asks_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda one: asked.append(os.fstat(one).st_ino))
    Files().write_once(tmp_path / "file", b"bytes")
    folder = tmp_path.stat().st_ino
    assert asked == [(tmp_path / "file").stat().st_ino, folder]
    asked.clear()
    grown = Files().append_to(tmp_path / "grown")
    grown.append(b"bytes")
    grown.sync()
    grown.close()
    assert asked == [folder, (tmp_path / "grown").stat().st_ino]


def test_equal_bytes_are_written_once_but_made_durable_again(
    tmp_path: Path, files: RecordingFiles
) -> None:
    files.write_once(tmp_path / "a", b"data")
    inode = (tmp_path / "a").stat().st_ino
    files.steps.clear()
    files.write_once(tmp_path / "a", b"data")
    assert files.steps == [("sync-folder", tmp_path.name)]
    assert (tmp_path / "a").stat().st_ino == inode


@pytest.mark.parametrize("other", [b"", b"dat", b"Data", b"data+", b"data" * 99])
def test_other_bytes_are_refused_and_left(
    tmp_path: Path, files: RecordingFiles, other: bytes
) -> None:
    (tmp_path / "a").write_bytes(other)
    with pytest.raises(ImmutableConflict, match="/a"):
        files.write_once(tmp_path / "a", b"data")
    assert (tmp_path / "a").read_bytes() == other
    assert files.steps == []


def test_link_or_folder_in_place_of_the_file_is_refused(
    tmp_path: Path, files: RecordingFiles
) -> None:
    (tmp_path / "target").write_bytes(b"data")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "folder", "pipe"):
        with pytest.raises(ImmutableConflict):
            files.write_once(tmp_path / name, b"data")


def test_replacing_is_one_rename_and_obeys_the_umask(
    tmp_path: Path, files: RecordingFiles
) -> None:
    mask = os.umask(0o077)
    try:
        files.replace(tmp_path / "a", b"one")
        files.replace(tmp_path / "a", b"two")
    finally:
        os.umask(mask)
    assert [name for name, _ in files.steps[:4]] == [
        "create",
        "sync",
        "rename",
        "sync-folder",
    ]
    assert (tmp_path / "a").read_bytes() == b"two"
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600


def test_replacing_a_link_leaves_its_target_alone(
    tmp_path: Path, files: RecordingFiles
) -> None:
    (tmp_path / "target").write_bytes(b"kept")
    (tmp_path / "a").symlink_to(tmp_path / "target")
    files.replace(tmp_path / "a", b"new")
    assert not (tmp_path / "a").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"kept"


def test_what_an_interrupted_write_left_does_not_hinder_the_next(
    tmp_path: Path, files: RecordingFiles
) -> None:
    left = temporary_path(tmp_path / "a")
    left.write_bytes(b"half")
    left.chmod(0o444)
    files.write_once(tmp_path / "a", b"data")
    assert (tmp_path / "a").read_bytes() == b"data"
    left.symlink_to(tmp_path / "a")
    files.replace(tmp_path / "b", b"other")
    assert (tmp_path / "a").read_bytes() == b"data"


def test_unfinished_files_are_removed_anywhere_below(
    tmp_path: Path, files: RecordingFiles
) -> None:
    deep = tmp_path / "x" / "y"
    files.make_folder(deep)
    for folder in (tmp_path, deep):
        temporary_path(folder / "a").write_bytes(b"half")
        (folder / ".kept").write_bytes(b"")
    assert files.remove_unfinished(tmp_path) == 2
    assert files.remove_unfinished(tmp_path) == 0
    assert (deep / ".kept").exists()
    assert not is_temporary(".kept")
    assert not is_temporary("a.unfinished")


def test_folders_are_made_durable_from_the_top(
    tmp_path: Path, files: RecordingFiles
) -> None:
    files.make_folder(tmp_path / "x" / "y")
    assert files.steps == [
        ("mkdir", "x"),
        ("sync-folder", tmp_path.name),
        ("mkdir", "y"),
        ("sync-folder", "x"),
    ]
    files.make_folder(tmp_path / "x" / "y")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreError, match="mkdir"):
        files.make_folder(tmp_path / "file")


def test_removing_what_is_gone_is_fine(tmp_path: Path, files: RecordingFiles) -> None:
    for name in ("a", "b"):
        files.write_once(tmp_path / name, b"data")
    files.steps.clear()
    files.remove(tmp_path / "a", tmp_path / "b", tmp_path / "c")
    assert [name for name, _ in files.steps] == ["unlink"] * 3 + ["sync-folder"]
    assert files.list_names(tmp_path) == []
    files.remove()


def test_folder_that_is_not_empty_is_not_removed(
    tmp_path: Path, files: RecordingFiles
) -> None:
    files.make_folder(tmp_path / "x")
    files.write_once(tmp_path / "x" / "a", b"data")
    with pytest.raises(StoreError, match="rmdir"):
        files.remove_folder(tmp_path / "x")
    files.remove(tmp_path / "x" / "a")
    files.remove_folder(tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_reading_is_bounded_and_follows_nothing(
    tmp_path: Path, files: RecordingFiles
) -> None:
    (tmp_path / "a").write_bytes(b"data")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    os.mkfifo(tmp_path / "pipe")
    assert files.read(tmp_path / "a", limit_bytes=4) == b"data"
    assert files.read(tmp_path / "none", limit_bytes=4) is None
    with pytest.raises(LimitExceeded, match="3 bytes"):
        files.read(tmp_path / "a", limit_bytes=3)
    with pytest.raises(StoreError, match="it is a link"):
        files.read(tmp_path / "link", limit_bytes=4)
    with pytest.raises(StoreError, match="not a regular file"):
        files.read(tmp_path / "pipe", limit_bytes=4)
    with pytest.raises(StoreError):
        files.read(tmp_path, limit_bytes=4)


def test_listing_is_sorted_and_empty_without_folder(
    tmp_path: Path, files: RecordingFiles
) -> None:
    for name in ("b", "a", "c"):
        (tmp_path / name).touch()
    assert files.list_names(tmp_path) == ["a", "b", "c"]
    assert files.list_names(tmp_path / "none") == []
    with pytest.raises(StoreError, match="cannot read"):
        files.list_names(tmp_path / "a")


def test_refusal_of_the_system_is_a_store_error_with_path_and_reason(
    tmp_path: Path,
) -> None:
    class Full(Files):
        def step(self, name: str, path: Path, act: Callable[[], None]) -> None:
            raise OSError(28, "No space left on device")

    with pytest.raises(StoreError, match=r"create of .*a.* failed: No space left"):
        Full().write_once(tmp_path / "a", b"data")
    with pytest.raises(StoreError) as caught:
        Files().write_once(tmp_path / "none" / "a", b"data")
    assert caught.value.exit_code == 6


@pytest.mark.parametrize("happened", [False, True], ids=["lost", "written"])
def test_stopped_at_any_step_shows_old_or_new_bytes_and_can_be_redone(
    tmp_path: Path, happened: bool
) -> None:
    class Stopped(BaseException):
        pass

    class Failing(Files):
        def __init__(self, number: int) -> None:
            self.left = number

        def step(self, name: str, path: Path, act: Callable[[], None]) -> None:
            self.left -= 1
            if self.left == 0 and not happened:
                raise Stopped
            act()
            if self.left == 0:
                raise Stopped

    for number in range(1, 5):
        once, mutable = tmp_path / f"once{number}", tmp_path / f"mutable{number}"
        Files().replace(mutable, b"old")
        with pytest.raises(Stopped):
            Failing(number).write_once(once, b"data")
        assert not once.exists() or once.read_bytes() == b"data"
        with pytest.raises(Stopped):
            Failing(number).replace(mutable, b"new")
        assert mutable.read_bytes() in (b"old", b"new")
        Files().write_once(once, b"data")
        Files().replace(mutable, b"new")
        assert (once.read_bytes(), mutable.read_bytes()) == (b"data", b"new")
    assert Files().remove_unfinished(tmp_path) == 0
    sync_folder(tmp_path)
