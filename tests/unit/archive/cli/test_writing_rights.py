"""Who may write: one process, with the archive's own keys, kept to itself."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest

from archive.cli.root import CommandContext, cli
from tests.support.archives.archives import MadeArchive, make_archive
from tests.support.disk.folders import open_segment
from tests.support.programs.inside import Done

Evidence = Callable[..., Done]
Contents = Callable[[Path], dict[str, bytes | None]]

WRITE = "write-of-a-test"
SECONDS = 2.0
"""A second writer hears within this time that it has to wait."""


@pytest.fixture(autouse=True)
def verb() -> Iterator[None]:
    """A verb that opens the archive for writing and does nothing more."""

    @click.command()
    @click.pass_obj
    def write(ctx: CommandContext) -> None:
        ctx.open_writer().close()

    cli.commands[WRITE] = write
    yield
    del cli.commands[WRITE]


HOLDER = """
import fcntl, os, sys
descriptor = os.open(sys.argv[1], os.O_RDWR)
fcntl.flock(descriptor, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def held(made: MadeArchive) -> Iterator[MadeArchive]:
    """The archive while another process writes to it."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(made.root / "lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout
    assert holder.stdout.readline() == b"held\n"
    yield made
    holder.communicate()
    assert holder.returncode == 0


def test_its_own_keys_may_write(evidence: Evidence) -> None:
    assert evidence(WRITE).code == 0


def test_a_second_writer_is_told_at_once_and_changes_nothing(
    held: MadeArchive, evidence: Evidence, contents: Contents
) -> None:
    before = contents(held.root)
    begun = time.monotonic()
    done = evidence(WRITE)
    assert time.monotonic() - begun < SECONDS
    assert done.code == 6
    assert "another process is writing" in done.err
    assert contents(held.root) == before


def test_readers_do_not_mind_a_writer(held: MadeArchive, evidence: Evidence) -> None:
    assert evidence("list").code == 0
    assert evidence("verify").code == 0
    assert held.root.exists()


def test_a_writer_inside_this_process_counts_too(
    made: MadeArchive, evidence: Evidence
) -> None:
    with made.open_writer():
        assert evidence(WRITE).code == 6
    assert evidence(WRITE).code == 0


def swap_operator(keys: Path, other: Path) -> None:
    """Another archive's operator key."""
    shutil.copy(other / "operator.pem", keys / "operator.pem")


def swap_log(keys: Path, other: Path) -> None:
    """Another archive's log key."""
    shutil.copy(other / "log.pem", keys / "log.pem")


def swap_root(keys: Path, other: Path) -> None:
    """Another archive's root key."""
    shutil.copy(other / "root.pem", keys / "root.pem")


def lose_operator(keys: Path, other: Path) -> None:
    """No operator key at all."""
    (keys / "operator.pem").unlink()


def cut_operator(keys: Path, other: Path) -> None:
    """Half a key."""
    data = (keys / "operator.pem").read_bytes()
    (keys / "operator.pem").write_bytes(data[: len(data) // 2])


def wrong_kind(keys: Path, other: Path) -> None:
    """A key of another algorithm."""
    shutil.copy(keys / "log.pem", keys / "operator.pem")


def open_file(keys: Path, other: Path) -> None:
    """A key file that others may read."""
    (keys / "log.pem").chmod(0o644)


def open_folder(keys: Path, other: Path) -> None:
    """A folder that others may enter."""
    keys.chmod(0o755)


def lose_folder(keys: Path, other: Path) -> None:
    """No folder."""
    shutil.rmtree(keys)


@pytest.mark.parametrize(
    "damage",
    [
        swap_operator,
        swap_log,
        swap_root,
        lose_operator,
        cut_operator,
        wrong_kind,
        open_file,
        open_folder,
        lose_folder,
    ],
)
def test_wrong_keys_are_refused_by_name_and_nothing_is_written(
    damage: Callable[[Path, Path], None],
    made: MadeArchive,
    evidence: Evidence,
    contents: Contents,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    # A second archive made by the same fixed randomness has keys of its own all the
    # same: keys come from the system.
    other = make_archive(tmp_path_factory.mktemp("other"))
    damage(made.keys_folder, other.keys_folder)
    before = contents(made.root)
    done = evidence(WRITE)
    assert done.code == 7
    assert str(made.keys_folder) in done.err
    assert len(done.err.splitlines()) == 1
    assert contents(made.root) == before


def test_the_root_key_may_be_elsewhere(made: MadeArchive, evidence: Evidence) -> None:
    (made.keys_folder / "root.pem").unlink()
    assert evidence(WRITE).code == 0


def test_an_archive_that_lost_its_log_is_refused(
    made: MadeArchive, evidence: Evidence
) -> None:
    shutil.rmtree(made.root / "log")
    done = evidence(WRITE)
    assert done.code == 7
    assert done.err.startswith("evidence: ")


def test_the_open_segment_comes_back_from_its_redo_file(
    made: MadeArchive, evidence: Evidence
) -> None:
    captures = made.fill(2)
    shutil.rmtree(made.root / "segments")
    assert evidence(WRITE).code == 0
    assert evidence("verify").code == 0
    assert evidence("show", captures[1].short_id).code == 0


def test_lost_sealed_segments_are_refused_and_nothing_is_invented(
    made: MadeArchive, evidence: Evidence
) -> None:
    made.fill(1)
    with made.open_writer() as writer:
        writer.rotate()
    shutil.rmtree(made.root / "segments")
    done = evidence(WRITE)
    assert done.code == 6
    assert "holds no segment; restore it from a copy" in done.err
    assert list((made.root / "spool").glob("*.batch")), "what is left of them"
    assert "restore it from a copy" in done.err


@pytest.mark.parametrize(
    ("cut", "words"), [(3, "quarantine/"), (None, "written again")]
)
def test_recovery_is_told_once_with_what_became_of_the_bytes(
    cut: int | None, words: str, made: MadeArchive, evidence: Evidence
) -> None:
    start = made.fill(2)[-1].location.offset_bytes
    path = open_segment(made.root)
    os.truncate(path, start if cut is None else path.stat().st_size - cut)
    done = evidence(WRITE)
    assert done.code == 0
    assert done.out == ""
    lines = done.err.splitlines()
    assert all(line.startswith("recovered: ") for line in lines)
    assert path.name.removesuffix(".open") in lines[0]
    assert words in lines[0]
    assert "`incident`" in lines[-1]
    assert evidence(WRITE).err == ""
