"""Links, pipes, foreign files and texts put into the folder.

Each attack changes a copy of a VERIFIED archive. Then the whole procedure must come to
an end in bounded time and memory, raise nothing, not say VERIFIED, and name the place
in a finding that counts.
"""

import os
import shutil
from pathlib import Path

import pytest

from archive.store.texts import text_path
from tests.support.archives.archives import MadeArchive
from tests.support.archives.texts import write_text
from tests.support.attacks.attacks import Attacks, assert_refused
from tests.support.attacks.forgery import (
    flip,
    link_to_copy,
    pipe_at,
    rewrite,
    segments,
)

pytestmark = pytest.mark.timeout(120)
ATTACKS = Attacks()
attack = ATTACKS.attack


# The folder: links, pipes, foreign files, what a name may hide


@attack("segments/2025/01/00000000", 17)
def a_segment_is_a_link(made: MadeArchive) -> None:
    link_to_copy(segments(made.root)[0], made.root.parent / "elsewhere")


@attack("segments/2025/01", 17)
def a_month_is_a_link(made: MadeArchive) -> None:
    link_to_copy(made.root / "segments/2025/01", made.root.parent / "elsewhere")


@attack("segments", 17)
def the_segments_folder_is_a_link(made: MadeArchive) -> None:
    link_to_copy(made.root / "segments", made.root.parent / "elsewhere")


@attack("segments/2025/01/00000002", 17)
def a_segment_is_a_pipe(made: MadeArchive) -> None:
    pipe_at(made.root / "segments/2025/01/00000002-aaaaaaaa.warc.gz.open")


@attack("segments/2025/01/00000002", 17)
def a_segment_is_a_folder(made: MadeArchive) -> None:
    (made.root / "segments/2025/01/00000002-aaaaaaaa.warc.gz.open").mkdir()


@attack("segments/2025/01/note.txt", 17)
def a_foreign_file_lies_among_the_segments(made: MadeArchive) -> None:
    (made.root / "segments/2025/01/note.txt").write_bytes(b"x")


@attack("extra", 17)
def a_foreign_file_lies_in_the_archive(made: MadeArchive) -> None:
    (made.root / "extra").write_bytes(b"x")


@attack("quarantine/raw-abc", 17)
def a_folder_with_files_hides_under_a_known_name(made: MadeArchive) -> None:
    (made.root / "quarantine" / "raw-abc").mkdir()
    (made.root / "quarantine" / "raw-abc" / "hidden").write_bytes(b"x")


@attack("spool/raw-abc", 17)
def a_pipe_lies_in_the_spool(made: MadeArchive) -> None:
    pipe_at(made.root / "spool" / "raw-abc")


@attack("texts/", 17)
def a_folder_hides_among_the_texts(made: MadeArchive) -> None:
    (made.root / "texts" / ("0" * 64 + ".gz")).mkdir()


@attack("spool", 17)
def a_file_stands_for_the_spool(made: MadeArchive) -> None:
    shutil.rmtree(made.root / "spool")
    (made.root / "spool").write_bytes(b"anything")


@attack("anchors", 17)
def a_file_stands_for_the_anchors(made: MadeArchive) -> None:
    shutil.rmtree(made.root / "anchors")
    (made.root / "anchors").write_bytes(b"anything")


@attack("anchors", 17)
def a_pipe_stands_for_the_anchors(made: MadeArchive) -> None:
    pipe_at(made.root / "anchors")


@attack("anchors/7", 17)
def a_token_lies_there_that_nobody_logged(made: MadeArchive) -> None:
    (made.root / "anchors/7").mkdir()
    (made.root / "anchors/7/1.tsr").write_bytes(b"x")


@attack("lock", 17)
def the_lock_is_not_empty(made: MadeArchive) -> None:
    (made.root / "lock").write_bytes(b"x")


@attack("lock", 17)
def the_lock_is_a_link(made: MadeArchive) -> None:
    (made.root / "lock").unlink()
    (made.root / "lock").symlink_to(made.root.parent / "elsewhere")


@attack("lock", 17)
def the_lock_is_a_folder(made: MadeArchive) -> None:
    (made.root / "lock").unlink()
    (made.root / "lock").mkdir()


# Texts


def kept_text(root: Path) -> Path:
    """The one kept text."""
    (path,) = (root / "texts").iterdir()
    return path


@attack("texts/", 17)
def a_text_is_altered(made: MadeArchive) -> None:
    flip(kept_text(made.root), 20)


@attack("texts/", 17)
def a_text_is_deleted(made: MadeArchive) -> None:
    kept_text(made.root).unlink()


@attack("texts/", 17)
def the_texts_folder_is_deleted(made: MadeArchive) -> None:
    shutil.rmtree(made.root / "texts")


@attack("texts/", 17)
def a_text_is_replaced_by_another(made: MadeArchive) -> None:
    other_text = write_text(made.root, "something else")
    source = text_path(made.root, other_text)
    path = next(p for p in (made.root / "texts").iterdir() if p != source)
    rewrite(path, source.read_bytes())
    source.unlink()


@attack("texts/", 17)
def a_text_is_a_link(made: MadeArchive) -> None:
    link_to_copy(kept_text(made.root), made.root.parent / "elsewhere")


@attack("texts/", 17)
def a_text_is_a_pipe(made: MadeArchive) -> None:
    pipe_at(kept_text(made.root))


@attack("texts/", 17)
def a_text_is_longer_than_anybody_reads(made: MadeArchive) -> None:
    path = kept_text(made.root)
    path.chmod(0o600)
    os.truncate(path, 1 << 42)


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_on_the_folder_is_refused(made: MadeArchive, name: str) -> None:
    found = ATTACKS[name]
    found.run(made)
    assert_refused(made, found.place, *found.steps)
