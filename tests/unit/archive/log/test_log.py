"""A log that grows: its files, its root, its checkpoints, and what stops it."""

from pathlib import Path

import pytest

from archive.errors import (
    ImmutableConflict,
    InconsistentCheckpoint,
    KeyProblem,
    LimitExceeded,
    LogExists,
    LogMissing,
    MalformedNote,
    Truncated,
)
from archive.files import Files
from archive.log import log as log_module
from archive.log.checkpoint import Checkpoint, open_checkpoint
from archive.log.log import TiledLog
from archive.log.merkle import (
    EMPTY_ROOT,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)
from archive.log.note import (
    Ed25519Verify,
    NoteSigner,
)
from tests.support.archives.leaves import grow, make_leaves, root_of
from tests.support.archives.log_parts import FixedSigner, QuickFiles
from tests.support.disk.folders import contents


def test_new_log_is_empty_until_its_first_checkpoint(
    log: TiledLog, signer: NoteSigner
) -> None:
    assert log.read_checkpoint() is None
    assert log.size == 0
    done = log.append_and_publish([], origin=signer.vkey.name, signer=signer)
    assert done == Checkpoint(origin=signer.vkey.name, size=0, root=EMPTY_ROOT)
    assert list(log.iter_tile_problems(0)) == []


def test_log_is_not_made_twice(
    tmp_path: Path, log: TiledLog, signer: NoteSigner
) -> None:
    log.create()
    grow(log, signer, 1)
    with pytest.raises(LogExists):
        log.create()


def test_folder_without_log_is_said_to_be_none(
    tmp_path: Path, signer: NoteSigner
) -> None:
    absent = TiledLog(tmp_path / "absent", Files())
    with pytest.raises(LogMissing):
        absent.read_checkpoint()
    with pytest.raises(LogMissing):
        absent.append_and_publish([b"x"], origin=signer.vkey.name, signer=signer)
    assert not (tmp_path / "absent").exists()


def test_published_checkpoint_is_durable_signed_and_read_only_where_final(
    tmp_path: Path, signer: NoteSigner, verify: Ed25519Verify
) -> None:
    log = TiledLog(tmp_path / "log", Files())
    log.create()
    done = grow(log, signer, 3)
    data = log.read_checkpoint()
    assert data is not None
    assert open_checkpoint(data, signer.vkey, verify) == done
    for path in (tmp_path / "log" / "tile").rglob("*"):
        if path.is_file():
            assert path.stat().st_mode & 0o777 == 0o444


