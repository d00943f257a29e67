"""The redo file: whole entries come back, anything else ends the reading."""

import io
from dataclasses import replace
from pathlib import Path

import pytest

from archive.digest import Digest
from archive.store.spool import (
    HELD_SLICE_BYTES,
    MAGIC,
    RedoFile,
    SpoolEntry,
    copy_entry,
    format_entry_header,
    list_spools,
    read_entries,
    spool_path,
)

SEGMENT = "2025/01/00000003-abcdefgh.warc.gz"
SLICES = (b"first slice", None, b"third" * 100)
STATEMENTS = (b"statement 1", b"statement 2", b"statement 3")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A redo file with three entries, the second with an empty slice."""
    path = spool_path(tmp_path, 3)
    write(path)
    return path


def write(path: Path) -> list[SpoolEntry]:
    """Write the three entries; give back what `add` said."""
    redo = RedoFile(path)
    offset, entries = 0, []
    for data, statement in zip(SLICES, STATEMENTS, strict=True):
        entry = redo.add(
            io.BytesIO(data) if data is not None else None,
            statement,
            segment=SEGMENT,
            offset_bytes=offset,
            slice_bytes=len(data or b""),
        )
        entries.append(entry)
        offset = entry.end_bytes
    redo.sync()
    redo.close()
    return entries


def contents(path: Path, entry: SpoolEntry) -> bytes:
    """Slice and statement of an entry."""
    found: list[bytes] = []
    copy_entry(path, entry, found.append)
    return b"".join(found)


def test_what_was_written_comes_back(tmp_path: Path) -> None:
    path = spool_path(tmp_path, 0)
    written = write(path)
    read = list(read_entries(path))
    assert read == written
    for entry, data, statement in zip(read, SLICES, STATEMENTS, strict=True):
        whole = (data or b"") + statement
        assert contents(path, entry) == whole
        assert entry.digest == Digest.of(whole)
        assert (entry.slice_bytes, entry.statement_bytes) == (
            len(data or b""),
            len(statement),
        )


def test_entries_are_handed_on_once_and_in_order(tmp_path: Path) -> None:
    redo = RedoFile(spool_path(tmp_path, 0))
    copied: list[bytes] = []
    for number in range(3):
        redo.add(
            io.BytesIO(b"slice"),
            b"%d" % number,
            segment=SEGMENT,
            offset_bytes=6 * number,
            slice_bytes=5,
        )
        redo.sync()
        redo.copy_waiting(copied.append)
    redo.copy_waiting(copied.append)
    redo.close()
    assert b"".join(copied) == b"slice0slice1slice2"


@pytest.mark.parametrize("length", [HELD_SLICE_BYTES, HELD_SLICE_BYTES + 1])
def test_a_slice_of_any_length_is_in_both_files(tmp_path: Path, length: int) -> None:
    path, data, copied = spool_path(tmp_path, 0), b"s" * length, bytearray()
    redo = RedoFile(path)
    for statement in (b"one", b"two"):
        redo.add(
            io.BytesIO(data),
            statement,
            segment=SEGMENT,
            offset_bytes=len(copied),
            slice_bytes=length,
        )
    redo.sync()
    redo.copy_waiting(copied.extend)
    redo.close()
    assert bytes(copied) == data + b"one" + data + b"two"
    assert b"".join(contents(path, one) for one in read_entries(path)) == copied


def test_a_file_opened_again_is_continued(path: Path) -> None:
    before = list(read_entries(path))
    redo = RedoFile(path)
    redo.add(None, b"more", segment=SEGMENT, offset_bytes=9, slice_bytes=0)
    redo.sync()
    redo.close()
    assert list(read_entries(path))[:-1] == before
    assert path.read_bytes().count(MAGIC) == 1


def test_cut_anywhere_it_gives_the_whole_entries_before_the_cut(path: Path) -> None:
    data, entries = path.read_bytes(), list(read_entries(path))
    ends = [entry.start + entry.length_bytes for entry in entries]
    for cut in range(len(data)):
        path.write_bytes(data[:cut])
        whole = [entry for entry, end in zip(entries, ends, strict=True) if end <= cut]
        assert list(read_entries(path)) == whole, cut


@pytest.mark.parametrize("step", [7, pytest.param(1, marks=pytest.mark.slow)])
def test_no_flipped_bit_changes_what_an_entry_holds(path: Path, step: int) -> None:
    """Of each byte one bit or two; the slow way flips all."""
    data = path.read_bytes()
    known = {entry.digest for entry in read_entries(path)}
    assert 8 * len(data) > 1000
    for bit in range(0, 8 * len(data), step):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        for entry in read_entries(path):
            assert entry.digest in known
            assert Digest.of(contents(path, entry)) == entry.digest


@pytest.mark.parametrize(
    "tail",
    [
        b"\0",
        b"\0" * 8,
        b"\xff" * 8,
        b"\0\0\0\0\0\0\x10\x01" + b"x" * 5000,
        b"\0\0\0\0\0\0\0\x02{}",
        b"\0\0\0\0\0\0\0\x02[]",
        b"\0\0\0\0\0\0\0\x04null",
        b"\0\0\0\0\0\0\0\x03\xff\xff\xff",
    ],
)
def test_a_torn_or_foreign_tail_ends_the_reading(path: Path, tail: bytes) -> None:
    entries = list(read_entries(path))
    with path.open("ab") as stream:
        stream.write(tail)
    assert list(read_entries(path)) == entries


@pytest.mark.parametrize("start", [b"", b"evidence-spool/v2\n", MAGIC[:-1]])
def test_another_magic_line_holds_nothing(path: Path, start: bytes) -> None:
    path.write_bytes(path.read_bytes().replace(MAGIC, start, 1))
    assert list(read_entries(path)) == []


@pytest.mark.parametrize(
    "lengths", [(10**14, 1), (0, 10**14), (1, 1), (0, 0), (-200, 1), (1, -200)]
)
def test_lengths_that_are_not_those_of_the_bytes_end_the_reading(
    lengths: tuple[int, int], tmp_path: Path
) -> None:
    path = spool_path(tmp_path, 0)
    (first, *_) = write(path)
    lying = replace(first, slice_bytes=lengths[0], statement_bytes=lengths[1])
    old, new = format_entry_header(first), format_entry_header(lying)
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new, 1))
    assert list(read_entries(path)) == []


def test_only_redo_files_are_listed(tmp_path: Path) -> None:
    for name in ("00000000.batch", "00000012.batch", "1.batch", "raw-1", "x.batch"):
        (tmp_path / name).touch()
    assert list(list_spools(tmp_path)) == [0, 12]
