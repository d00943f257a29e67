import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from archive.errors import Unreadable
from archive.files import Files, temporary_path
from archive.log.log import TiledLog
from archive.log.merkle import leaf_hash, root_from_hashes
from archive.log.note import NoteSigner
from archive.log.tiles import format_entry_bundle
from tests.support.archives.log_parts import QuickFiles

SIZES = (100, 200, 300, 310)


@pytest.fixture
def folder(tmp_path: Path, log: TiledLog, signer: NoteSigner) -> Path:
    """A log of 310 leaves that keeps a stale partial file of each width it had."""
    for size in SIZES:
        leaves = [f"leaf {i}\n".encode() for i in range(log.size, size)]
        log.append_and_publish(leaves, origin=signer.vkey.name, signer=signer)
    return tmp_path / "log"


def all_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def rewrite(path: Path, data: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(data)


def problems(log: TiledLog, size: int = SIZES[-1]) -> list[tuple[str, str]]:
    return list(log.iter_tile_problems(size))


def test_sound_log_has_no_problem(folder: Path, log: TiledLog) -> None:
    names = [path.relative_to(folder).as_posix() for path in all_files(folder)]
    assert "tile/0/001.p/44" in names
    assert "tile/0/001.p/54" in names
    assert problems(log) == []
    assert list(log.iter_tile_problems(310, allow_unpublished=False)) == []


def test_each_flipped_bit_of_each_file_is_found_and_its_file_named(
    folder: Path, log: TiledLog
) -> None:
    """Sampled over the file; the reason may lie in the entries or in the tile."""
    for path in all_files(folder):
        relative = path.relative_to(folder).as_posix()
        data = path.read_bytes()
        if relative == "checkpoint":
            continue
        for at in {0, 1, 2, len(data) // 2, len(data) - 1}:
            changed = bytearray(data)
            changed[at] ^= 0x10
            rewrite(path, bytes(changed))
            found = problems(log)
            assert found, (relative, at)
            named = {name for name, _ in found}
            # An edited entry shows at the tile of the same number, too.
            twin = relative.replace("entries", "0")
            assert named & {relative, twin}, (relative, at, found)
        rewrite(path, data)
    assert problems(log) == []


def test_each_missing_file_that_is_needed_is_named(folder: Path, log: TiledLog) -> None:
    for path in all_files(folder):
        relative = path.relative_to(folder).as_posix()
        data = path.read_bytes()
        path.unlink()
        stale = relative.endswith("/44")
        named = {name for name, _ in problems(log)}
        assert (relative in named) is not stale
        path.write_bytes(data)
    assert problems(log) == []


@pytest.mark.parametrize("change", [b"", b"x"], ids=["shorter", "longer"])
def test_each_file_of_another_length_is_named(
    folder: Path, log: TiledLog, change: bytes
) -> None:
    for path in all_files(folder):
        data = path.read_bytes()
        rewrite(path, data + change if change else data[:-1])
        assert path.relative_to(folder).as_posix() in {
            name for name, _ in problems(log)
        }
        rewrite(path, data)


def test_bundle_of_fewer_entries_than_its_name_says_is_named(
    folder: Path, log: TiledLog
) -> None:
    path = folder / "tile/entries/001.p/44"
    rewrite(path, (folder / "tile/entries/001.p/54").read_bytes())
    assert problems(log) == [("tile/entries/001.p/44", "holds 54 entries, not 44")]


def test_file_of_no_possible_length_is_named_and_not_loaded(
    folder: Path, log: TiledLog
) -> None:
    path = folder / "tile/0/000"
    path.chmod(0o644)
    os.truncate(path, 1 << 40)
    ((name, reason),) = problems(log)
    assert name == "tile/0/000"
    assert "longer than" in reason


def test_consistent_lie_in_entries_and_tiles_shows_at_the_root(
    tmp_path: Path, folder: Path, signer: NoteSigner
) -> None:
    """All tiles recomputed after one entry was replaced: only the root is left."""
    forged = TiledLog(tmp_path / "forged", QuickFiles())
    forged.create()
    leaves = [f"leaf {i}\n".encode() for i in range(310)]
    leaves[17] = b"another leaf\n"
    forged.append_and_publish(leaves, origin=signer.vkey.name, signer=signer)
    rewrite(tmp_path / "forged/checkpoint", (folder / "checkpoint").read_bytes())
    assert [name for name, _ in problems(forged)] == ["checkpoint"]


def test_root_of_the_caller_is_the_one_compared(folder: Path, log: TiledLog) -> None:
    hashes = [leaf_hash(f"leaf {i}\n".encode()) for i in range(310)]
    for size in (0, 1, 255, 256, 300, 310):
        good = root_from_hashes(hashes[:size])
        assert [
            name
            for name, _ in log.iter_tile_problems(size, good)
            if name == "checkpoint"
        ] == []
        assert (
            "checkpoint",
            f"its root is not that of the first {size} entries",
        ) in list(log.iter_tile_problems(size, bytes(32)))
    assert list(log.iter_tile_problems(310, root_from_hashes(hashes))) == []


def test_size_that_the_entries_do_not_reach_is_a_problem(
    folder: Path, log: TiledLog
) -> None:
    for size in (311, 512, 513, 100_000):
        named = {name for name, _ in log.iter_tile_problems(size, bytes(32))}
        assert "checkpoint" in named
        assert len(named) > 1


def test_checkpoint_of_another_size_or_none_is_a_problem(
    folder: Path, log: TiledLog
) -> None:
    assert ("checkpoint", "its size is 310, not 300") in problems(log, 300)
    data = (folder / "checkpoint").read_bytes()
    (folder / "checkpoint").write_bytes(data + b"x")
    assert [name for name, _ in problems(log)] == ["checkpoint"]
    (folder / "checkpoint").unlink()
    assert problems(log) == [("checkpoint", "missing")]


def test_entries_beyond_the_checkpoint_are_compared_too(
    folder: Path, log: TiledLog, signer: NoteSigner
) -> None:
    """A crash came between tiles and checkpoint: sound until something is edited."""
    before = (folder / "checkpoint").read_bytes()
    leaves = [f"leaf {i}\n".encode() for i in range(310, 600)]
    log.append_and_publish(leaves, origin=signer.vkey.name, signer=signer)
    (folder / "checkpoint").write_bytes(before)
    at_rest = log.iter_tile_problems(310, allow_unpublished=False)
    assert {name for name, _ in at_rest} == {
        "tile/0/001",
        "tile/0/002.p/88",
        "tile/1/000.p/2",
        "tile/entries/001",
        "tile/entries/002.p/88",
    }
    stale = folder / "tile/0/002.p/88"
    assert {name for name, _ in problems(log)} == set()
    rewrite(stale, bytes(32) + stale.read_bytes()[32:])
    assert problems(log) == [("tile/0/002.p/88", "hash 0 is not that of the entries")]


@pytest.mark.parametrize(
    "name",
    [
        "notes.txt",
        "tile/0/notes.txt",
        "tile/0/001.p/044",
        "tile/0/x000/000",
        "tile/entries/001.p/a",
        "entries/000",
        "tile/0/002",
        "tile/0/001.p/200",
        "tile/1/000.p/2",
        "tile/2/000.p/1",
        "tile/entries/003",
        "tile/entries/x001/000.p/7",
        "checkpoint.old",
        "tile/checkpoint",
        ".hidden",
    ],
)
def test_planted_file_is_named(folder: Path, log: TiledLog, name: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(bytes(32))
    assert name in {found for found, _ in problems(log)}


def test_good_bytes_under_a_name_that_belongs_to_no_entry_are_named(
    folder: Path, log: TiledLog
) -> None:
    (folder / "tile/entries/003").write_bytes(format_entry_bundle([b"x"] * 256))
    assert [name for name, _ in problems(log)] == ["tile/entries/003"]


def test_unfinished_write_is_named_until_recovery(folder: Path, log: TiledLog) -> None:
    left = temporary_path(folder / "tile/0/001.p/99")
    left.write_bytes(b"half")
    ((name, reason),) = problems(log)
    assert name == "tile/0/001.p/.99.unfinished"
    assert "interrupted" in reason
    assert log.recover() == 1
    assert problems(log) == []


@pytest.mark.parametrize(
    "plant",
    [
        lambda path: path.symlink_to(path.with_name("elsewhere")),
        lambda path: path.symlink_to(path.parent),
        lambda path: os.mkfifo(path),
    ],
    ids=["dangling link", "link to a folder", "pipe"],
)
@pytest.mark.parametrize(
    "name", ["tile/0/000", "tile/entries/000", "checkpoint", "new"]
)
def test_link_or_pipe_is_named_and_not_followed(
    folder: Path, log: TiledLog, plant: Callable[[Path], None], name: str
) -> None:
    (folder / name).unlink(missing_ok=True)
    plant(folder / name)
    assert (name, "not a regular file") in problems(log)


def test_link_to_the_same_bytes_is_still_refused(folder: Path, log: TiledLog) -> None:
    path = folder / "tile/0/000"
    path.rename(folder.parent / "moved")
    path.symlink_to(folder.parent / "moved")
    assert ("tile/0/000", "not a regular file") in problems(log)


def test_partial_file_that_a_writer_removes_meanwhile_is_no_problem(
    folder: Path,
) -> None:
    """The full bundle stands in for the one that was listed and is gone."""

    class Racing(QuickFiles):
        armed = True

        def read(self, path: Path, *, limit_bytes: int) -> bytes | None:
            if self.armed and path.name == "44":
                self.armed = False
                path.unlink()
                path.parent.with_suffix("").write_bytes(b"full")
            return Files.read(self, path, limit_bytes=limit_bytes)

    assert problems(TiledLog(folder, Racing())) == []


def test_listed_file_that_vanishes_without_successor_is_named(folder: Path) -> None:
    class Losing(QuickFiles):
        def read(self, path: Path, *, limit_bytes: int) -> bytes | None:
            if path.name == "44":
                path.unlink(missing_ok=True)
            return Files.read(self, path, limit_bytes=limit_bytes)

    found = list(TiledLog(folder, Losing()).iter_tile_problems(310))
    assert {name for name, _ in found} == {"tile/0/001.p/44", "tile/entries/001.p/44"}


def test_name_that_is_gone_when_it_is_looked_at_is_no_problem(folder: Path) -> None:
    class Late(QuickFiles):
        def list_names(self, folder: Path) -> list[str]:
            return [*Files.list_names(self, folder), "999.p"]

    assert problems(TiledLog(folder, Late())) == []


def test_checkpoint_that_the_disk_does_not_give_is_no_problem_of_the_log(
    folder: Path, log: TiledLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    opening = os.open

    def fails(path: Path, *arguments: int) -> int:
        if path == folder / "checkpoint":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return opening(path, *arguments)

    monkeypatch.setattr(os, "open", fails)
    with pytest.raises(Unreadable, match="checkpoint"):
        list(log.iter_tile_problems(SIZES[-1]))
