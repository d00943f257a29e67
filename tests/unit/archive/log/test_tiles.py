import pytest

from archive.errors import FormatError, LimitExceeded, MalformedLeaf
from archive.log.tiles import (
    TileName,
    entries_path,
    format_entry_bundle,
    parse_entry_bundle,
    parse_tile,
    parse_tile_path,
    tile_path,
)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        (TileName(level=0, n=0, width=256), "tile/0/000"),
        (TileName(level=0, n=273, width=112), "tile/0/273.p/112"),
        (TileName(level=2, n=0, width=1), "tile/2/000.p/1"),
        (TileName(level=63, n=1_234_067, width=256), "tile/63/x001/x234/067"),
        (TileName(level=None, n=999, width=255), "tile/entries/999.p/255"),
        (TileName(level=None, n=1000, width=256), "tile/entries/x001/000"),
        (
            TileName(level=0, n=999_999_999_999_999, width=256),
            "tile/0/x999/x999/x999/x999/999",
        ),
    ],
)
def test_name_of_a_tile_is_that_of_the_specification(name: TileName, path: str) -> None:
    assert name.path == path
    assert parse_tile_path(path) == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "checkpoint",
        "tile",
        "tile/0",
        "tile/0/0",
        "tile/0/0000",
        "tile/00/000",
        "tile/64/000",
        "tile/100/000",
        "tile/-1/000",
        "tile/x/000",
        "tile/Entries/000",
        "tile/0/x000/000",
        "tile/0/x000/x001/000",
        "tile/0/001/000",
        "tile/0/x001/x000",
        "tile/0/x001/x001/x001/x001/x001/001",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/999",
        "tile/0/000.p/1/1",
        "tile/0/٠00",
        "tile/0/000\n",
        "/tile/0/000",
        "tile//0/000",
        "tile/0/../0/000",
    ],
)
def test_other_spelling_is_no_tile(text: str) -> None:
    with pytest.raises(FormatError):
        parse_tile_path(text)


def test_position_that_does_not_exist_is_our_own_mistake() -> None:
    for call in (
        lambda: tile_path(64, 0, 1),
        lambda: tile_path(-1, 0, 1),
        lambda: tile_path(0, -1, 1),
        lambda: tile_path(0, 10**15, 1),
        lambda: entries_path(0, 0),
        lambda: entries_path(0, 257),
        lambda: format_entry_bundle([]),
        lambda: format_entry_bundle([b"x"] * 257),
    ):
        with pytest.raises(AssertionError):
            call()


def test_bundle_is_length_and_entry() -> None:
    data = b"\x00\x03abc\x00\x00\x00\x01d"
    assert parse_entry_bundle(data) == [b"abc", b"", b"d"]
    assert format_entry_bundle([b"abc", b"", b"d"]) == data
    longest = b"x" * 65_535
    assert parse_entry_bundle(format_entry_bundle([longest])) == [longest]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "without entries"),
        (b"\x00", "offset 0"),
        (b"\x00\x02a", "offset 0"),
        (b"\x00\x01a\x00", "offset 3"),
        (b"\x00\x01a\x00\x01", "offset 3"),
        (b"\x00\x00" * 257, "behind 256"),
    ],
)
def test_malformed_bundle_is_refused_with_its_offset(data: bytes, words: str) -> None:
    with pytest.raises(MalformedLeaf, match=words):
        parse_entry_bundle(data)


def test_entry_too_long_for_its_length_is_refused() -> None:
    with pytest.raises(LimitExceeded):
        format_entry_bundle([b"x" * 65_536])


@pytest.mark.parametrize("length", [0, 1, 31, 33, 257 * 32])
def test_tile_of_no_whole_hashes_is_refused(length: int) -> None:
    with pytest.raises(FormatError):
        parse_tile(bytes(length))
