"""The spool holds exactly what it took, in memory or on disk, with its digest."""

import errno
import os
from pathlib import Path

import pytest

from archive.capture import ByteSource
from archive.digest import Digest
from archive.files import Files
from archive.store.space import (
    BODY_COPIES,
    SLACK_BYTES,
    NoRoom,
    Reserve,
    SpoolRoom,
)
from crawlers.engine.spool import Spool


def make(tmp_path: Path, memory_bytes: int = 10) -> Spool:
    return Spool(lambda: tmp_path / "raw-1", memory_bytes=memory_bytes)


def add(spool: Spool, *pieces: bytes) -> None:
    for piece in pieces:
        spool.append(piece)
        spool.settle()


def read(source: ByteSource) -> bytes:
    with source.open() as stream:
        return stream.read()


def test_little_stays_in_memory(tmp_path: Path) -> None:
    spool = make(tmp_path)
    add(spool, b"hello", b"world")
    source, digest = spool.finish()
    assert (read(source), digest) == (b"helloworld", Digest.of(b"helloworld"))
    assert list(tmp_path.iterdir()) == []


def test_nothing_has_no_digest(tmp_path: Path) -> None:
    source, digest = make(tmp_path).finish()
    assert (source.length_bytes, digest) == (0, None)


@pytest.mark.parametrize("sizes", [(11,), (5, 5, 1), (9, 9, 9, 9, 9), (1,) * 50])
def test_much_goes_to_one_private_file_that_close_removes(
    tmp_path: Path, sizes: tuple[int, ...]
) -> None:
    spool = make(tmp_path)
    pieces = [bytes([65 + n % 26]) * size for n, size in enumerate(sizes)]
    add(spool, *pieces)
    source, digest = spool.finish()
    whole = b"".join(pieces)
    assert (read(source), digest) == (whole, Digest.of(whole))
    assert source.length_bytes == len(whole)
    (path,) = tmp_path.iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    source.close()
    source.close()
    assert list(tmp_path.iterdir()) == []


def test_front_and_back_can_be_taken_back(tmp_path: Path) -> None:
    spool = make(tmp_path)
    add(spool, b"abc")
    spool.append(b"defgh")
    spool.drop_back(2)
    spool.drop_front(4)
    spool.settle()
    assert spool.length_bytes == 2
    source, digest = spool.finish()
    assert (read(source), digest) == (b"ef", Digest.of(b"ef"))


def test_back_can_be_taken_back_while_a_file_is_written(tmp_path: Path) -> None:
    spool = make(tmp_path)
    add(spool, b"a" * 20)
    spool.append(b"bcd")
    spool.drop_back(2)
    assert read(spool.finish()[0]) == b"a" * 20 + b"b"


def test_an_existing_file_is_never_written_to(tmp_path: Path) -> None:
    (tmp_path / "raw-1").write_bytes(b"other")
    spool = make(tmp_path)
    with pytest.raises(FileExistsError):
        add(spool, b"a" * 20)
    assert (tmp_path / "raw-1").read_bytes() == b"other"
    assert read(spool.finish()[0]) == b"a" * 20


def test_short_writes_are_continued(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[:3]))
    spool = make(tmp_path)
    add(spool, b"0123456789abcdef", b"ghijklmnopqrstuvwxyz")
    assert read(spool.finish()[0]) == b"0123456789abcdefghijklmnopqrstuvwxyz"


def test_a_full_disk_leaves_what_was_stored_and_its_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = make(tmp_path)
    add(spool, b"a" * 20)
    write, calls = os.write, []

    def fail(descriptor: int, data: bytes) -> int:
        calls.append(1)
        if len(calls) > 1:
            raise OSError(errno.ENOSPC, "full")
        return write(descriptor, data[:5])

    monkeypatch.setattr(os, "write", fail)
    with pytest.raises(OSError, match="full"):
        add(spool, b"b" * 20)
    source, digest = spool.finish()
    assert (read(source), digest) == (b"a" * 20, Digest.of(b"a" * 20))
    assert source.length_bytes == 20


class Little(Files):
    """A disk on which a body of 35 bytes can be stored, and not one more."""

    def space(self, folder: Path) -> tuple[int, int]:
        written = sum(path.stat().st_size for path in folder.iterdir())
        return SLACK_BYTES + 35 * (1 + BODY_COPIES) - written, 1 << 40


def test_what_came_until_there_was_no_room_is_kept_whole(tmp_path: Path) -> None:
    room = SpoolRoom(Reserve(folder=tmp_path, files=Little(), reserve_bytes=0))
    spool = Spool(lambda: tmp_path / "raw-1", memory_bytes=10, room=room)
    taken = b""
    try:
        for number in range(9):
            piece = bytes([65 + number]) * 6
            taken += piece
            add(spool, piece)
    except NoRoom:
        pass
    source, digest = spool.finish()
    assert (read(source), digest) == (taken, Digest.of(taken))
    assert 24 < len(taken) <= 36
    other = Spool(lambda: tmp_path / "raw-2", memory_bytes=10, room=room)
    with pytest.raises(NoRoom):
        add(other, b"." * 11)
    assert read(other.finish()[0]) == b"." * 11
    source.close()
    again = Spool(lambda: tmp_path / "raw-3", memory_bytes=10, room=room)
    add(again, b"." * 11)
    again.finish()[0].close()
    assert list(tmp_path.iterdir()) == []
