from pathlib import Path

import pytest

from archive.errors import Truncated
from archive.files import Files
from archive.log.tilefiles import TileFiles
from archive.log.tiles import entries_path, tile_path


def test_reading_takes_the_narrowest_file_that_is_wide_enough(tmp_path: Path) -> None:
    tiles = TileFiles(tmp_path, Files())
    hashes = [bytes([i]) * 32 for i in range(256)]
    entries = [bytes([i]) for i in range(256)]
    for width in (5, 9, 20):
        tiles.write_tile(0, 0, hashes[:width])
        tiles.write_bundle(0, entries[:width])
    for width in (5, 7, 9, 20):
        assert tiles.read_tile(0, 0, width) == hashes[:width]
        assert tiles.read_bundle(0, width) == entries[:width]
    for width in (21, 256):
        with pytest.raises(Truncated, match="is missing"):
            tiles.read_tile(0, 0, width)
    tiles.write_tile(0, 0, hashes)
    tiles.remove_covered(20, 256)
    assert tiles.read_tile(0, 0, 5) == hashes[:5]
    assert not (tmp_path / "tile/0/000.p").exists()
    assert not (tmp_path / "tile/entries/000.p").exists()
    tiles.remove_covered(20, 256)


def test_file_narrower_than_its_name_is_named(tmp_path: Path) -> None:
    tiles = TileFiles(tmp_path, Files())
    files = Files()
    for path, data in ((tile_path(0, 0, 9), bytes(64)), (entries_path(0, 9), b"\0\0")):
        files.make_folder((tmp_path / path).parent)
        files.write_once(tmp_path / path, data)
    with pytest.raises(Truncated, match=r"tile/0/000\.p/9: 2 hashes"):
        tiles.read_tile(0, 0, 5)
    with pytest.raises(Truncated, match=r"entries/000\.p/9: 1 entries"):
        tiles.read_bundle(0, 1)


def test_foreign_file_among_partials_is_left_for_verify(tmp_path: Path) -> None:
    tiles = TileFiles(tmp_path, Files())
    tiles.write_tile(0, 0, [bytes(32)])
    (tmp_path / "tile/0/000.p/01").write_bytes(b"?")
    tiles.remove_covered(0, 256)
    assert [path.name for path in (tmp_path / "tile/0/000.p").iterdir()] == ["01"]


def test_recovery_finds_every_needless_partial_file_and_no_other(
    tmp_path: Path,
) -> None:
    tiles = TileFiles(tmp_path, Files())
    for level, n in ((0, 0), (0, 1), (0, 999), (0, 1000), (1, 2), (1, 3)):
        tiles.write_tile(level, n, [bytes(32)])
        tiles.write_bundle(n, [b"x"])
    (tmp_path / "other.p").mkdir()
    (tmp_path / "other.p" / "1").write_bytes(b"")
    tiles.remove_all_covered(1000 * 256)
    left = {
        path.relative_to(tmp_path).as_posix()
        for path in tmp_path.rglob("*")
        if path.is_file()
    }
    assert left == {
        "other.p/1",
        "tile/0/x001/000.p/1",
        "tile/1/003.p/1",
        "tile/entries/x001/000.p/1",
    }
