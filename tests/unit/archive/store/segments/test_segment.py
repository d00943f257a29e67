"""Segment files: strict names, order by serial, reading by place."""

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.capture import SliceLocation
from archive.errors import CaptureNotFound, FormatError, StoreError
from archive.store.segments.segment import (
    FileWindow,
    SegmentName,
    create_segment,
    find_segment,
    list_segments,
    new_segment_name,
    open_slice,
    parse_segment_name,
    seal_segment,
)

NAME = SegmentName(year=2025, month=1, serial=7, random="abcd2345")

segment_names = st.builds(
    SegmentName,
    year=st.integers(1, 9999),
    month=st.integers(1, 12),
    serial=st.integers(0, 99_999_999),
    random=st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=8, max_size=8),
)


@given(segment_names)
def test_format_and_parse_are_inverse(name: SegmentName) -> None:
    assert parse_segment_name(str(name)) == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2025/01/00000007-abcd2345.warc",
        "2025/01/00000007-abcd2345.warc.gz.open",
        "2025/1/00000007-abcd2345.warc.gz",
        "2025/01/7-abcd2345.warc.gz",
        "2025/01/00000007-ABCD2345.warc.gz",
        "2025/01/00000007-abcd2340.warc.gz",
        "2025/01/00000007-abcd234.warc.gz",
        "2025/01/00000007-abcd2345.warc.gz\n",
        "/2025/01/00000007-abcd2345.warc.gz",
        "../2025/01/00000007-abcd2345.warc.gz",
        "2025/01/../00000007-abcd2345.warc.gz",
        "2025\\01\\00000007-abcd2345.warc.gz",
        "\N{ARABIC-INDIC DIGIT TWO}025/01/00000007-abcd2345.warc.gz",
    ],
)
def test_any_other_name_is_refused(text: str) -> None:
    with pytest.raises(FormatError):
        parse_segment_name(text)


@given(segment_names, st.integers(0, 400))
def test_no_flipped_bit_of_a_name_reads_as_the_same(
    name: SegmentName, bit: int
) -> None:
    data = bytearray(str(name).encode())
    data[bit // 8 % len(data)] ^= 1 << bit % 8
    try:
        text = data.decode()
        parsed = parse_segment_name(text)
    except (FormatError, UnicodeDecodeError):
        return
    assert parsed != name
    assert str(parsed) == text


def test_a_new_name_says_month_serial_and_nothing_else() -> None:
    name = new_segment_name(7, datetime(2025, 1, 26, tzinfo=UTC), lambda n: b"\0" * n)
    assert str(name) == "2025/01/00000007-aaaaaaaa.warc.gz"


def test_serials_run_out_loudly() -> None:
    with pytest.raises(AssertionError):
        new_segment_name(10**8, datetime(2025, 1, 1, tzinfo=UTC), lambda n: b"\0" * n)


def put(folder: Path, name: SegmentName, data: bytes) -> None:
    """An open segment with these bytes."""
    segment = create_segment(folder, name, first_leaf=0)
    segment.append(data)
    segment.sync()
    segment.close()


def test_segments_are_listed_by_serial_across_months(tmp_path: Path) -> None:
    late = SegmentName(year=2024, month=12, serial=2, random="a" * 8)
    early = SegmentName(year=2025, month=1, serial=1, random="b" * 8)
    for name in (late, early):
        put(tmp_path, name, b"")
    seal_segment(tmp_path, early)
    found = list_segments(tmp_path)
    assert [(segment.name, segment.is_open) for segment in found] == [
        (early, False),
        (late, True),
    ]


def test_other_files_are_no_segments(tmp_path: Path) -> None:
    put(tmp_path, NAME, b"")
    (tmp_path / "2025" / "01" / "notes.warc.gz").touch()
    (tmp_path / "2025" / "01" / "00000007-abcd2345.warc.gz.old").touch()
    assert [segment.name for segment in list_segments(tmp_path)] == [NAME]


def test_no_folder_holds_no_segments(tmp_path: Path) -> None:
    assert list_segments(tmp_path / "none") == []


def test_sealing_makes_the_file_read_only_under_its_final_name(tmp_path: Path) -> None:
    put(tmp_path, NAME, b"data")
    path = seal_segment(tmp_path, NAME)
    assert path.read_bytes() == b"data"
    assert path.stat().st_mode & 0o777 == 0o444
    assert find_segment(tmp_path, NAME) == path


def test_sealing_never_overwrites(tmp_path: Path) -> None:
    put(tmp_path, NAME, b"new")
    NAME.sealed_path(tmp_path).write_bytes(b"old")
    with pytest.raises(StoreError, match="both"):
        seal_segment(tmp_path, NAME)
    assert NAME.sealed_path(tmp_path).read_bytes() == b"old"


def test_a_missing_segment_is_named(tmp_path: Path) -> None:
    with pytest.raises(CaptureNotFound, match="00000007-abcd2345"):
        find_segment(tmp_path, NAME)


def test_appending_goes_on_where_the_file_ends(tmp_path: Path) -> None:
    put(tmp_path, NAME, b"one")
    segment = create_segment(tmp_path, NAME, first_leaf=0)
    assert segment.written_bytes == 3
    segment.append(b"two")
    segment.sync()
    segment.close()
    assert NAME.open_path(tmp_path).read_bytes() == b"onetwo"


def test_a_slice_is_a_window_of_its_segment(tmp_path: Path) -> None:
    put(tmp_path, NAME, b"0123456789")
    place = SliceLocation(segment=str(NAME), offset_bytes=3, length_bytes=4)
    with open_slice(tmp_path, place) as stream:
        assert stream.read() == b"3456"
        stream.seek(1)
        assert stream.read(2) == b"45"
        assert stream.seek(0, io.SEEK_END) == 4
        assert stream.read() == b""


def test_a_slice_cannot_reach_outside_the_folder(tmp_path: Path) -> None:
    place = SliceLocation(segment="../x.warc.gz", offset_bytes=0, length_bytes=1)
    with pytest.raises(FormatError):
        open_slice(tmp_path, place)


@given(st.lists(st.tuples(st.integers(-3, 14), st.integers(0, 14)), max_size=8))
def test_a_window_reads_like_the_bytes_it_shows(moves: list[tuple[int, int]]) -> None:
    path = Path(__file__)
    window = FileWindow(path, 5, 10)
    model = io.BytesIO(path.read_bytes()[5:15])
    with window:
        for place, count in moves:
            window.seek(place)
            model.seek(max(0, min(10, place)))
            assert window.read(count) == model.read(count)
