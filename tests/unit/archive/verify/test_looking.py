"""Folders are looked at in order and no link is followed; what cannot be is told."""

import errno
import os
from pathlib import Path

import pytest

from archive.digest import Digest
from archive.errors import LimitExceeded, StoreError
from archive.verify.looking import (
    digest_file,
    file_size,
    is_missing,
    is_other,
    list_entries,
    walk_entries,
)


@pytest.fixture
def told() -> list[tuple[Path, str]]:
    return []


def note(told: list[tuple[Path, str]], folder: Path, reason: str) -> None:
    told.append((folder, reason))


def test_a_folder_is_listed_by_name_and_one_that_is_not_there_is_empty(
    tmp_path: Path, told: list[tuple[Path, str]]
) -> None:
    names = ["b", "a", "Z", "é", "0", "aa", ".h"]
    for name in names:
        (tmp_path / name).touch()
    found = list_entries(tmp_path, lambda *what: note(told, *what))
    assert [entry.name for entry in found] == sorted(names)
    gone = list_entries(tmp_path / "gone", lambda *what: note(told, *what))
    assert (gone, told) == ([], [])


def test_in_what_is_no_folder_lies_nothing(
    tmp_path: Path, told: list[tuple[Path, str]]
) -> None:
    path = tmp_path / "file"
    path.touch()
    assert list_entries(path, lambda *what: note(told, *what)) == []
    assert told == []


CLOSED = Path("x" * 300)
"""A name too long for any disk: neither there nor missing."""


def test_what_cannot_be_looked_at_is_neither_missing_nor_something_else(
    tmp_path: Path,
) -> None:
    file, folder, pipe = tmp_path / "file", tmp_path / "folder", tmp_path / "pipe"
    file.write_bytes(b"four")
    folder.mkdir()
    os.mkfifo(pipe)
    link, broken = tmp_path / "link", tmp_path / "broken"
    link.symlink_to(file)
    broken.symlink_to("nothing")
    gone, inside = tmp_path / "gone", file / "inside"
    everything = [file, folder, pipe, link, broken, gone, inside, CLOSED]
    assert [path for path in everything if is_missing(path)] == [gone, inside]
    assert [path for path in everything if is_other(path)] == [folder, pipe]
    assert file_size(file) == file_size(link) == 4
    assert [file_size(path) for path in (broken, gone, CLOSED)] == [None] * 3


def test_an_error_without_words_is_told_all_the_same(
    tmp_path: Path, told: list[tuple[Path, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_folder: Path) -> None:
        raise OSError

    monkeypatch.setattr(os, "scandir", refuse)
    assert list_entries(tmp_path, lambda *what: note(told, *what)) == []
    assert told == [(tmp_path, "cannot be listed")]


def test_all_below_a_folder_is_walked_and_links_are_only_named(
    tmp_path: Path, told: list[tuple[Path, str]]
) -> None:
    for name in ("a/x/1", "a/y/2", "b/3", "c"):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "secret").touch()
    (tmp_path / "in" / "link").symlink_to(tmp_path / "out")
    (tmp_path / "in" / "a" / "x" / "up").symlink_to(tmp_path)
    walked = walk_entries(tmp_path / "in", lambda *what: note(told, *what))
    names = [Path(entry.path).relative_to(tmp_path / "in") for entry in walked]
    assert sorted(map(str, names)) == [
        *("a", "a/x", "a/x/1", "a/x/up", "a/y", "a/y/2", "b", "b/3", "c", "link")
    ]
    assert told == []


def test_a_folder_that_cannot_be_listed_is_told_and_its_neighbours_are_walked(
    tmp_path: Path, told: list[tuple[Path, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a/1", "b/2", "c/3"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    scan = os.scandir

    def refuse_one(folder: Path) -> object:
        if folder == tmp_path / "b":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return scan(folder)

    monkeypatch.setattr(os, "scandir", refuse_one)
    walked = walk_entries(tmp_path, lambda *what: note(told, *what))
    assert sorted(entry.name for entry in walked) == ["1", "3", "a", "b", "c"]
    assert told == [(tmp_path / "b", os.strerror(errno.EACCES))]


def test_a_file_is_hashed_up_to_its_limit_and_says_by_how_much_it_is_refused(
    tmp_path: Path,
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"four")
    assert digest_file(path, limit_bytes=4).hex.startswith("04efaf08")
    with pytest.raises(LimitExceeded) as longer:
        digest_file(path, limit_bytes=3)
    assert str(longer.value) == "is longer than 3 bytes"


def test_a_file_whose_disk_fails_is_named_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"four")

    def broken(_stream: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(Digest, "of_stream", broken)
    with pytest.raises(StoreError) as failed:
        digest_file(path, limit_bytes=4)
    assert str(failed.value) == f"cannot read {path}: {os.strerror(errno.EIO)}"
