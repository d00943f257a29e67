"""An archive on a medium that cannot be written to is read as it lies there."""

import errno
import os
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from archive.errors import StoreError
from archive.store.catalog import choosing
from archive.store.catalog.catalog import Catalog
from archive.store.reading.reader import ArchiveReader
from archive.store.rebuild import rebuild_catalog
from tests.support.archives.archives import MadeArchive, make_exchange


@pytest.fixture
def closed(made: MadeArchive, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let nothing in the archive's folder be writable from here on."""

    def close() -> None:
        def access(path: Path, mode: int) -> bool:
            is_inside = made.root in (path, *path.parents)
            return not (is_inside and mode & os.W_OK)

        monkeypatch.setattr(os, "access", access)

    return close


@pytest.mark.parametrize("kept_bytes", [200, 4_096, 20_000])
def test_a_catalog_that_rots_is_made_again_and_stops_no_writer(
    made: MadeArchive, kept_bytes: int
) -> None:
    captures = made.fill(20)
    path = made.root / "catalog.sqlite"
    whole = path.read_bytes()
    noise = random.Random(1).randbytes(len(whole) - kept_bytes)
    path.write_bytes(whole[:kept_bytes] + noise)
    captures += made.fill(2)
    reader = ArchiveReader.open(made.root)
    assert list(reader.captures()) == captures
    reader.close()


def state_of(root: Path) -> dict[str, tuple[int, int]]:
    """Size and time of change of everything in a folder."""
    return {
        path.relative_to(root).as_posix(): (found.st_size, found.st_mtime_ns)
        for path in root.rglob("*")
        if (found := path.stat())
    }


def test_the_catalog_that_is_there_is_looked_into_and_nothing_is_written(
    made: MadeArchive, closed: Callable[[], None]
) -> None:
    captures = made.fill(3)
    ArchiveReader.open(made.root).close()
    before = state_of(made.root)
    closed()
    reader = ArchiveReader.open(made.root)
    assert list(reader.captures()) == captures
    assert reader._catalog.is_read_only
    reader.catch_up()
    reader.close()
    assert state_of(made.root) == before


def test_what_is_captured_after_it_was_opened_is_followed_in_memory(
    made: MadeArchive, closed: Callable[[], None]
) -> None:
    first = made.fill(2)
    ArchiveReader.open(made.root).close()
    closed()
    reader = ArchiveReader.open(made.root)
    kept = (made.root / "catalog.sqlite").read_bytes()
    with made.open_writer() as writer:  # somebody else's process
        late = make_exchange("http://a.example/later", b"later", made)
        second = writer.capture(late).result()
    (made.root / "catalog.sqlite").write_bytes(kept)
    reader.catch_up()
    assert list(reader.captures()) == [*first, second]
    assert not reader._catalog.is_read_only
    assert reader.jobs.newest("some-source", 1) == []
    assert not reader.jobs.has_unclosed()
    reader.close()
    assert (made.root / "catalog.sqlite").read_bytes() == kept


@pytest.mark.parametrize("content", [None, b"", b"no catalog at all", b"SQLite format"])
def test_a_catalog_that_is_none_is_made_again_in_memory(
    made: MadeArchive, closed: Callable[[], None], content: bytes | None
) -> None:
    captures = made.fill(2)
    catalog = made.root / "catalog.sqlite"
    catalog.unlink(missing_ok=True)
    if content is not None:
        catalog.write_bytes(content)
    before = state_of(made.root)
    closed()
    reader = ArchiveReader.open(made.root)
    assert list(reader.captures()) == captures
    reader.close()
    assert state_of(made.root) == before


def test_a_catalog_of_another_version_is_left_alone(
    made: MadeArchive, closed: Callable[[], None]
) -> None:
    captures = made.fill(2)
    ArchiveReader.open(made.root).close()
    db = sqlite3.connect(made.root / "catalog.sqlite")
    db.execute("pragma user_version = 1")
    db.close()
    before = state_of(made.root)
    closed()
    reader = ArchiveReader.open(made.root)
    assert list(reader.captures()) == captures
    reader.close()
    assert state_of(made.root) == before


def test_where_it_can_be_written_a_catalog_that_cannot_be_opened_is_named(
    made: MadeArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*given: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(choosing, "catch_up", fail)
    with pytest.raises(StoreError, match=r"catalog.sqlite cannot be opened"):
        ArchiveReader.open(made.root)


def test_on_a_full_disk_nobody_is_told_to_delete_the_catalog(
    made: MadeArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*given: object) -> None:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    monkeypatch.setattr(choosing, "catch_up", fail)
    with pytest.raises(StoreError, match="free space on its disk") as caught:
        ArchiveReader.open(made.root)
    assert "delete" not in str(caught.value)


def test_a_full_disk_is_named_by_a_change_that_it_ended(tmp_path: Path) -> None:
    """SQLite has given it back by then: asking for that again would hide why."""
    with closing(Catalog.open(tmp_path / "catalog.sqlite")) as catalog:
        catalog._db.execute("pragma cache_size = 1")
        (pages,) = catalog._db.execute("pragma page_count").fetchone()
        catalog._db.execute(f"pragma max_page_count = {pages + 2}")
        many = ((f"http://a.example/{number:0500}",) for number in range(2_000))

        def fill() -> None:
            with catalog.update():
                catalog._db.execute("create table filling (uri text)")
                catalog._db.executemany("insert into filling values (?)", many)

        with pytest.raises(sqlite3.OperationalError) as caught:
            fill()
        assert caught.value.sqlite_errorcode == sqlite3.SQLITE_FULL
        assert not catalog._db.in_transaction


def test_a_catalog_that_cannot_be_deleted_is_the_archive_folder_s_trouble(
    made: MadeArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*given: object, **named: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(StoreError, match="cannot be made again: Read-only"):
        rebuild_catalog(made.root)
