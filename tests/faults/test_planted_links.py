"""Links planted in an archive are refused, never followed; what we make is ours."""

import os
import shutil
from pathlib import Path

import pytest

from archive.errors import StoreError
from archive.files import Files
from archive.store.reading.reader import ArchiveReader
from archive.store.texts import text_path
from archive.verify.reporting.report import Outcome
from archive.verify.whole.folder import verify_archive
from tests.support.archives.archives import MadeArchive, make_archive
from tests.support.archives.texts import write_text
from tests.support.disk.folders import contents, open_segment
from tests.support.programs.inside import call

FOLDERS = ("segments", "log", "spool", "quarantine", "texts", "anchors", "index")
DEEP_FOLDERS = ("segments/2025", "segments/2025/01", "log/tile", "log/tile/0")
FILES = ("lock", "archive.toml", "catalog.sqlite", "catalog.sqlite-journal")
DEEP_FILES = (
    "log/checkpoint",
    "log/.checkpoint.unfinished",
    "spool/00000000.batch",
    "spool/raw-abc",
    "segments/2025/01/OPEN",
    "segments/2025/01/00000001-aaaaaaaa.warc.gz.open",
    "log/tile/0/001",
)


@pytest.fixture
def made(tmp_path: Path) -> MadeArchive:
    archive = make_archive(tmp_path)
    archive.fill(1)
    (archive.root / "index").mkdir()
    return archive


def place_of(made: MadeArchive, name: str) -> Path:
    """The path of a name; OPEN is the open segment."""
    if name.endswith("OPEN"):
        path = open_segment(made.root)
        return path
    return made.root / name


def plant(path: Path, target: Path) -> None:
    """Put what lies at `path` to `target` and a link in its place."""
    if path.exists():
        shutil.move(path, target)
    else:
        target.write_bytes(b"canary")
    path.symlink_to(target)


@pytest.mark.parametrize("name", [*FOLDERS, *DEEP_FOLDERS, *FILES, *DEEP_FILES])
def test_S10_a_link_at_any_name_is_refused_and_its_target_left(
    made: MadeArchive, tmp_path: Path, name: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    path = place_of(made, name)
    plant(path, outside / "target")
    before = contents(outside)
    with pytest.raises(StoreError, match=r"link|no regular file"):
        made.open_writer()
    assert contents(outside) == before
    assert path.is_symlink()


@pytest.mark.parametrize("name", ["spool", "lock", "catalog.sqlite", "index"])
def test_S10_a_link_that_leads_nowhere_makes_nothing_there(
    made: MadeArchive, tmp_path: Path, name: str
) -> None:
    path = made.root / name
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    path.symlink_to(tmp_path / "nowhere")
    with pytest.raises(StoreError):
        made.open_writer()
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("name", ["lock", "catalog.sqlite", "spool/00000000.batch"])
def test_S10_a_pipe_at_the_name_of_a_file_neither_hangs_nor_passes(
    made: MadeArchive, name: str
) -> None:
    (made.root / name).unlink(missing_ok=True)
    os.mkfifo(made.root / name)
    with pytest.raises(StoreError):
        made.open_writer()


def test_S10_a_reader_makes_no_catalog_through_a_link(
    made: MadeArchive, tmp_path: Path
) -> None:
    catalog = made.root / "catalog.sqlite"
    catalog.unlink(missing_ok=True)
    catalog.symlink_to(tmp_path / "nowhere")
    with pytest.raises(Exception, match="is no regular file"):
        ArchiveReader.open(made.root)
    assert not (tmp_path / "nowhere").exists()


def test_S10_a_text_is_not_written_through_a_link(
    made: MadeArchive, tmp_path: Path
) -> None:
    digest = write_text(made.root, "text")
    path = text_path(made.root, digest)
    shutil.move(path, tmp_path / "moved")
    path.symlink_to(tmp_path / "moved")
    with pytest.raises(StoreError, match="link"):
        write_text(made.root, "text")


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_S10_nothing_is_appended_truncated_or_replaced_through_a_link(
    tmp_path: Path, kind: str
) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"canary") if kind == "file" else target.mkdir()
    link = tmp_path / "link"
    link.symlink_to(target)
    files = Files()
    for act in (
        lambda: files.append_to(link),
        lambda: files.truncate(link, 0),
        lambda: files.make_read_only(link),
    ):
        with pytest.raises(StoreError, match="it is a link"):
            act()
    files.replace(link, b"new")
    assert target.is_dir() if kind == "folder" else target.read_bytes() == b"canary"


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777])
@pytest.mark.parametrize("name", [".", "segments", "segments/2025/01", "spool", "log"])
def test_S13_a_folder_that_others_may_write_to_is_refused(
    made: MadeArchive, name: str, mode: int
) -> None:
    path = made.root / name
    path.chmod(mode)
    with pytest.raises(StoreError, match=f"{mode:04o}.*chmod -R go-w"):
        made.open_writer()
    path.chmod(0o755)
    made.open_writer().close()


def test_S10_the_archive_folder_itself_may_be_reached_through_a_link(
    made: MadeArchive, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").symlink_to(made.root)
    made.root = tmp_path / "elsewhere"
    made.fill(1)
    assert verify_archive(made.root, trust=made.trust()).outcome is Outcome.VERIFIED


def test_S13_nothing_we_make_can_be_reached_by_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mask = os.umask(0)
    try:
        made = make_archive(tmp_path)
        with made.open_writer() as writer:
            writer.rotate()
        made.fill(1)
        path = open_segment(made.root)
        os.truncate(path, path.stat().st_size - 5)
        made.open_writer().close()
        write_text(made.root, "text")
        ArchiveReader.open(made.root).close()
        done = call(
            ["--archive", str(made.root), "--keys", str(made.keys_folder), "list"],
            capsys,
        )
        assert done.code == 0, done.err
    finally:
        os.umask(mask)
    for folder in (made.root, made.keys_folder):
        assert folder.stat().st_mode & 0o777 == 0o700
        for path in folder.rglob("*"):
            mode = path.stat().st_mode & 0o777
            if path.is_dir():
                assert mode == 0o700, path
            else:
                assert mode in (0o600, 0o444), (path, oct(mode))
    assert {path.stat().st_mode & 0o777 for path in made.keys_folder.iterdir()} == {
        0o600
    }


def test_S10_an_archive_through_a_link_is_one_sentence_and_exit_6(
    made: MadeArchive, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plant(made.root / "spool", tmp_path / "moved")
    done = call(
        [
            *("--archive", str(made.root), "--keys", str(made.keys_folder)),
            *("capture", "--parts", "none", "http://127.0.0.1:1/"),
        ],
        capsys,
    )
    assert done.code == StoreError.exit_code
    assert len(done.err.strip().splitlines()) == 1
    assert "spool is a link" in done.err