def test_tree_is_right_at_every_edge(log: TiledLog, signer: NoteSigner) -> None:
    sizes = (1, 2, 255, 256, 257, 300, 511, 512, 513, 769, 1100)
    checkpoints = [grow(log, signer, size) for size in sizes]
    final = checkpoints[-1]
    assert list(log.iter_tile_problems(final.size)) == []
    assert list(log.read_leaves(0, final.size)) == make_leaves(0, final.size)
    assert list(log.read_leaves(250, 520)) == make_leaves(250, 520)
    assert list(log.read_leaves(7, 7)) == []
    for old in checkpoints:
        verify_consistency(
            old_size=old.size,
            new_size=final.size,
            old_root=old.root,
            new_root=final.root,
            proof=log.prove_consistency(old.size, final.size),
        )
        for index in {0, old.size // 2, old.size - 1}:
            verify_inclusion(
                leaf_hash=leaf_hash(make_leaves(index, index + 1)[0]),
                index=index,
                size=old.size,
                proof=log.prove(index, old.size),
                root=old.root,
            )


def test_tree_of_70000_leaves_has_the_tiles_of_the_specification(
    tmp_path: Path, log: TiledLog, signer: NoteSigner
) -> None:
    grow(log, signer, 65_535, 65_536, 70_000)
    names = set(contents(tmp_path / "log"))
    hashed = {name for name in names if "entries" not in name} - {"checkpoint"}
    full = {f"tile/0/{n:03d}" for n in range(273)} | {"tile/1/000"}
    partial = {"tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"}
    assert hashed == full | partial
    assert list(log.iter_tile_problems(70_000)) == []


def test_partial_files_go_once_their_full_file_is_published(
    tmp_path: Path, log: TiledLog, signer: NoteSigner
) -> None:
    grow(log, signer, 10, 20, 255)
    partials = [name for name in contents(tmp_path / "log") if ".p/" in name]
    assert len(partials) == 6
    grow(log, signer, 256)
    partials = [name for name in contents(tmp_path / "log") if ".p/" in name]
    assert partials == ["tile/1/000.p/1"]
    assert not (tmp_path / "log/tile/0/000.p").exists()


def test_one_append_reads_and_writes_only_the_right_edge(
    tmp_path: Path, signer: NoteSigner
) -> None:
    class CountingFiles(QuickFiles):
        touched = 0

        def read(self, path: Path, *, limit_bytes: int) -> bytes | None:
            CountingFiles.touched += 1
            return Files.read(self, path, limit_bytes=limit_bytes)

    log = TiledLog(tmp_path / "log", CountingFiles())
    log.create()
    grow(log, signer, 5_000)
    CountingFiles.touched = 0
    grow(log, signer, 5_001)
    assert CountingFiles.touched < 20


def test_nothing_new_is_not_signed_again(log: TiledLog, signer: NoteSigner) -> None:
    done = grow(log, signer, 5)
    before = log.read_checkpoint()

    class Refusing:
        vkey = signer.vkey

        def sign(self, message: bytes) -> bytes:
            raise AssertionError("signed a second time")

    again = log.append_and_publish([], origin=signer.vkey.name, signer=Refusing())
    assert again == done
    assert log.read_checkpoint() == before


def test_leaves_that_are_logged_already_are_not_logged_twice(
    log: TiledLog, signer: NoteSigner
) -> None:
    grow(log, signer, 5)
    origin = signer.vkey.name
    done = log.append_and_publish(
        make_leaves(3, 8), origin=origin, signer=signer, first=3
    )
    assert (done.size, done.root) == (8, root_of(8))
    same = log.append_and_publish(
        make_leaves(0, 8), origin=origin, signer=signer, first=0
    )
    assert same == done
    with pytest.raises(InconsistentCheckpoint, match="other ones"):
        log.append_and_publish([b"other\n"], origin=origin, signer=signer, first=7)
    for leaves, first in (
        (make_leaves(9, 10), 9),
        (make_leaves(0, 3), 0),
        ([], 9),
        ([], 7),
    ):
        with pytest.raises(InconsistentCheckpoint, match="cannot go on"):
            log.append_and_publish(leaves, origin=origin, signer=signer, first=first)
    assert log.size == 8


def test_second_writer_cannot_make_a_second_root(
    tmp_path: Path, signer: NoteSigner
) -> None:
    """Between tiles and checkpoint another process publishes the same, or more."""
    folder = tmp_path / "log"

    class Raced(QuickFiles):
        armed = True

        def write_once(self, path: Path, data: bytes) -> None:
            super().write_once(path, data)
            if self.armed and "/tile/0/" in path.as_posix():
                self.armed = False
                grow(TiledLog(folder, QuickFiles()), signer, 6)

    log = TiledLog(folder, Raced())
    log.create()
    for leaves in (make_leaves(0, 6), make_leaves(0, 3)):
        with pytest.raises(InconsistentCheckpoint, match="second writer"):
            log.append_and_publish(leaves, origin=signer.vkey.name, signer=signer)
        assert log.size == 6
        (folder / "checkpoint").unlink()
        log = TiledLog(folder, Raced())


def test_another_append_than_the_one_begun_is_refused(
    tmp_path: Path, log: TiledLog, signer: NoteSigner
) -> None:
    grow(log, signer, 4)
    (tmp_path / "log" / "checkpoint").unlink()
    with pytest.raises(ImmutableConflict):
        log.append_and_publish([b"x"] * 4, origin=signer.vkey.name, signer=signer)
    assert log.read_checkpoint() is None


def test_edited_edge_stops_the_log_before_it_signs(
    tmp_path: Path, log: TiledLog, signer: NoteSigner
) -> None:
    grow(log, signer, 300)
    before = log.read_checkpoint()
    for name, error in (
        ("tile/0/001.p/44", InconsistentCheckpoint),
        ("tile/1/000.p/1", InconsistentCheckpoint),
        ("tile/entries/001.p/44", InconsistentCheckpoint),
        ("checkpoint", InconsistentCheckpoint),
    ):
        path = tmp_path / "log" / name
        data = path.read_bytes()
        path.chmod(0o644)
        at = data.index(b"\n300\n") + 1 if name == "checkpoint" else 7
        changed = b"299" if name == "checkpoint" else bytes([data[at] ^ 1])
        path.write_bytes(data[:at] + changed + data[at + len(changed) :])
        with pytest.raises((error, Truncated)):
            grow(log, signer, 301)
        path.write_bytes(data)
        assert log.read_checkpoint() == before
    grow(log, signer, 301)


def test_missing_edge_is_named(
    tmp_path: Path, log: TiledLog, signer: NoteSigner
) -> None:
    grow(log, signer, 300)
    (tmp_path / "log/tile/0/001.p/44").unlink()
    with pytest.raises(Truncated, match=r"tile/0/001\.p/44 is missing"):
        grow(log, signer, 301)


def test_foreign_key_or_origin_signs_nothing(log: TiledLog, signer: NoteSigner) -> None:
    grow(log, signer, 2)
    before = log.read_checkpoint()
    stranger = FixedSigner(signer.vkey.name, b"\x01" * 32)
    with pytest.raises(KeyProblem, match="another key"):
        log.append_and_publish([b"x"], origin=signer.vkey.name, signer=stranger)
    with pytest.raises(KeyProblem, match="the log key is that of"):
        log.append_and_publish([b"x"], origin="other", signer=signer)
    other = FixedSigner("other")
    with pytest.raises(InconsistentCheckpoint, match="not other"):
        log.append_and_publish([b"x"], origin="other", signer=other)
    assert log.read_checkpoint() == before


def test_damaged_checkpoint_stops_the_log(
    tmp_path: Path, log: TiledLog, signer: NoteSigner
) -> None:
    grow(log, signer, 2)
    (tmp_path / "log" / "checkpoint").write_bytes(b"damaged")
    with pytest.raises(MalformedNote):
        grow(log, signer, 3)


def test_leaf_or_log_beyond_the_bounds_is_refused(
    log: TiledLog, signer: NoteSigner, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(LimitExceeded):
        log.append_and_publish([b"x" * 65_536], origin=signer.vkey.name, signer=signer)
    monkeypatch.setattr(log_module, "MAX_TREE_SIZE", 3)
    with pytest.raises(LimitExceeded):
        log.append_and_publish([b"x"] * 4, origin=signer.vkey.name, signer=signer)


def test_reading_outside_the_tree_is_our_own_mistake(
    log: TiledLog, signer: NoteSigner
) -> None:
    grow(log, signer, 3)
    with pytest.raises(AssertionError):
        list(log.read_leaves(2, 1))
    with pytest.raises(AssertionError):
        log.hash_reader(3)([(1, 1)])
    with pytest.raises(Truncated):
        list(log.read_leaves(0, 4))
